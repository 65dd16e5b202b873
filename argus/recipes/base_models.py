"""The decoders of ``configs/_base_/models``, cut to a backbone and to the classes of a task.

Each stands there once, at full size, with a remark on where its values are from. Here the channels
become those of the backbone, and what is inside becomes no wider than the backbone: a decoder for
768 channels would be most of a small model.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

import argus
from argus.errors import ConfigError
from argus.models.backbones import BackboneTraits

STRIDES = (4, 8, 16, 32)
_FULL = 768  # channels of the maps that the files are for
_WIDTHS = {
    *("channels", "out_channels", "feat_channels", "conv_out_channels", "fc_out_channels"),
    *("embed_dims", "embed_dim", "mask_dim", "feedforward_channels", "ffn_dim"),
}
_MULTIPLE = 8  # heads of attention
_MIN_PER_GROUP = 4  # channels


def base_model(file: str, *, traits: BackboneTraits, width: int) -> dict[str, Any]:
    """The decoder of a file for a backbone.

    Args:
        file: Its name, without suffix, which is that of the decoder.
        traits: Of the backbone.
        width: Inner width of the decoder at full size, which the others go with.

    Raises:
        ConfigError: The maps have other strides, or are not as wide as each other.
    """
    model = base_part(file, file, traits=traits, width=width)
    preprocessor = model["data_preprocessor"]
    preprocessor.update(mean=list(traits.mean), std=list(traits.std))
    for key in ("size_divisor", "pad_size_divisor"):
        if key in preprocessor:
            preprocessor[key] = traits.size_divisor
    return model


def base_part(file: str, name: str, *, traits: BackboneTraits, width: int) -> dict[str, Any]:
    """What a file calls ``name``; all else as for :func:`base_model`."""
    if traits.strides != STRIDES or len(set(traits.channels)) != 1:
        raise ConfigError(
            f"the decoders that have a name are for maps of stride {STRIDES}, all of one width; "
            f"the backbone's have {traits.strides} and {traits.channels}. Write one out: "
            "decoder=dict(type=..., backbone=dict(type=SharedBackbone), ...)."
        )
    channels = traits.channels[0]
    fitted: dict[str, Any] = _fitted(
        plain(_read(file)[name]), channels, min(1.0, channels / width), num_groups(channels)
    )
    return fitted


def plain(value: Any) -> Any:
    """A config in dicts and lists of Python's own, classes in the place of what imports them."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(item) for item in value)
    return value


def _read(file: str) -> Config:
    folder = Path(argus.__file__).parent / "configs"
    path = folder / "_base_" / "models" / f"{file}.py"
    return Config.fromfile(path, format_python_code=False)


def _fitted(value: Any, channels: int, share: float, groups: int) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_fitted(item, channels, share, groups) for item in value)
    if not isinstance(value, Mapping):
        return value
    result: dict[str, Any] = {}
    for key, item in value.items():
        if key == "in_channels":
            result[key] = _in_channels(item, channels, share)
        elif key in _WIDTHS and isinstance(item, int):
            result[key] = _scaled(item, share)
        elif key == "num_feats":  # of a position, half of them for each axis
            result[key] = _scaled(2 * item, share) // 2
        elif key in ("num_groups", "norm_groups") and isinstance(item, int) and share < 1:
            result[key] = groups
        else:
            result[key] = _fitted(item, channels, share, groups)
    return result


def _in_channels(value: Any, channels: int, share: float) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_in_channels(item, channels, share) for item in value)
    return channels if value == _FULL else _scaled(value, share)


def _scaled(width: int, share: float) -> int:
    if share == 1:
        return width
    return max(_MULTIPLE, round(width * share / _MULTIPLE) * _MULTIPLE)


def num_groups(channels: int) -> int:
    """Groups of a norm that divide the width of a narrow decoder, and half of it.

    Args:
        channels: Width of the decoder, or of a backbone that is no wider.
    """
    half = max(_scaled(channels, 0.5), _MULTIPLE)
    return next(n for n in range(32, 0, -1) if half % n == 0 and half // n >= _MIN_PER_GROUP)
