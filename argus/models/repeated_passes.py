"""Decoders whose test mode runs the backbone repeatedly: on windows of a picture, on its mirror."""

import copy
from typing import Any


def needs_images(decoder: Any) -> bool:
    """Whether a decoder's test mode runs the backbone several times: windows, or a mirror.

    Any other takes maps of the backbone in the place of images.
    """
    test_cfg = getattr(decoder, "test_cfg", None) or {}
    slides = test_cfg.get("mode", "whole") != "whole"
    return bool(slides or test_cfg.get("flip_test") or test_cfg.get("flip"))


def single_pass(decoder: Any) -> Any:
    """A decoder over the same modules whose test mode takes the maps of one pass.

    The decoder itself stays as it is: others may be using it.
    """
    if not needs_images(decoder):
        return decoder
    variant = copy.copy(decoder)
    variant.test_cfg = copy.copy(decoder.test_cfg)
    for key, value in dict(mode="whole", flip_test=False, flip=False).items():
        if key in variant.test_cfg:
            variant.test_cfg[key] = value
    return variant
