"""How many labels a decoder and its data have, and their names, as far as the configs say.

What only the files of the data say is compared when they have been read (``argus.names``).
"""

import os.path
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from argus.errors import ConfigError, DataError
from argus.names.classes import ClassNames
from argus.names.wording import counted, listed


def check_label_counts(
    where: str, decoder: Mapping[str, Any], datasets: Mapping[str, Mapping[str, Any]]
) -> None:
    """Compare the number of labels of each data set with that of the decoder.

    Args:
        where: Place of the task in the config, for messages.
        decoder: Its config.
        datasets: Configs of the data sets by part.

    Raises:
        ConfigError: Naming both numbers, and what to set to which.
    """
    heads = dict(label_counts(decoder, f"{where}.decoder"))
    scopes = scopes_of(decoder["type"])
    for part, dataset in datasets.items():
        labels = stated_labels(dataset, scopes)
        wrong = [] if labels is None else [p for p, n in heads.items() if n != labels.number]
        if labels is None or not wrong:
            continue
        path, *others = wrong
        key = path.rsplit(".", 1)[-1]
        also = f" The same in {', '.join(others)}." if others else ""
        names = f" ({listed(labels.names)})" if labels.names else ""
        message = (
            f"{path} is {heads[path]}, but the {part} data set has "
            f"{counted(labels.number, 'label')}"
        )
        if labels.is_stated:
            raise ConfigError(
                f"{message}{names}. Set {key}={labels.number}, as its metainfo says; or name the "
                f"{heads[path]} classes that its files have, in train, val and test alike.{also}"
            )
        raise ConfigError(
            f"{message}{names}, which are those of {labels.source}, since its metainfo names no "
            f"others. For your own classes, set metainfo=dict(classes=...) of train, val and test "
            f"to the names in their files; else set {key}={labels.number}.{also}"
        )


def check_metric_counts(
    where: str, decoder: Mapping[str, Any], metrics: Sequence[Mapping[str, Any]]
) -> None:
    """Compare the numbers of classes that metrics state with those of the decoder.

    Args:
        where: Place of the task in the config, for messages.
        decoder: Its config.
        metrics: Theirs.

    Raises:
        ConfigError: Naming both numbers.
    """
    heads = dict(label_counts(decoder, f"{where}.decoder"))
    for index, metric in enumerate(metrics):
        for path, number in label_counts(metric, f"{where}.metrics[{index}]"):
            if heads and number not in heads.values():
                head, expected = next(iter(heads.items()))
                raise ConfigError(
                    f"{path} is {number}, but {head} is {expected}: the metric would leave out "
                    "classes, or count some that there are not. Give both one number."
                )


def check_class_list(where: str, classes: Any, decoder: Mapping[str, Any]) -> None:
    """Refuse ``classes`` of a task that are no names, or not as many as the decoder has outputs.

    Raises:
        ConfigError: Naming what was expected and found.
    """
    is_list = isinstance(classes, (list, tuple)) and all(isinstance(n, str) for n in classes)
    if not is_list:
        raise ConfigError(f"{where}.classes: expected a list of names, found {classes!r:.200}.")
    for path, number in label_counts(decoder, f"{where}.decoder"):
        if classes and number != len(classes):
            raise ConfigError(
                f"{where}.classes has {counted(len(classes), 'name')} ({listed(classes)}), but "
                f"{path} is {number}: the decoder has one output for each. Remove classes to take "
                "those of the training data."
            )


def check_names(own: ClassNames, decoder: Mapping[str, Any], where: str) -> bool:
    """Compare the names that a data set has with the number of the decoder's outputs.

    Args:
        own: The names.
        decoder: Config of the decoder.
        where: Its place in the config, for the message.

    Returns:
        Whether the decoder has outputs for classes or keypoints at all.

    Raises:
        DataError: It has another number.
    """
    heads = dict(label_counts(decoder, where))
    for path, number in heads.items():
        if number != len(own.names):
            raise DataError(
                f"{path} is {number}, but {own.source} has {counted(len(own.names), 'label')}: "
                f"{listed(own.names)}. Set {path.rsplit('.', 1)[-1]}={len(own.names)}, or name the "
                "classes you mean in metainfo=dict(classes=...) of the data set."
            )
    return bool(heads)


class StatedLabels:
    """Labels of a data set as its config, or its class, states them.

    Attributes:
        number: How many.
        names: Of the classes by label; empty for keypoints.
        is_stated: Whether the config says so, not the class.
        source: The class that says so.
    """

    def __init__(
        self, number: int, names: Sequence[str] = (), *, is_stated: bool, source: str
    ) -> None:
        self.number = number
        self.names = tuple(names)
        self.is_stated = is_stated
        self.source = source


