"""The assignment of least cost, of all images and stages at once: on the host or on the device.

Source: ``linear_sum_assignment`` of SciPy; ``batch_linear_assignment`` of torch-linear-assignment,
https://github.com/ivan-chai/torch-linear-assignment.

On the host the costs come over in one copy, which waits for the device, and the pairs go back in
another, which does not. On the device, problems of different sizes are filled up to one: a column
that costs nothing whatever its row leaves the others as they would be alone.
"""

import importlib
import importlib.util
from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from argus.errors import ConfigError

from .structures import Matches

ASSIGNMENTS = ("host", "device")
_PACKAGE = "torch_linear_assignment"


def check_assignment(name: str) -> None:
    """Refuse a name that is unknown, or whose package is missing.

    Raises:
        ConfigError: With what to do.
    """
    if name not in ASSIGNMENTS:
        raise ConfigError(
            f"MaskDINOCriterion.assignment: expected one of {ASSIGNMENTS}, found {name!r}."
        )
    if name == "device" and importlib.util.find_spec(_PACKAGE) is None:
        raise ConfigError(
            "MaskDINOCriterion.assignment='device' needs the package torch-linear-assignment, "
            "which is not installed: pip install torch-linear-assignment, or take 'host'."
        )


def assign_on_host(costs: Tensor, counts: Sequence[int], repeats: Sequence[int]) -> Matches:
    """Assign by SciPy; waits for the device once.

    Args:
        costs: (B, stages, Q, T).
        counts: Instances of each image.
        repeats: For each stage, how many predictions an instance takes (as far as there are enough
            of them).
    """
    table = costs.detach().cpu().numpy()
    pairs = [np.zeros((4, 0), dtype=np.int64)]
    sizes = [0] * len(counts)
    for image, stage, count, repeat in _problems(costs, counts, repeats):
        cost = np.tile(table[image, stage, :, :count], repeat)
        rows, columns = linear_sum_assignment(cost)
        place = np.full_like(rows, stage), np.full_like(rows, image)
        pairs.append(np.stack([*place, rows, columns % count]))
        sizes[image] += len(rows)
    index = torch.from_numpy(np.concatenate(pairs, 1)).to(costs.device, non_blocking=True)
    return Matches(index[0], index[1], index[2], index[3], tuple(sizes))


@torch.no_grad()
def assign_on_device(costs: Tensor, counts: Sequence[int], repeats: Sequence[int]) -> Matches:
    """Assign without copying costs to the host; the same pairs in the same order.

    An image with more instances than there are queries leaves some of them out, which filling up
    would change: such a batch is assigned on the host.

    Args:
        costs: (B, stages, Q, T).
        counts: Instances of each image.
        repeats: For each stage, how many predictions an instance takes (as far as there are enough
            of them).
    """
    num_queries = costs.shape[2]
    problems = _problems(costs, counts, repeats)
    if not problems or max(counts) > num_queries:
        return assign_on_host(costs, counts, repeats)
    solve = importlib.import_module(_PACKAGE).batch_linear_assignment
    columns = [torch.arange(count).repeat(repeat) for _, _, count, repeat in problems]
    # A kernel is compiled for each width, so there are few.
    width = min(num_queries, 1 << (max(map(len, columns)) - 1).bit_length())
    target = torch.stack([_filled(column, width, 0) for column in columns])  # (N, width)
    is_real = torch.arange(width) < torch.tensor([len(column) for column in columns])[:, None]
    place = torch.tensor([problem[:2] for problem in problems])  # (N, 2): image and stage
    chosen = is_real.flatten().nonzero()[:, 0]  # on the host
    device = costs.device
    target, is_real, place, chosen = (
        tensor.to(device, non_blocking=True) for tensor in (target, is_real, place, chosen)
    )
    table = costs[place[:, 0], place[:, 1]].transpose(1, 2)  # (N, T, Q)
    table = table.gather(1, target[..., None].expand(-1, -1, num_queries))
    table = table.masked_fill(~is_real[..., None], 0.0)
    query = solve(table.double())  # (N, width), in float64 as SciPy
    # By query, as SciPy gives them; what only filled up comes last.
    query, order = query.masked_fill(~is_real, num_queries).sort(1)
    image, stage = (column[:, None].expand(-1, width) for column in place.unbind(1))
    target = target.gather(1, order)
    stage, image, query, target = (
        field.flatten()[chosen] for field in (stage, image, query, target)
    )
    sizes = [0] * len(counts)
    for (which, *_), column in zip(problems, columns, strict=True):
        sizes[which] += len(column)
    return Matches(stage, image, query, target, tuple(sizes))


def _problems(
    costs: Tensor, counts: Sequence[int], repeats: Sequence[int]
) -> list[tuple[int, int, int, int]]:
    """Image, stage, instances and predictions per instance of each assignment, sorted by image."""
    num_queries = costs.shape[2]
    return [
        (image, stage, count, max(1, min(repeat, num_queries // count)))
        for image, count in enumerate(counts)
        for stage, repeat in enumerate(repeats if count else ())
    ]


def _filled(values: Tensor, size: int, filling: int) -> Tensor:
    return torch.cat([values, values.new_full((size - len(values),), filling)])
