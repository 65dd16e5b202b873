"""Random numbers of the data side: a function of the draw, not of the process that makes it.

A sample's augmentation depends on nothing but (seed, task, draw), so a resumed run, another number
of workers or another number of processes sees the same pictures.
"""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def stable_seed(*parts: int | str) -> int:
    """Hash the parts to a seed in [0, 2**32), the same in every process and Python version."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little")


@contextmanager
def isolated_rng(seed: int) -> Iterator[None]:
    """Seed ``random``, ``numpy.random`` and torch's CPU generator; put them back on exit.

    Without the restoration a loader with no worker processes would reset, at every sample, the
    random numbers the model draws in the same process.

    Args:
        seed: In [0, 2**32).
    """
    python_state = random.getstate()
    numpy_state = np.random.get_state()
    torch_state = torch.get_rng_state()
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        torch.set_rng_state(torch_state)
