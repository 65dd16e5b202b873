"""Do the parts of a decoder that read the backbone's maps expect what the backbone gives?

Without this check the first step says it, by the shapes of a convolution somewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from argus.errors import ConfigError
from argus.names.wording import counted


def check_in_channels(
    config: Mapping[str, Any], out_channels: Sequence[int], *, where: str
) -> None:
    """Compare ``in_channels`` and ``in_index`` of a decoder, and its maps, with the backbone's.

    A neck reads the maps if there is one; else the heads do, or the ``network`` within a head. A
    part that lists channels or strides reads all maps, as those of the libraries do; one with
    ``in_index`` chooses among them, and one with a single number of channels may.

    Args:
        config: Config of the decoder.
        out_channels: Channels of the maps that it sees: all of the backbone's, or those of
            ``levels`` of its ``SharedBackbone``.
        where: Place of the config, for messages, e.g. ``tasks['depth'].decoder``.

    Raises:
        ConfigError: Naming the part, its channels and those of the maps.
    """
    num_maps = len(out_channels)
    widths = " or ".join(map(str, dict.fromkeys(out_channels)))
    for place, part in _readers(config, where):
        for key, count in _counts(part):
            if count != num_maps:
                raise ConfigError(_other_count(place, part, key, count, num_maps, widths))
        if "in_channels" not in part:
            continue
        given, index = part["in_channels"], part.get("in_index")
        channels = [given] if isinstance(given, int) else list(given)
        if index is None:
            fits = set(channels) <= set(out_channels)
        else:
            index = [index] if isinstance(index, int) else list(index)
            fits = channels == [out_channels[i] for i in index if -num_maps <= i < num_maps]
        if not fits:
            chosen = "" if index is None else f" with in_index={part['in_index']}"
            raise ConfigError(
                f"{place}.in_channels={given}{chosen} does not fit: the decoder sees {num_maps} "
                f"maps (in_index 0 to {num_maps - 1}) of {widths} channels. Name the channels of "
                "each map that the part reads."
            )


def _counts(part: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """How many maps a part reads, by the keys that say it."""
    if part.get("in_index") is not None:
        return
    if isinstance(part.get("in_channels"), (list, tuple)):
        yield "in_channels", len(part["in_channels"])
        return
    # Dense heads of mmdet take one map per stride, and drop, or stumble over, further ones.
    for key in ("anchor_generator", "prior_generator"):
        strides = (part.get(key) or {}).get("strides")
        if isinstance(strides, (list, tuple)):
            yield f"{key}.strides", len(strides)
            return
    if isinstance(part.get("strides"), (list, tuple)):
        yield "strides", len(part["strides"])


def _other_count(
    place: str, part: Mapping[str, Any], key: str, count: int, num_maps: int, widths: str
) -> str:
    value = part
    for name in key.split("."):
        value = value[name]
    # The coarse ones, which models made for another backbone take.
    coarse = tuple(range(max(num_maps - count, 0), num_maps))
    remedy = (
        f"choose them with backbone=dict(type=SharedBackbone, levels={coarse}) and name their "
        "channels, or name all"
        if count < num_maps
        else "name one value for each of them"
    )
    return (
        f"{place}.{key}={value!r:.80} is for {counted(count, 'map')}, but the decoder sees "
        f"{num_maps}, of {widths} channels: {remedy}."
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
        if "in_channels" not in part and isinstance(part.get("network"), Mapping):
            yield from _readers({"network": part["network"]}, place)
        else:
            yield place, part


def _parts(value: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A part, or the parts of a list."""
    if isinstance(value, Mapping):
        yield place, value
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _parts(item, f"{place}[{index}]")
