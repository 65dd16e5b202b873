"""Assignment on the device against SciPy, by a stand-in for the package and by the package."""

import importlib.util
import sys
from types import ModuleType

import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from argus.errors import ConfigError
from argus.models.decoders.mask_dino import MaskDINOCriterion
from argus.models.decoders.mask_dino.assignment import assign_on_device, assign_on_host


def solved_one_by_one(costs: Tensor) -> Tensor:
    """For every row of (N, rows, columns) its column, or -1."""
    found = torch.full(costs.shape[:2], -1)
    for cost, row in zip(costs, found, strict=True):
        rows, columns = linear_sum_assignment(cost.numpy())
        row[torch.from_numpy(rows)] = torch.from_numpy(columns)
    return found


@pytest.fixture(params=["stand-in", "package"])
def solver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[torch.Size]:
    """Shapes of what the stand-in was given; the package keeps no list."""
    shapes: list[torch.Size] = []
    if request.param == "package":
        pytest.importorskip("torch_linear_assignment")
        return shapes
    module = ModuleType("torch_linear_assignment")

    def batch_linear_assignment(costs: Tensor) -> Tensor:
        shapes.append(costs.shape)
        return solved_one_by_one(costs)

    module.batch_linear_assignment = batch_linear_assignment  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch_linear_assignment", module)
    return shapes


@pytest.mark.parametrize(
    ("counts", "repeats"),
    [((3, 0, 7), (1, 1)), ((5,), (4, 1, 1)), ((1, 2), (3, 1)), ((9, 4), (1,)), ((0, 0), (1,))],
)
def test_assign_on_device__equals_scipy(
    counts: tuple[int, ...], repeats: tuple[int, ...], solver: list[torch.Size]
) -> None:
    g = torch.Generator().manual_seed(0)
    costs = torch.randn(len(counts), len(repeats), 9, max(*counts, 1), generator=g)
    expected = assign_on_host(costs, counts, repeats)
    found = assign_on_device(costs, counts, repeats)
    assert found.counts == expected.counts
    for name in ("stage", "image", "query", "target"):
        assert torch.equal(getattr(found, name), getattr(expected, name)), name
    assert all(rows & (rows - 1) == 0 or rows == 9 for _, rows, _ in solver)


def test_assign_on_device__more_instances_than_queries(solver: list[torch.Size]) -> None:
    costs = torch.randn(2, 1, 3, 5, generator=torch.Generator().manual_seed(0))
    found = assign_on_device(costs, (5, 2), (2,))
    assert found.counts == (3, 2) and not solver
    assert len(set(found.target[:3].tolist())) == 3


def test_assignment__says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="expected one of .*'host', 'device'.*, found 'gpu'"):
        MaskDINOCriterion(assignment="gpu")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="pip install torch-linear-assignment"):
        MaskDINOCriterion(assignment="device")
