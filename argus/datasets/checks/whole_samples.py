"""Read the samples of a data set that says itself what is wrong with one: of shards, say."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from argus.datasets.census.entries import spread
from argus.datasets.checks.findings import Findings
from argus.datasets.checks.loaded_files import Progress


def says_faults(dataset: Any) -> bool:
    """Whether it does: it has ``sample_faults(index)``, which gives sentences."""
    return hasattr(dataset, "sample_faults")


def check_samples(
    dataset: Any, findings: Findings, *, sample: int | None, num_threads: int, progress: Progress
) -> None:
    """Read them, all or some.

    Args:
        dataset: With ``sample_faults``.
        findings: Where errors and counts go.
        sample: Samples to read, spread over the data; ``None`` for all.
        num_threads: Threads.
        progress: Wraps the iteration.
    """
    number = len(dataset)
    chosen = np.arange(number) if sample is None else np.sort(spread(number, sample))
    with ThreadPoolExecutor(num_threads) as pool:
        results = pool.map(dataset.sample_faults, map(int, chosen))
        for faults in progress(results, len(chosen), findings.where):
            findings.count("samples read")
            findings.errors += faults
