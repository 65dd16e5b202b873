"""How many labels a decoder and a data set state, and their names, as far as their configs say.

Read here, compared in ``label_counts``.
"""

import os.path
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


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
