"""Operators on tensors that do not lie in the order of their axes, and of several types.

The compiled operators read and write memory as if every tensor lay in the order of its axes; what
does so here stands for them where there are none.
"""

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from mmcv.ops import (
    batched_nms,
    deform_conv2d,
    modulated_deform_conv2d,
    nms,
    nms_match,
    roi_align,
    sigmoid_focal_loss,
    soft_nms,
    softmax_focal_loss,
)
from torch import Tensor

from argus.mmcv_ops.extension import OPERATORS
from argus.models.packed_operators import pack_operator_inputs
from tests.mmcv_ops.modules import compiled, ours, use


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


BOXES = torch.tensor([[0.0, 0, 8, 8], [1, 1, 9, 9], [20, 20, 30, 30], [21, 20, 30, 31]])
SCORES = torch.tensor([0.5, 0.75, 0.875, 0.25])
REGIONS = torch.tensor([[0.0, 3, 2, 18, 30], [1, 0, 0, 8, 8], [1, 11, 4, 12, 31]])
TARGETS = torch.tensor([0, 2, 1])
DIFFERENTIABLE: dict[str, tuple[Callable[..., Tensor], tuple[Tensor, ...]]] = {
    "regions": (
        lambda maps, regions: roi_align(maps, regions, (3, 2), 0.25, 0, "avg", True),
        (draw(2, 4, 8, 9), REGIONS),
    ),
    "deformable": (
        lambda *inputs: deform_conv2d(*inputs, 1, 1),
        (draw(2, 4, 7, 8), draw(2, 18, 7, 8), draw(6, 4, 3, 3)),
    ),
    "modulated": (
        lambda *inputs: modulated_deform_conv2d(*inputs, 1, 1, 1, 1, 1),
        (draw(2, 4, 7, 8), draw(2, 18, 7, 8), draw(2, 9, 7, 8), draw(6, 4, 3, 3), draw(6)),
    ),
    "sigmoid focal": (
        lambda logits: sigmoid_focal_loss(logits, TARGETS, 2.0, 0.25, None, "none"),
        (draw(3, 4),),
    ),
    "softmax focal": (
        lambda logits: softmax_focal_loss(logits, TARGETS, 2.0, 0.25, None, "sum")[None],
        (draw(3, 4),),
    ),
}
SUPPRESSIONS: dict[str, Callable[[Tensor, Tensor], Any]] = {
    "nms": lambda boxes, scores: nms(boxes, scores, 0.3),
    "soft": lambda boxes, scores: soft_nms(boxes, scores, 0.3),
    "match": lambda boxes, scores: nms_match(torch.cat([boxes, scores[:, None]], 1), 0.3),
    "by class": lambda boxes, scores: batched_nms(
        boxes, scores, torch.tensor([0, 0, 1, 1]), dict(type="nms", iou_threshold=0.3)
    ),
}


def strewn(values: Tensor) -> Tensor:
    """The same numbers: maps with the channels last, others with gaps and in reversed axes."""
    if values.dim() == 4:
        return values.to(memory_format=torch.channels_last)
    order = tuple(reversed(range(values.dim())))
    rows = values.permute(order).repeat_interleave(2, dim=-1)[..., ::2]
    return rows.permute(order)


def careless() -> ModuleType:
    """Operators that look at the memory alone."""

    def as_it_lies(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        strides = torch.empty(value.shape, device="meta").stride()
        return value.as_strided(value.shape, strides)

    def blind(operator: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *values, **named: operator(
            *map(as_it_lies, values), **{name: as_it_lies(value) for name, value in named.items()}
        )

    operators: Any = SimpleNamespace(**{name: blind(each) for name, each in OPERATORS.items()})
    return operators


def results(function: Callable[..., Tensor], inputs: tuple[Tensor, ...]) -> list[Tensor]:
    """The output, and the gradient of every input."""
    leaves = [value.detach().requires_grad_() for value in inputs]
    out = function(*leaves)
    grad = torch.linspace(-1, 1, out.numel()).reshape(out.shape)
    grads = torch.autograd.grad(out, leaves, strewn(grad), allow_unused=True)
    return [out.detach(), *(grad for grad in grads if grad is not None)]


@pytest.mark.parametrize("module", [ours, careless, compiled])
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_operator__does_not_depend_on_how_tensors_lie_in_memory(
    name: str, module: Callable[[], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    if module is compiled and name.endswith("focal"):
        pytest.skip("mmcv compiles focal losses for CUDA alone")
    pack_operator_inputs()
    function, inputs = DIFFERENTIABLE[name]
    use(ours(), monkeypatch)
    expected = results(function, inputs)
    moved = tuple(strewn(value) for value in inputs)
    assert not moved[0].is_contiguous() and torch.equal(moved[0], inputs[0])
    use(module(), monkeypatch)
    torch.testing.assert_close(results(function, moved), expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("module", [ours, careless, compiled])
@pytest.mark.parametrize("name", SUPPRESSIONS)
def test_suppression__does_not_depend_on_how_boxes_lie_in_memory(
    name: str, module: Callable[[], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    pack_operator_inputs()
    use(ours(), monkeypatch)
    expected = SUPPRESSIONS[name](BOXES, SCORES)
    use(module(), monkeypatch)
    torch.testing.assert_close(SUPPRESSIONS[name](strewn(BOXES), strewn(SCORES)), expected)


@pytest.mark.usefixtures("our_operators")
@pytest.mark.parametrize("name", ["regions", "deformable", "modulated"])
@pytest.mark.parametrize("narrow", [0, 1], ids=["maps", "offsets or regions"])
def test_operator__takes_one_input_in_16_bits(name: str, narrow: int) -> None:
    """As autocast gives them: what a convolution has made is narrow, the rest is not."""
    function, inputs = DIFFERENTIABLE[name]
    rounded = [value.bfloat16() if i == narrow else value for i, value in enumerate(inputs)]
    found = results(function, tuple(rounded))
    expected = results(function, tuple(value.float() for value in rounded))
    scale = [float(value.abs().max()) for value in expected]
    for ours_, exact, size in zip(found, expected, scale, strict=True):
        torch.testing.assert_close(ours_.float(), exact, atol=0.03 * size, rtol=0)
