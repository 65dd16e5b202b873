"""The label of pixels that do not count: one number for a decoder, its losses and its metrics.

Each of them has an option ``ignore_index`` of its own, and none looks at that of the others. Where
they differ, a class is measured that was never learned, or void is counted as a mistake.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from argus.errors import ConfigError
from argus.tasks.stated_labels import first_registered, scopes_of

_KEY = "ignore_index"
_DEFAULT = 255
_HEADS = ("decode_head", "auxiliary_head")


def ignored_label(decoder: Any) -> int:
    """The label of pixels that a decoder of mmseg does not learn, its ``ignore_index``; else 255.

    Args:
        decoder: Config of the decoder.
    """
    heads = [head for path, head in _heads(decoder, "") if path.startswith(f".{_HEADS[0]}")]
    found = heads[-1].get(_KEY) if heads else None
    return found if isinstance(found, int) else _DEFAULT


def check_ignored_labels(
    where: str, decoder: Mapping[str, Any], metrics: Sequence[Mapping[str, Any]]
) -> None:
    """Compare the label that a decoder of mmseg ignores with that of its losses and metrics.

    Args:
        where: Place of the task in the config, for messages.
        decoder: Its config.
        metrics: Theirs.

    Raises:
        ConfigError: Naming both, and what to set.
    """
    heads = list(_heads(decoder, f"{where}.decoder"))
    if not heads:
        return
    expected = ignored_label(decoder)
    scopes = scopes_of(decoder["type"])
    for path, head in heads:
        _compare(f"{path}.{_KEY}", head.get(_KEY, _DEFAULT), expected)
        losses = head.get("loss_decode")
        for loss in losses if isinstance(losses, (list, tuple)) else [losses]:
            _compare(f"{path}.loss_decode.{_KEY}", _ignored_by(loss, "MODELS", scopes), expected)
    for index, metric in enumerate(metrics):
        found = _ignored_by(metric, "METRICS", scopes)
        _compare(f"{where}.metrics[{index}].{_KEY}", found, expected)


def _compare(path: str, found: Any, expected: int) -> None:
    if isinstance(found, int) and found != expected:
        raise ConfigError(
            f"{path} is {found}, but the decode_head ignores {expected}: a class would be measured "
            f"or weighed that is not learned, or pixels without a label. Set {path}={expected}, or "
            f"{_KEY}={found} of decode_head."
        )


def _heads(decoder: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The heads of a decoder of mmseg and their places; those of a cascade are in lists."""
    for key in _HEADS:
        value = decoder.get(key) if isinstance(decoder, Mapping) else None
        if isinstance(value, Mapping):
            yield f"{path}.{key}", value
        for index, item in enumerate(value if isinstance(value, (list, tuple)) else ()):
            if isinstance(item, Mapping):
                yield f"{path}.{key}[{index}]", item


def _ignored_by(config: Any, registry: str, scopes: Sequence[str]) -> Any:
    """What a part ignores as its config says, or else its class; ``None`` if it has no such."""
    if not isinstance(config, Mapping) or _KEY in config:
        return None if not isinstance(config, Mapping) else config[_KEY]
    import mmengine.registry

    kind = first_registered(getattr(mmengine.registry, registry), config.get("type"), scopes)
    for base in getattr(kind, "__mro__", ()):
        parameter = inspect.signature(base.__init__).parameters.get(_KEY)
        if parameter is not None:
            return parameter.default
    return None
