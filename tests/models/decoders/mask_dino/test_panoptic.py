"""Panoptic and semantic results on real COCO panoptic labels, from logits that say the labels."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.evaluation.functional import INSTANCE_OFFSET
from PIL import Image
from torch import Tensor

from argus.models.decoders.mask_dino.postprocess import Frame, panoptic_result, semantic_result

LABELS = Path(__file__).parents[4] / "../shared/data/coco_panoptic/annotations"
NUM_THINGS = 80
NUM_CLASSES = 133
SCALE = 4  # one of 4 rows and columns is kept: fast, and large segments stay
needs_samples = pytest.mark.skipif(not LABELS.is_dir(), reason="no sample data beside the project")


def truth(number: int) -> tuple[Tensor, list[int], Tensor]:
    """Masks (n, H, W) of the segments of a picture, their classes, and the unlabelled pixels."""
    content = json.loads((LABELS / "panoptic_val2017.json").read_text())
    classes = {item["id"]: index for index, item in enumerate(content["categories"])}
    assert [item["isthing"] for item in content["categories"]] == [1] * 80 + [0] * 53
    record = content["annotations"][number]
    with Image.open(LABELS / "panoptic_val2017" / record["file_name"]) as image:
        colours = np.asarray(image, dtype=np.int64)[::SCALE, ::SCALE]
    ids = torch.from_numpy(colours @ [1, 256, 256**2])
    segments = [item for item in record["segments_info"] if not item["iscrowd"]]
    pairs = [(ids == item["id"], classes[item["category_id"]]) for item in segments]
    pairs = [pair for pair in pairs if pair[0].any()]
    masks = torch.stack([mask for mask, _ in pairs])
    return masks, [label for _, label in pairs], ~masks.any(0)


def logits(masks: Tensor, labels: list[int]) -> tuple[Tensor, Tensor]:
    """Logits of queries that are sure of one segment each, and of 20 that see nothing."""
    class_logits = torch.full((len(masks) + 20, NUM_CLASSES), -6.0)
    class_logits[range(len(labels)), labels] = 4.0
    mask_logits = torch.cat([masks, torch.zeros(20, *masks.shape[1:], dtype=torch.bool)])
    order = torch.randperm(len(mask_logits), generator=torch.Generator().manual_seed(0))
    return class_logits[order], (20.0 * mask_logits - 10)[order]


def panoptic_quality(found: Tensor, masks: Tensor, labels: list[int], void: Tensor) -> float:
    """PQ over the classes of a picture (Kirillov et al., https://arxiv.org/abs/1801.00868)."""
    predicted = [value for value in found.unique().tolist() if value != NUM_CLASSES]
    ious: dict[int, list[float]] = {label: [] for label in labels}
    unmatched = {label: labels.count(label) for label in labels}
    for value in predicted:
        label = value % INSTANCE_OFFSET
        region = (found == value) & ~void
        unmatched[label] = unmatched.get(label, 0) + 1
        ious.setdefault(label, [])
        for mask, other in zip(masks, labels, strict=True):
            iou = ((region & mask).sum() / (region | mask).sum()).item()
            if other == label and iou > 0.5:
                ious[label].append(iou)
                unmatched[label] -= 2
    quality = [
        sum(values) / (len(values) + 0.5 * unmatched[label]) for label, values in ious.items()
    ]
    return 100 * sum(quality) / len(quality)


def predict(masks: Tensor, class_logits: Tensor, mask_logits: Tensor) -> Tensor:
    height, width = masks.shape[1:]
    size = (int(height), int(width))
    return panoptic_result(
        class_logits,
        mask_logits,
        Frame(size, size, size, size),
        num_things_classes=NUM_THINGS,
        score_threshold=0.25,
        overlap_threshold=0.8,
        temperature=0.06,
    ).sem_seg[0]


@needs_samples
@pytest.mark.parametrize("number", [0, 1])
def test_panoptic__labels_as_predictions_have_a_quality_of_100(number: int) -> None:
    masks, labels, void = truth(number)
    class_logits, mask_logits = logits(masks, labels)
    found = predict(masks, class_logits, mask_logits)
    assert panoptic_quality(found, masks, labels, void) == pytest.approx(100)
    assert (found[void] == NUM_CLASSES).all()
    things = [label for label in labels if label < NUM_THINGS]
    numbers = {value // INSTANCE_OFFSET for value in found.unique().tolist()}
    assert numbers == set(range(len(things) + 1)) and len(things) > 2
    # A query that is unsure loses its segment, and the measure sees it.
    class_logits[mask_logits.amax((1, 2)).argmax()] = -6.0
    assert panoptic_quality(predict(masks, class_logits, mask_logits), masks, labels, void) < 99.9


@needs_samples
@pytest.mark.parametrize("number", [0, 1])
def test_semantic__labels_as_predictions_are_found_again(number: int) -> None:
    masks, labels, void = truth(number)
    height, width = masks.shape[1:]
    size = (int(height), int(width))
    result = semantic_result(
        *logits(masks, labels), Frame(size, size, size, size), temperature=0.06
    )
    expected = (masks.long() * torch.tensor(labels)[:, None, None]).sum(0)
    assert torch.equal(result.sem_seg[0][~void], expected[~void])
