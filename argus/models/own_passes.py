"""Decoders whose test mode runs the backbone itself, on windows of a picture or on its mirror."""

from typing import Any


def needs_images(decoder: Any) -> bool:
    """Whether a decoder's test mode runs the backbone several times: windows, or a mirror.

    Any other takes maps of the backbone in the place of images.
    """
    test_cfg = getattr(decoder, "test_cfg", None) or {}
    slides = test_cfg.get("mode", "whole") != "whole"
    return bool(slides or test_cfg.get("flip_test") or test_cfg.get("flip"))
