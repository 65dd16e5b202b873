"""Results of one image from constructed logits."""

import pytest
import torch
from mmdet.evaluation.functional import INSTANCE_OFFSET

from argus.models.decoders.mask_dino.postprocess import (
    Frame,
    instance_results,
    panoptic_result,
    resize_masks,
    semantic_result,
)

FRAME = Frame((32, 32), (32, 32), (32, 32), (32, 32))
# Two things (classes 0 and 1), one stuff (class 2); the fourth query sees nothing.
CLASS_LOGITS = torch.tensor([[4.0, -6, -6], [-6, 3, -6], [-6, -6, 5], [-6, -6, -6]])
BOXES = torch.tensor([[0.25, 0.25, 0.5, 0.5], [0.75, 0.25, 0.5, 0.5], [0.5, 0.5, 1, 1]])
BOXES = torch.cat([BOXES, torch.full((1, 4), 0.5)])


def quadrants() -> torch.Tensor:
    """Masks (4, 8, 8): upper left, upper right, lower half, nothing."""
    masks = torch.full((4, 8, 8), -10.0)
    masks[0, :4, :4] = masks[1, :4, 4:] = masks[2, 4:] = 10.0
    return masks


def panoptic(class_logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    return panoptic_result(
        class_logits,
        masks,
        FRAME,
        num_things_classes=2,
        score_threshold=0.25,
        overlap_threshold=0.8,
        temperature=0.06,
    ).sem_seg[0]


def test_results__agree_with_each_other() -> None:
    masks = quadrants()
    instances = instance_results(
        CLASS_LOGITS, BOXES, masks, FRAME, num_things_classes=2, max_per_image=2
    )
    semantic = semantic_result(CLASS_LOGITS, masks, FRAME, temperature=0.06).sem_seg[0]
    segments = panoptic(CLASS_LOGITS, masks)
    assert instances.labels.tolist() == [0, 1]
    torch.testing.assert_close(
        instances.scores, torch.tensor([4.0, 3.0]).sigmoid(), atol=2e-2, rtol=0
    )
    torch.testing.assert_close(instances.bboxes, torch.tensor([[0.0, 0, 16, 16], [16, 0, 32, 16]]))
    for mask, label in zip(instances.masks, (0, 1), strict=True):
        assert mask.float().mean().item() == pytest.approx(0.25, abs=0.02)
        assert (semantic[mask] == label).float().mean() > 0.95
        assert (segments[mask] % INSTANCE_OFFSET == label).float().mean() > 0.95
    assert (semantic[17:] == 2).all() and (segments[17:] == 2).all()
    assert segments[4, 4] == 0 + 1 * INSTANCE_OFFSET
    assert segments[4, 28] == 1 + 2 * INSTANCE_OFFSET


def test_panoptic__nothing_found_is_all_void() -> None:
    assert (panoptic(torch.full((4, 3), -6.0), quadrants()) == 3).all()


def test_panoptic__drops_hidden_segments_and_merges_stuff() -> None:
    logits, masks = CLASS_LOGITS.clone(), quadrants()
    logits[3, 0] = 2.0  # a weaker copy of the first instance
    masks[3] = masks[0] - 1
    # 3 is void: where masks meet, none reaches one half.
    ids = panoptic(logits, masks).unique().tolist()
    assert ids == [2, 3, 0 + INSTANCE_OFFSET, 1 + 2 * INSTANCE_OFFSET]
    logits[1] = logits[2]  # a second region of the same stuff class
    assert panoptic(logits, masks).unique().tolist() == [2, 3, INSTANCE_OFFSET]


def test_instances__mask_score_multiplies_the_class_score() -> None:
    masks = quadrants()
    masks[0] /= 10  # sigmoid(1) inside
    kwargs = dict(num_things_classes=2, max_per_image=1)
    scored = instance_results(CLASS_LOGITS, BOXES, masks, FRAME, **kwargs)
    boxed = instance_results(CLASS_LOGITS, BOXES, masks, FRAME, focus_on_box=True, **kwargs)
    logits = resize_masks(masks[:1], FRAME)[0]
    quality = logits[logits > 0].sigmoid().mean()
    torch.testing.assert_close(scored.scores, boxed.scores * quality)
    assert float(boxed.scores) == pytest.approx(float(torch.tensor(4.0).sigmoid()))


def test_instances__are_sorted_and_chunks_do_not_matter() -> None:
    g = torch.Generator().manual_seed(0)
    logits, boxes = torch.randn(30, 3, generator=g), torch.rand(30, 4, generator=g)
    masks = torch.randn(30, 8, 8, generator=g)
    results = instance_results(logits, boxes, masks, FRAME, num_things_classes=3, max_per_image=50)
    assert len(results) == 50
    assert (results.scores.diff() <= 0).all()
    large = resize_masks(masks, FRAME)
    probs = logits.sigmoid().flatten()
    expected = []
    for index in probs.topk(50).indices.tolist():
        m = large[index // 3]
        expected.append(float(probs[index] * m[m > 0].sigmoid().mean()))
    torch.testing.assert_close(results.scores, torch.tensor(sorted(expected, reverse=True)))


def test_resize__cuts_the_padding_off_before_rescaling() -> None:
    masks = torch.full((1, 8, 8), -5.0)
    masks[:, :4, :6] = 5.0  # exactly the image: 16 x 24 of 32 x 32
    result = resize_masks(masks, Frame((32, 32), (16, 24), (16, 24), (50, 60)))
    assert result.shape == (1, 50, 60)
    assert (result[:, :40, :50] > 0).all()
