"""Compare the labels of a decoder with those of its data and metrics, as far as the configs say.

What only the files of the data say is compared when they have been read (``argus.names``).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from argus.errors import ConfigError, DataError
from argus.names.classes import ClassNames
from argus.names.wording import counted, listed
from argus.tasks.stated_labels import label_counts, scopes_of, stated_labels


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
