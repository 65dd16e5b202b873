"""Decoders without test modes that run the backbone several times."""

import copy
from typing import Any

from argus.models.own_passes import needs_images


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
