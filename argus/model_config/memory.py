"""A bound on the memory that building a model may take.

A config of a few bytes can ask for a layer of terabytes, or for a billion layers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SLACK = 3 * 2**30
"""Bytes that a build may take beyond three times its tensors."""


@contextmanager
def bounded_memory(num_bytes: int) -> Iterator[None]:
    """Within it, this process can allocate three times ``num_bytes`` and :data:`SLACK` more.

    What asks for more gets a ``MemoryError``, or torch's ``RuntimeError``. Linux alone counts so;
    elsewhere there is no bound.
    """
    try:
        import resource

        status = Path("/proc/self/status").read_text()
    except (ImportError, OSError):
        yield
        return
    used = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData"))
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = used * 1024 + 3 * num_bytes + SLACK
    limits = [limit for limit in (soft, hard, wanted) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