def label_counts(config: Any, path: str) -> Iterator[tuple[str, int]]:
    """(path, value) of every ``num_classes`` of a decoder config that counts the task's labels."""
    if isinstance(config, Mapping):
        things, stuff = config.get("num_things_classes"), config.get("num_stuff_classes")
        if isinstance(things, int) and isinstance(stuff, int):
            name = "num_things_classes" + " + num_stuff_classes" * bool(stuff)
            yield f"{path}.{name}", things + stuff
            return
        joints = config.get("out_channels")
        if isinstance(joints, int) and isinstance(config.get("decoder"), Mapping):
            yield f"{path}.out_channels", joints  # a keypoint head and its codec
        for key, value in config.items():
            if key == "num_classes" and isinstance(value, int):
                yield f"{path}.{key}", value
            # A loss or matching part may count classes in another way (with background).
            elif not key.startswith("loss"):
                yield from label_counts(value, f"{path}.{key}")
    elif isinstance(config, (list, tuple)):
        for index, value in enumerate(config):
            yield from label_counts(value, f"{path}[{index}]")


def scopes_of(kind: Any) -> list[str]:
    """Libraries of a decoder's ``type``: where the bare names of its task belong."""
    from mmengine.registry import MODELS

    if isinstance(kind, str):
        if "." in kind:
            return [kind.split(".")[0]]
        kind = first_registered(MODELS, kind)
    modules = (base.__module__ for base in getattr(kind, "__mro__", ()))
    return list(dict.fromkeys(module.split(".")[0] for module in modules))


def first_registered(registry: Any, kind: Any, scopes: Sequence[str] = ()) -> Any:
    """The class that a ``type`` names; ``None`` if it is not found, which building tells.

    Args:
        registry: Of mmengine.
        kind: The class, or a name, which may be one of Argus or of a library.
        scopes: The libraries.
    """
    if not isinstance(kind, str):
        return kind
    for name in (kind, f"argus.{kind}", *(f"{scope}.{kind}" for scope in scopes)):
        try:
            found = registry.get(name)
        except (ImportError, RuntimeError):  # mmengine's, for a name that leads nowhere
            continue
        if found is not None:
            return found
    return None


def stated_labels(config: Mapping[str, Any], scopes: Sequence[str]) -> StatedLabels | None:
    """Labels of a data set config, through wrappers; ``None`` if it does not say."""
    from mmengine.registry import DATASETS

    kind = first_registered(DATASETS, config.get("type"), scopes)
    source = getattr(kind, "__name__", str(config.get("type")))
    stated = dict(config.get("metainfo") or {})
    if "classes" not in stated and config.get("classes"):
        stated["classes"] = config["classes"]
    is_stated = bool({"classes", "keypoint_info", "from_file"} & set(stated))
    meta: Mapping[str, Any] = stated
    if not is_stated:
        if hasattr(kind, "classes_of"):  # they depend on the config
            names = kind.classes_of(config)
            found = StatedLabels(len(names), names, is_stated=False, source=source)
            return found if names else None
        meta = getattr(kind, "METAINFO", {})
    if "keypoint_info" in meta or "from_file" in meta:
        number = _keypoint_count(meta)
        return StatedLabels(number, is_stated=is_stated, source=source) if number else None
    classes = _listed_classes(meta.get("classes"))
    if classes is None:
        # The parts of a joined data set have one set of labels.
        for inner in (config.get("dataset"), *(config.get("datasets") or ())):
            if isinstance(inner, Mapping):
                return stated_labels(inner, scopes)
    if not isinstance(classes, (list, tuple)):
        return None
    return StatedLabels(len(classes), classes, is_stated=is_stated, source=source)


def _listed_classes(value: Any) -> Any:
    """The names that ``classes`` means, which may be a file with a name in each line."""
    if not isinstance(value, str):
        return value
    path = os.path.expanduser(value)
    if not os.path.isfile(path):
        return None  # the data set itself says so when it is built
    return [line.rstrip("\n\r") for line in Path(path).read_text(encoding="utf-8").splitlines()]


def _keypoint_count(meta: Mapping[str, Any]) -> int | None:
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    try:
        return int(parse_pose_metainfo(dict(meta))["num_keypoints"])
    except FileNotFoundError:
        return None  # the data set itself says so when it is built
