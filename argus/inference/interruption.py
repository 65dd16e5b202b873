"""Ending a prediction in its midst, when nobody waits for its answer any more.

No thread can be stopped from outside, so the network is asked to stop: before each of its layers.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

_state = threading.local()


class Interrupted(BaseException):
    """Carries the reason past whatever takes errors for the model's own.

    Args:
        reason: What is to be raised where the prediction was asked for.
    """

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


def make_interruptible(model: nn.Module) -> None:
    """Let :func:`interrupted_by` end a pass through a model; once for each model.

    Args:
        model: Its compiled parts, which have no layers any more, run to their end.
    """
    if getattr(model, "_compiled_call_impl", None) is not None:
        return
    model.register_forward_pre_hook(_check)
    for child in model.children():
        make_interruptible(child)


@contextmanager
def interrupted_by(check: Callable[[], None]) -> Iterator[None]:
    """Within it, call something before each layer that this thread runs.

    Args:
        check: Raises :class:`Interrupted` to end the pass.
    """
    before = getattr(_state, "check", None)
    _state.check = check
    try:
        yield
    finally:
        _state.check = before


def _check(*_: Any) -> None:
    check = getattr(_state, "check", None)
    if check is not None:
        check()
