"""Seed every generator a model may draw from."""

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
    torch.manual_seed(seed)
