"""Do the parts of a decoder that read the backbone's maps expect what the backbone gives?

Without this check the first step says it, by the shapes of a convolution somewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from argus.errors import ConfigError


def check_in_channels(
    config: Mapping[str, Any], out_channels: Sequence[int], *, where: str
) -> None:
    """Compare ``in_channels`` and ``in_index`` of a decoder with the maps of the backbone.

    A neck reads the maps if there is one; else the heads do, or the ``network`` within a head. A
    part without ``in_channels`` is not looked at; one without ``in_index`` may choose its maps.

    Args:
        config: Config of the decoder.
        out_channels: Channels of the backbone's maps.
        where: Place of the config, for messages, e.g. ``tasks['depth'].decoder``.

    Raises:
        ConfigError: Naming the part, its channels and those of the maps.
    """
    num_maps = len(out_channels)
    for place, part in _readers(config, where):
        given, index = part["in_channels"], part.get("in_index")
        channels = [given] if isinstance(given, int) else list(given)
        if index is None:
            fits = set(channels) <= set(out_channels)
        else:
            index = [index] if isinstance(index, int) else list(index)
            fits = channels == [out_channels[i] for i in index if -num_maps <= i < num_maps]
        if not fits:
            chosen = "" if index is None else f" with in_index={part['in_index']}"
            widths = " or ".join(map(str, dict.fromkeys(out_channels)))
            raise ConfigError(
                f"{place}.in_channels={given}{chosen} does not fit: the backbone gives {num_maps} "
                f"maps (in_index 0 to {num_maps - 1}) of {widths} channels. Name the channels of "
                "each map that the part reads."
            )


def _readers(config: Mapping[str, Any], where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The parts that take maps of the backbone and say their channels."""
    necks = list(_parts(config.get("neck"), f"{where}.neck"))
    heads = [
        found
        for key, value in config.items()
        if key.endswith("head") or key == "network"
        for found in _parts(value, f"{where}.{key}")
    ]
    for place, part in necks[:1] or heads:
        if "in_channels" in part:
            yield place, part
        elif isinstance(part.get("network"), Mapping):
            yield from _readers({"network": part["network"]}, place)


def _parts(value: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A part, or the parts of a list."""
    if isinstance(value, Mapping):
        yield place, value
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _parts(item, f"{place}[{index}]")
