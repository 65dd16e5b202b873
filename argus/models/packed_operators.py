"""mmcv's operators get tensors whose numbers lie in the order of their axes.

The compiled ones take that for granted. They read the memory of a map that a ViT or a convolution
has left place by place (channels last) as if it lay channel by channel: pooled regions and
modulated deformable convolutions are wrong then, without an error, and others end in one.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

import mmcv.ops  # noqa: F401 - the modules that are looked through
import torch
from torch.autograd import Function


@functools.cache
def pack_operator_inputs() -> None:
    """Change the functions of ``mmcv.ops``, once per process; what they return stays the same.

    It is the functions and not the layers that are changed: some heads call them directly, and
    gradients are written into tensors that lie as the inputs do.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("mmcv.ops."):
            for kind in vars(module).values():
                if isinstance(kind, type) and issubclass(kind, Function) and kind is not Function:
                    _pack(kind)


def _pack(kind: type[Function]) -> None:
    forward = vars(kind)["forward"].__func__
    if not hasattr(forward, "__wrapped__"):  # another module may have imported it
        kind.forward = staticmethod(_packed(forward))  # type: ignore[method-assign]


def _packed(forward: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(forward)
    def call(ctx: Any, *inputs: Any, **named: Any) -> Any:
        return forward(
            ctx,
            *map(_in_order, inputs),
            **{name: _in_order(value) for name, value in named.items()},
        )

    return call


def _in_order(value: Any) -> Any:
    return value.contiguous() if isinstance(value, torch.Tensor) else value
