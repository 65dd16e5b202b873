"""A softmax over one class is 1, whatever a decoder says: its loss is 0 from the first step."""

from collections.abc import Iterator, Mapping
from typing import Any

from argus.errors import ConfigError
from argus.tasks.stated_labels import scopes_of

# Libraries whose ``num_classes`` counts the background too, by the key of a head's loss.
_LOSSES = {"mmseg": "loss_decode", "mmpretrain": "loss"}


def check_single_class(where: str, decoder: Mapping[str, Any]) -> None:
    """Refuse a decoder that chooses among one class by a softmax.

    Args:
        where: Place of the task in the config, for the message.
        decoder: Its config.

    Raises:
        ConfigError: Naming the head, and what to name as a second class.
    """
    libraries = scopes_of(decoder["type"])
    key = next((_LOSSES[name] for name in libraries if name in _LOSSES), None)
    for path, head in _heads(decoder, f"{where}.decoder"):
        losses = head.get(key) if key else None
        losses = [losses] if isinstance(losses, Mapping) else losses
        if isinstance(losses, (list, tuple)) and losses and all(map(_is_softmax, losses)):
            raise ConfigError(
                f"{path}.num_classes is 1, and a softmax over one class has a loss of 0 from the "
                "first step. What it is not needs a class, too: a recipe takes "
                "classes=['background', ...]; otherwise num_classes=2 and "
                "metainfo=dict(classes=('background', ...)) of the data sets."
            )


def _heads(config: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(config, Mapping):
        if config.get("num_classes") == 1:
            yield path, config
        for key, value in config.items():
            yield from _heads(value, f"{path}.{key}")
    elif isinstance(config, (list, tuple)):
        for index, value in enumerate(config):
            yield from _heads(value, f"{path}[{index}]")


def _is_softmax(loss: Any) -> bool:
    if not isinstance(loss, Mapping):
        return False
    kind = loss.get("type")
    name = getattr(kind, "__name__", str(kind)).rsplit(".", 1)[-1]
    return name == "CrossEntropyLoss" and not loss.get("use_sigmoid")
