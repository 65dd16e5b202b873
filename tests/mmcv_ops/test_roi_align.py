"""Pooling of regions: as mmcv's compiled one, and as its definition in NumPy."""

import math

import numpy as np
import pytest
import torch
from mmcv.ops import roi_align
from torch import Tensor

from argus.errors import ConfigError
from tests.mmcv_ops.modules import compiled, ours, use

REGIONS = {
    "random": [[0, 3.3, 2.1, 17.9, 30.2], [1, 0, 0, 8, 8], [1, 11.5, 4, 12, 31]],
    "none": [],
    "without area": [[0, 4, 4, 4, 4], [1, 0, 0, 0, 9]],
    "beyond": [[0, -20, -20, -9, -9], [1, -5, 10, 60, 70], [0, 31, 31, 90, 90]],
}


def pooled(
    kind: str, dtype: torch.dtype, sampling_ratio: int, aligned: bool
) -> tuple[Tensor, Tensor]:
    """What is pooled, and the gradient of the map."""
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 3, 8, 9, generator=generator).to(dtype).requires_grad_()
    rois = torch.tensor(REGIONS[kind]).reshape(-1, 5).to(dtype)
    found = roi_align(maps, rois, (3, 2), 0.25, sampling_ratio, "avg", aligned)
    found.backward(torch.randn(found.shape, generator=generator).to(dtype))
    assert maps.grad is not None
    return found.detach(), maps.grad


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("sampling_ratio", [0, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=["float", "half"])
@pytest.mark.parametrize("kind", REGIONS)
def test_pooling__is_the_compiled_one(
    kind: str,
    dtype: torch.dtype,
    sampling_ratio: int,
    aligned: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []
    for module in (compiled(), ours()):
        use(module, monkeypatch)
        found.append(pooled(kind, dtype, sampling_ratio, aligned))
    # The compiled one adds in 16 bits; in 32 there is no difference.
    tolerance = 0.0 if dtype == torch.float32 else 0.02
    torch.testing.assert_close(found[1], found[0], atol=tolerance, rtol=tolerance)


def sample(values: np.ndarray, y: float, x: float) -> float:
    """Between the four cells around; a cell beyond the border counts as the border's own."""
    height, width = values.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0
    y, x = min(max(y, 0.0), height - 1), min(max(x, 0.0), width - 1)
    top, left = min(int(y), height - 2), min(int(x), width - 2)
    rows, columns = (top + 1 - y, y - top), (left + 1 - x, x - left)
    return sum(
        rows[i] * columns[j] * float(values[top + i, left + j]) for i in (0, 1) for j in (0, 1)
    )


@pytest.mark.parametrize("kind", REGIONS)
@pytest.mark.usefixtures("our_operators")
def test_pooling__is_its_definition(kind: str) -> None:
    found, _ = pooled(kind, torch.float64, 0, True)
    maps = torch.randn(2, 3, 8, 9, generator=torch.Generator().manual_seed(0)).numpy()
    expected = np.zeros(found.shape)
    for index, (image, *box) in enumerate(REGIONS[kind]):
        left, top, right, bottom = (side * 0.25 - 0.5 for side in box)
        high, wide = (bottom - top) / 3, (right - left) / 2  # of a bin
        rows, columns = math.ceil(high), math.ceil(wide)
        for channel, i, j in np.ndindex(3, 3, 2):
            expected[index, channel, i, j] = sum(
                sample(
                    maps[int(image), channel],
                    top + (i + (row + 0.5) / rows) * high,
                    left + (j + (column + 0.5) / columns) * wide,
                )
                for row in range(rows)
                for column in range(columns)
            ) / max(rows * columns, 1)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)


@pytest.mark.usefixtures("our_operators")
def test_gradient__is_that_of_differences() -> None:
    maps = torch.randn(1, 1, 5, 6, dtype=torch.float64, requires_grad=True)
    rois = torch.tensor([[0, 1.0, 2, 13, 19], [0, -4, 0, 30, 9]], dtype=torch.float64)
    # The operator's ways forward and back are two.
    torch.autograd.gradcheck(lambda x: roi_align(x, rois, 2, 0.25, 2, "avg", True), maps)


@pytest.mark.usefixtures("our_operators")
def test_pooling__refuses_what_it_cannot() -> None:
    maps = torch.zeros(1, 1, 4, 4)
    with pytest.raises(ConfigError, match=r"x2 >= x1 and y2 >= y1, found \[0.0, 3.0, 0.0, 1.0"):
        roi_align(maps, torch.tensor([[0, 0, 0, 1.0, 1], [0, 3, 0, 1, 2]]), 2, 1.0, 2, "avg", True)
    with pytest.raises(ConfigError, match=r"set pool_mode='avg', or `make install OPS=compiled`"):
        roi_align(maps, torch.zeros(1, 5), 2, 1.0, 2, "max", True)
