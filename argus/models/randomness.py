"""Seed every generator a model may draw from."""

import functools
import random

import numpy as np
import torch


def seed_all(seed: int) -> None:
    """Seed Python, NumPy and torch on all devices.

    Args:
        seed: In [0, 2**32).
    """
    random.seed(seed)
    np.random.seed(seed)
    if _has_accelerator():
        torch.manual_seed(seed)
    else:
        # For each kind of device that is not there, torch would note a stack and draw nothing.
        torch.default_generator.manual_seed(seed)


@functools.cache
def _has_accelerator() -> bool:
    return torch.accelerator.is_available()
