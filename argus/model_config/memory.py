"""A bound on the memory, and so on the time, that building a model may take.

A config of a few bytes can ask for a layer of terabytes, or for a billion layers. What a file's
tensors cannot fill is no model of it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

ROOM = 2**30
"""Bytes that a build may take beyond three times its tensors."""
_MORE_PARAMETERS = 2_000  # a frozen ViT, whose tensors may be in another file, has some hundreds


@contextmanager
def bounded_parameters(num_tensors: int, num_bytes: int, *, room: int = ROOM) -> Iterator[None]:
    """Within it, modules that this thread builds have few parameters more than the file tensors.

    Args:
        num_tensors: How many the file holds.
        num_bytes: And their bytes; three times as many, and ``room``, are let pass, for some parts
            are built and replaced.
        room: Further bytes.

    Raises:
        MemoryError: From the constructor that goes beyond.
    """
    thread = threading.get_ident()
    left = [4 * num_tensors + _MORE_PARAMETERS, 3 * num_bytes + room]

    def count(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        if parameter is None or threading.get_ident() != thread:
            return
        left[0] -= 1
        left[1] -= parameter.numel() * parameter.element_size()
        if min(left) < 0:
            raise MemoryError("more parameters than the tensors of the file account for")

    handle = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def bounded_memory(num_bytes: int, *, room: int = ROOM) -> Iterator[None]:
    """Within it, this process can allocate three times ``num_bytes`` and ``room`` more.

    What asks for more gets a ``MemoryError``, or torch's ``RuntimeError``. Linux alone counts so;
    elsewhere there is no bound.

    Args:
        num_bytes: Of the file's tensors.
        room: Further bytes.
    """
    try:
        import resource

        status = Path("/proc/self/status").read_text()
    except (ImportError, OSError):
        yield
        return
    used = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData"))
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = used * 1024 + 3 * num_bytes + room
    limits = [limit for limit in (soft, hard, wanted) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
