"""Query selection, mask-enhanced boxes and the geometry of padded batches."""

import numpy as np
import pytest
import torch

from argus.models.decoders.mask_dino.query_selection import (
    box_proposals,
    boxes_from_masks,
    select_tokens,
)
from argus.models.decoders.mask_dino.structures import valid_ratios


def test_boxes_from_masks__equal_numpy() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 5, 9, 7, generator=generator) - 1.5
    logits[1, 2] = -1.0  # an empty mask keeps the fallback
    fallback = torch.rand(2, 5, 4, generator=generator)
    ratios = torch.tensor([[1.0, 1.0], [1.0, 1.0]])
    expected = fallback.numpy().copy()
    for b in range(2):
        for q in range(5):
            rows, columns = np.nonzero(logits[b, q].numpy() > 0)
            if len(rows):
                x0, x1 = columns.min() / 7, (columns.max() + 1) / 7
                y0, y1 = rows.min() / 9, (rows.max() + 1) / 9
                expected[b, q] = [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]
    boxes = boxes_from_masks(logits, fallback, ratios)
    np.testing.assert_allclose(boxes.numpy(), expected, atol=1e-6)
    np.testing.assert_array_equal(boxes[1, 2].numpy(), fallback[1, 2].numpy())


def test_boxes_from_masks__are_relative_to_the_image() -> None:
    # The image is the left half and the upper three quarters; the mask fills it.
    logits = torch.full((1, 1, 8, 8), -1.0)
    logits[..., :6, :4] = 1.0
    ratios = valid_ratios([(48, 32)], (64, 64), torch.device("cpu"))
    boxes = boxes_from_masks(logits, torch.zeros(1, 1, 4), ratios)
    assert boxes[0, 0].tolist() == pytest.approx([0.5, 0.5, 1.0, 1.0])


def test_select_tokens__takes_the_best_that_may_propose() -> None:
    logits = torch.tensor([[[0.1, 3.0], [5.0, 0.0], [9.0, 9.0], [-1.0, 0.5]]])
    may_propose = torch.tensor([[True, True, False, True]])
    assert select_tokens(logits, may_propose, 2).tolist() == [[1, 0]]
    # With fewer tokens than queries, all become queries, the unfit last.
    assert select_tokens(logits, may_propose, 9).tolist() == [[1, 0, 3, 2]]


def test_box_proposals__are_squares_that_double_per_level() -> None:
    points = torch.tensor([[[0.25, 0.75], [0.004, 0.5], [0.5, 0.5], [1.2, 0.5]]])
    logits, may_propose = box_proposals(points, [(1, 2), (2, 1)], 0.05)
    assert may_propose.tolist() == [[True, False, True, False]]
    boxes = logits.sigmoid()[0]
    torch.testing.assert_close(boxes[0], torch.tensor([0.25, 0.75, 0.05, 0.05]))
    torch.testing.assert_close(boxes[2], torch.tensor([0.5, 0.5, 0.1, 0.1]))
