"""Where a step of stage 1 makes the host wait for the device, task by task.

On a GPU PyTorch itself reports them (``torch.cuda.set_sync_debug_mode``). Elsewhere they are found
by the calls that would wait for one: every tensor counts as the device's but those that were made
without a device, such as the batch of a loader, and what is computed from such tensors alone. That
finds what Python asks for, not what a kernel does inside.
"""

import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from argus.engine.guard.step_guard import read_step
from tools.benchmarks.report import Case, Result, Settings
from tools.benchmarks.stage1_step import Trainer

_TORCH = Path(torch.__file__).parent
# Their result, or its shape, is known to the device alone.
_READS = frozenset(
    ("item", "tolist", "cpu", "numpy", "__array__", "__bool__", "__int__", "__float__", "__index__")
    + ("nonzero", "argwhere", "masked_select", "unique", "unique_consecutive", "bincount")
    + ("equal", "allclose", "is_nonzero")
)
# Runs without a GPU alone, or on tensors that no mode sees being made on the host.
_OFF_THE_DEVICE = ("argus/layers/ms_deform_attn_bag.py", "mmengine/model/utils.py")
_FACTORIES = frozenset(
    ("tensor", "as_tensor", "arange", "zeros", "ones", "full", "empty", "linspace", "rand")
    + ("randn", "randint", "randperm")
)


def cases(settings: Settings) -> Iterator[Case]:
    """Each task alone, then what ends a step."""
    trainer = Trainer(settings)
    for task in trainer.batches:
        yield Case(f"{task} alone", partial(_run, settings, partial(_task, trainer, task)))
    yield Case("norm, look and update", partial(_run, settings, partial(_end, trainer)))


def _run(settings: Settings, prepare: Callable[[], Callable[[], Any]]) -> Result:
    work = prepare()
    work()  # what waits once alone is not of interest
    found = count_waits(prepare(), settings.device)
    for place, count in found.most_common():
        print(f"    {count} x {place}", file=sys.stderr)
    ours = sum(count for place, count in found.items() if place.startswith(("argus/", "tools/")))
    return Result({"ours": ours, "libraries": found.total() - ours})


def _task(trainer: Trainer, task: str) -> Callable[[], Any]:
    mark_as_host(trainer.batches[task])
    return partial(trainer.backward, "joint", [task])


def _end(trainer: Trainer) -> Callable[[], Any]:
    result = trainer.backward("joint", list(trainer.batches))
    states = trainer.optimizer.optimizer.state.values()
    mark_as_host([state["step"] for state in states if state["step"].device.type == "cpu"])

    def work() -> None:
        read_step(result, trainer.optimizer.clip(), is_asked_to_stop=False)
        trainer.optimizer.step()
        trainer.optimizer.zero_grad()

    return work


def count_waits(work: Callable[[], Any], device: torch.device) -> Counter[str]:
    """How often ``work`` waits for the device, by ``<path>:<line>`` of the Python that does."""
    if device.type == "cuda":
        return _reported(work)
    calls = HostCalls()
    with calls, calls.numpy_is_on_the_host():
        work()
    return calls.waits


def _reported(work: Callable[[], Any]) -> Counter[str]:
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            work()
    finally:
        torch.cuda.set_sync_debug_mode(before)
    return Counter(
        f"{_short(warning.filename)}:{warning.lineno}"
        for warning in caught
        if "synchronizing" in str(warning.message)
    )


class HostCalls(TorchFunctionMode):
    """Notes the calls that would wait for a GPU.

    Attributes:
        waits: How many, by ``<path>:<line>``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits: Counter[str] = Counter()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make the call, and note it."""
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        is_host = bool(given) and all(_is_host(tensor) for tensor in given)
        if func is Tensor.backward:  # autograd calls no function mode
            with _BackwardCalls(self):
                return func(*args, **kwargs)
        result = func(*args, **kwargs)
        goes_to_device = name == "to" and any(
            isinstance(value, (torch.device, str)) for value in (*args, *kwargs.values())
        )
        if goes_to_device and is_host:
            if not kwargs.get("non_blocking"):
                self.note()
            return result.clone()  # on the CPU it is the same tensor, which stays on the host
        if _waits(name, args, kwargs) and not is_host:
            self.note()
            if name == "cpu":
                result = result.clone()
                is_host = True
        made_on_host = name in _FACTORIES and kwargs.get("device") is None and not given
        if is_host or made_on_host:
            mark_as_host(result)
        return result

    def numpy_is_on_the_host(self) -> AbstractContextManager[Any]:
        """``torch.from_numpy``, which no mode sees, makes tensors of the host."""
        original = torch.from_numpy

        def from_numpy(array: Any) -> Tensor:
            tensor = original(array)
            mark_as_host(tensor)
            return tensor

        return patch.object(torch, "from_numpy", from_numpy)

    def note(self) -> None:
        """Count the line of Python that is running."""
        frame = sys._getframe(2)
        while frame.f_back is not None and _TORCH in Path(frame.f_code.co_filename).parents:
            frame = frame.f_back
        path = _short(frame.f_code.co_filename)
        if path not in _OFF_THE_DEVICE and frame.f_code.co_name != "_check_labels_on_host":
            self.waits[f"{path}:{frame.f_lineno}"] += 1


class _BackwardCalls(TorchDispatchMode):
    """Notes, of a backward pass, the operators that give the host a number or a shape."""

    _WAITING = (
        torch.ops.aten._local_scalar_dense.default,
        torch.ops.aten.nonzero.default,
        torch.ops.aten.masked_select.default,
    )

    def __init__(self, calls: HostCalls) -> None:
        super().__init__()
        self._calls = calls

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make the call, and note it."""
        if func in self._WAITING:
            self._calls.note()
        return func(*args, **(kwargs or {}))


def mark_as_host(data: Any) -> None:
    """Let the tensors in ``data`` count as those of the host."""
    if isinstance(data, BaseDataElement):
        data = dict(data.items())
    if isinstance(data, Tensor):
        data._is_host = True  # type: ignore[attr-defined]
    elif isinstance(data, Mapping):
        mark_as_host(list(data.values()))
    elif isinstance(data, (list, tuple)):
        for value in data:
            mark_as_host(value)


def _is_host(tensor: Tensor) -> bool:
    return getattr(tensor, "_is_host", False)


def _waits(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a call on tensors of the device waits for it."""
    if name in _READS:
        return True
    if name in ("tensor", "as_tensor"):  # a blocking copy
        return kwargs.get("device") is not None
    if name == "new_tensor":
        return True
    if name == "where":
        return len(args) == 1
    if name == "repeat_interleave":
        return len(args) > 1 and isinstance(args[1], Tensor) and "output_size" not in kwargs
    if name in ("__getitem__", "__setitem__"):
        index = args[1] if isinstance(args[1], tuple) else (args[1],)
        return any(isinstance(part, Tensor) and part.dtype == torch.bool for part in index)
    if name == "to":  # a device that is no text is the model's own, here the CPU
        return "cpu" in [value for value in (*args[1:], *kwargs.values()) if isinstance(value, str)]
    return False


def _short(path: str) -> str:
    """A path from its package on."""
    parts = Path(path).parts
    if "site-packages" in parts:
        return "/".join(parts[parts.index("site-packages") + 1 :])
    root = Path(__file__).resolve().parents[2]
    return str(Path(path).relative_to(root)) if root in Path(path).parents else path
