"""Suppression: as mmcv's compiled one, box for box, and as its definition in NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from mmcv.ops import batched_nms, nms, nms_match, soft_nms
from torch import Tensor

from argus.mmcv_ops.extension import OPERATORS
from tests.mmcv_ops.modules import compiled, ours, use


def random_boxes(seed: int, count: int = 60) -> tuple[Tensor, Tensor]:
    """Crowded boxes on whole pixels, so that many overlaps and scores are equal to others."""
    generator = torch.Generator().manual_seed(seed)
    corner = torch.randint(0, 12, (count, 2), generator=generator).float()
    size = torch.randint(0, 9, (count, 2), generator=generator).float()  # some without area
    scores = torch.randint(0, 20, (count,), generator=generator) / 20
    return torch.cat([corner, corner + size], 1), scores


ONES = torch.ones(3)
CASES = {
    "random": random_boxes(0),
    "another": random_boxes(1),
    "none": (torch.zeros(0, 4), torch.zeros(0)),
    "one": random_boxes(2, 1),
    "without area": (torch.ones(5, 4), torch.rand(5, generator=torch.Generator().manual_seed(0))),
    "all equal": (torch.tensor([[0.0, 0, 4, 4]]).repeat(6, 1), torch.full((6,), 0.5)),
    "beyond": (
        torch.tensor([[-9.0, -9, -1, -1], [-8, -9, -1, -1], [1e4, 0, 2e4, 9]]),
        torch.ones(3),
    ),
}
WAYS: dict[str, Callable[[Tensor, Tensor], Any]] = {
    "nms": lambda boxes, scores: nms(boxes, scores, 0.3),
    "nms with offset": lambda boxes, scores: nms(boxes, scores, 0.5, offset=1),
    "some": lambda boxes, scores: nms(boxes, scores, 0.6, score_threshold=0.2, max_num=7),
    "naive": lambda boxes, scores: soft_nms(boxes, scores, 0.3, method="naive"),
    "linear": lambda boxes, scores: soft_nms(boxes, scores, 0.3, min_score=0.1),
    "linear with offset": lambda boxes, scores: soft_nms(boxes, scores, 0.3, offset=1),
    "by class": lambda boxes, scores: batched_nms(
        boxes, scores, torch.arange(len(boxes)) % 3, dict(type="nms", iou_threshold=0.4)
    ),
    "soft by class": lambda boxes, scores: batched_nms(
        boxes, scores, torch.arange(len(boxes)) % 3, dict(type="soft_nms", iou_threshold=0.4)
    ),
    "in parts": lambda boxes, scores: batched_nms(
        boxes, scores, torch.arange(len(boxes)) % 3, dict(iou_threshold=0.4, split_thr=10)
    ),
    "match": lambda boxes, scores: nms_match(torch.cat([boxes, scores[:, None]], 1), 0.3),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES)
def test_suppression__is_the_compiled_one(
    case: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes, scores = CASES[case]
    if not len(boxes) and ("class" in way or "parts" in way):
        pytest.skip("mmcv's batched_nms takes the maximum of the boxes")
    found = []
    for module in (compiled(), ours()):
        use(module, monkeypatch)
        found.append(WAYS[way](boxes.clone(), scores.clone()))
    torch.testing.assert_close(found[1], found[0], atol=0, rtol=0)


def test_gaussian__is_the_compiled_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the last bit of an exponential, and boxes without area, which it makes NaN."""
    boxes, scores = random_boxes(3)
    boxes[:, 2:] += 1
    found = []
    for module in (compiled(), ours()):
        use(module, monkeypatch)
        found.append(soft_nms(boxes.clone(), scores.clone(), method="gaussian", sigma=0.5))
    torch.testing.assert_close(found[1], found[0], atol=1e-6, rtol=1e-6)
    use(ours(), monkeypatch)
    kept, _ = soft_nms(torch.ones(3, 4), torch.tensor([0.5, 0.9, 0.7]), method="gaussian")
    assert kept[:, 4].tolist() == pytest.approx([0.9, 0.7, 0.5])


def iou(a: np.ndarray, b: np.ndarray, offset: int) -> float:
    """From the pixels that are common, one by one: coordinates are whole numbers."""
    cells = [
        {(x, y) for x in range(x1, x2 + offset) for y in range(y1, y2 + offset)}
        for x1, y1, x2, y2 in (a.astype(int), b.astype(int))
    ]
    either = cells[0] | cells[1]
    return len(cells[0] & cells[1]) / len(either) if either else 0.0


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("seed", range(3))
def test_nms__is_its_definition(seed: int, offset: int) -> None:
    boxes, scores = random_boxes(10 + seed, 40)
    scores += torch.linspace(0, 0.01, 40)  # no two are equal
    left, kept = sorted(range(40), key=lambda index: -scores[index].item()), []
    while left:
        kept.append(left.pop(0))
        left = [i for i in left if iou(boxes[i].numpy(), boxes[kept[-1]].numpy(), offset) <= 0.4]
    assert OPERATORS["nms"](boxes, scores, 0.4, offset).tolist() == kept


@pytest.mark.parametrize("method", [0, 1, 2])
def test_softnms__is_its_definition(method: int) -> None:
    boxes, scores = random_boxes(20, 30)
    scores += torch.linspace(0, 0.01, 30)  # no two are equal
    values, expected = dict(enumerate(scores.tolist())), []
    while values:
        best = max(values, key=values.__getitem__)
        expected.append((best, values.pop(best)))
        for index in list(values):
            overlap = iou(boxes[best].numpy(), boxes[index].numpy(), 0)
            factor = (float(overlap < 0.3), 1 - overlap * (overlap >= 0.3), np.exp(-2 * overlap**2))
            values[index] *= factor[method]
            if values[index] < 0.1:
                del values[index]
    dets = torch.empty(30, 5)
    kept = OPERATORS["softnms"](boxes, scores, dets, 0.3, 0.5, 0.1, method, 0)
    assert kept.tolist() == [index for index, _ in expected]
    assert dets[: len(kept), 4].tolist() == pytest.approx([score for _, score in expected])
    assert torch.equal(dets[: len(kept), :4], boxes[kept])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_nms__takes_16_bits(dtype: torch.dtype) -> None:
    boxes, scores = (values.to(dtype) for values in random_boxes(4))
    found = OPERATORS["nms"](boxes, scores, 0.4, 0)
    assert torch.equal(found, OPERATORS["nms"](boxes.float(), scores.float(), 0.4, 0))
