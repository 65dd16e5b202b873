"""Deformable convolutions: as mmcv's compiled ones, and as their definition in NumPy."""

from typing import Any

import numpy as np
import pytest
import torch
from mmcv.ops import deform_conv2d, modulated_deform_conv2d
from torch import Tensor

from tests.mmcv_ops.modules import compiled, ours, use

SETTINGS = {
    "plain": dict(stride=1, padding=1, dilation=1, groups=1, deform_groups=1),
    "strides": dict(stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2, deform_groups=4),
}


def tensors(settings: dict[str, Any], spread: float, dtype: torch.dtype) -> dict[str, Tensor]:
    """Inputs; ``spread`` is how far samples lie from their place, in cells."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    weight = draw(6, 4 // settings["groups"], 3, 3) / 6
    plain = torch.nn.functional.conv2d(
        *(torch.zeros(2, 4, 7, 8), weight, None),
        **{name: settings[name] for name in ("stride", "padding", "dilation", "groups")},
    )
    size = (settings["deform_groups"] * 9, *plain.shape[2:])
    # In eighths, which 16 bits hold: a rounded sum could lie on the other side of the border.
    offset = (spread * draw(2, 2 * size[0], *size[1:])).mul(8).round() / 8
    drawn = dict(input=draw(2, 4, 7, 8), offset=offset, mask=draw(2, *size).sigmoid())
    drawn |= dict(weight=weight, bias=draw(6))
    return {name: values.to(dtype).requires_grad_() for name, values in drawn.items()}


def results(
    inputs: dict[str, Tensor], settings: dict[str, Any], *, mask: bool, bias: bool
) -> tuple[Tensor, ...]:
    """The output, and the gradient of every input that is used."""
    names = ["input", "offset", *(["mask"] if mask else []), "weight"]
    used = [inputs[name] for name in names]
    if bias:
        used.append(inputs["bias"])
        out = modulated_deform_conv2d(*used, *settings.values())
    elif mask:
        out = modulated_deform_conv2d(*used, None, *settings.values())
    else:
        out = deform_conv2d(*used, *settings.values())
    grad = torch.randn(out.shape, generator=torch.Generator().manual_seed(1)).to(out.dtype)
    return out.detach(), *torch.autograd.grad(out, used, grad)


@pytest.mark.parametrize("mask, bias", [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("spread", [0.0, 1.0, 30.0], ids=["in place", "near", "beyond"])
@pytest.mark.parametrize("name", SETTINGS)
def test_convolution__is_the_compiled_one(
    name: str, spread: float, mask: bool, bias: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dtype, tolerance in ((torch.float32, 1e-5), (torch.float16, 3e-2)):
        found = []
        for module in (compiled(), ours()):
            use(module, monkeypatch)
            inputs = tensors(SETTINGS[name], spread, dtype)
            found.append(results(inputs, SETTINGS[name], mask=mask, bias=bias))
        torch.testing.assert_close(found[1], found[0], atol=tolerance, rtol=tolerance)


def sample(values: np.ndarray, y: float, x: float) -> float:
    """Between the four cells around; those beyond the border are zero."""
    top, left = int(np.floor(y)), int(np.floor(x))
    total = 0.0
    for row, column in np.ndindex(2, 2):
        i, j = top + row, left + column
        if 0 <= i < values.shape[0] and 0 <= j < values.shape[1]:
            total += (1 - abs(y - i)) * (1 - abs(x - j)) * float(values[i, j])
    return total


@pytest.mark.usefixtures("our_operators")
def test_convolution__is_its_definition() -> None:
    settings = SETTINGS["strides"]
    inputs = tensors(settings, 1.0, torch.float64)
    found, *_ = results(inputs, settings, mask=True, bias=True)
    arrays = {name: values.detach().numpy() for name, values in inputs.items()}
    offsets = arrays["offset"].reshape(2, 4, 9, 2, *found.shape[2:])
    masks = arrays["mask"].reshape(2, 4, 9, *found.shape[2:])
    for image, channel, i, j in np.ndindex(*found.shape):
        total = arrays["bias"][channel]
        group = channel // 3  # 6 channels of output and 4 of input in 2 groups
        for within, row, column in np.ndindex(2, 3, 3):
            source, tap = 2 * group + within, 3 * row + column  # each channel has its own offsets
            y, x = offsets[image, source, tap, :, i, j]
            y, x = y + 2 * i - 1 + row, x + j + 2 * column
            value = sample(arrays["input"][image, source], y, x) * masks[image, source, tap, i, j]
            total += value * arrays["weight"][channel, within, row, column]
        assert found[image, channel, i, j].item() == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.usefixtures("our_operators")
def test_gradients__are_those_of_differences(mask: bool) -> None:
    settings = dict(stride=1, padding=1, dilation=1, groups=1, deform_groups=1)
    generator = torch.Generator().manual_seed(0)
    shapes = [(1, 2, 3, 3), (1, 18, 3, 3), (1, 9, 3, 3), (1, 2, 3, 3), (1,)]
    drawn = [
        torch.rand(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in shapes
    ]
    if mask:
        torch.autograd.gradcheck(
            lambda *inputs: modulated_deform_conv2d(*inputs, *settings.values()), drawn
        )
    else:
        used = [drawn[0], drawn[1], drawn[3]]
        torch.autograd.gradcheck(lambda *inputs: deform_conv2d(*inputs, *settings.values()), used)
