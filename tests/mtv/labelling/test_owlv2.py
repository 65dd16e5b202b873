"""Boxes of a tiny random OWLv2, against transformers' own way to them."""

import numpy as np
import pytest
import torch
from transformers import Owlv2ForObjectDetection, Owlv2Processor

from argus.errors import ConfigError
from argus.mtv.data.regions import NamedBoxes, regions_in, regions_member
from argus.mtv.labelling.owlv2 import Owlv2Boxes, in_picture
from argus.mtv.labelling.regions import RegionLabeller
from argus.mtv.labelling.taggers.caption_phrases import CaptionPhrases
from tests.mtv.labelling.test_depth import smooth

SIZES = ((60, 90), (90, 50), (64, 64))
NAMES = [["ball", "cube", "tree"], ["ox"], ["tree", "ball"]]


def detector(teachers: dict[str, str], **keys: object) -> Owlv2Boxes:
    return Owlv2Boxes(model=teachers["boxes"], **keys)  # type: ignore[arg-type]


def test_boxes__are_those_of_transformers_clipped_to_the_picture(teachers: dict[str, str]) -> None:
    """Wide, high and square pictures with other names each, embeddings computed once."""
    pictures = [smooth(*size, seed) for seed, size in enumerate(SIZES)]
    ours = detector(teachers, prompt="a {}", min_score=0.3, nms_iou=1.0, most=1000)
    ours.encode(["cube", "tree"])
    found = ours.find([ours.prepare(pixels) for pixels in pictures], SIZES, NAMES)
    model = Owlv2ForObjectDetection.from_pretrained(teachers["boxes"])
    processor = Owlv2Processor.from_pretrained(teachers["boxes"])
    for pixels, (height, width), names, own in zip(pictures, SIZES, NAMES, found, strict=True):
        texts = [[f"a {name}" for name in names]]
        inputs = processor(
            text=texts, images=pixels, return_tensors="pt", padding="max_length", truncation=True
        )
        with torch.no_grad():
            outputs = model(**inputs)
        (wanted,) = processor.post_process_grounded_object_detection(
            outputs, threshold=0.3, target_sizes=[(height, width)]
        )
        boxes = wanted["boxes"] / torch.tensor([width, height, width, height])
        boxes = boxes.clamp(0, 1)
        rows = (boxes[:, 2:] > boxes[:, :2]).all(1)
        order = wanted["scores"][rows].argsort(descending=True, stable=True)
        assert 2 < len(order) == len(own)
        np.testing.assert_allclose(own.scores, wanted["scores"][rows][order], rtol=1e-4)
        np.testing.assert_allclose(own.boxes, boxes[rows][order], atol=1e-4)
        labels = wanted["labels"][rows][order].tolist()
        assert own.names == tuple(names[label] for label in labels)
    assert len({name for own in found for name in own.names}) > 2


def test_picture__is_the_upper_left_of_the_square() -> None:
    """A box around the right half of a wide picture, and one in the padding below it."""
    boxes = torch.tensor([[0.75, 0.25, 0.5, 0.5], [0.5, 0.8, 0.2, 0.2], [0.5, 0.5, 1.0, 1.0]])
    wide = in_picture(boxes, (300, 600))
    assert wide[0].tolist() == [0.5, 0, 1, 1] and wide[2].tolist() == [0, 0, 1, 1]
    assert wide[1, 3] <= wide[1, 1]
    high = in_picture(boxes[:, [1, 0, 3, 2]], (600, 300))
    assert high[0].tolist() == [0, 0.5, 1, 1]


def test_suppression__is_of_boxes_of_one_name(teachers: dict[str, str]) -> None:
    """Against a loop over the boxes, best first."""
    ours = detector(teachers, min_score=0.3, nms_iou=0.4, most=7)
    rng = np.random.default_rng(3)
    centres, sides = rng.uniform(0.2, 0.8, (60, 2)), rng.uniform(0.1, 0.6, (60, 2))
    boxes = torch.tensor(np.concatenate([centres, sides], 1), dtype=torch.float32)
    scores = torch.tensor(rng.permutation(60) / 60, dtype=torch.float32)
    labels = torch.tensor(rng.integers(0, 3, 60))
    size = (50, 80)
    found = ours._chosen(boxes, scores, labels, size, ["a", "b", "c"])
    corners = in_picture(boxes, size).numpy()
    kept: list[int] = []
    for row in np.argsort(-scores.numpy()):
        x1, y1, x2, y2 = corners[row]
        if scores[row] < 0.3 or x2 <= x1 or y2 <= y1:
            continue
        rivals = [other for other in kept if labels[other] == labels[row]]
        if all(overlap(corners[row], corners[other]) <= 0.4 for other in rivals):
            kept.append(int(row))
    assert len(kept) > 7
    np.testing.assert_array_equal(found.boxes, corners[kept[:7]])
    np.testing.assert_array_equal(found.scores, scores[kept[:7]])
    assert found.names == tuple("abc"[labels[row]] for row in kept[:7])


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    common = sides.clip(0).prod()
    areas = (one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod()
    return float(common / (areas - common))


def test_member__is_read_back_and_has_no_box_without_area(teachers: dict[str, str]) -> None:
    boxes = np.array([[0, 0.1, 0.30000001, 1], [0.2, 0.5, 0.200001, 0.6]], np.float32)
    regions = NamedBoxes(boxes=boxes, names=("a", "b"), scores=np.array([0.123456, 0.5]))
    found = regions_in(regions_member(regions))
    assert found.names == ("a",) and found.scores == pytest.approx([0.12346])
    np.testing.assert_allclose(found.boxes, boxes[:1], atol=1e-5)
    labeller = RegionLabeller(tagger=dict(type=CaptionPhrases), boxes=dict(model=teachers["boxes"]))
    counts = labeller.finish((["a", "b"], regions)).counts
    assert counts == dict(tags=2, boxes=1, without_boxes=0)  # of what is written


def test_values__out_of_range_are_refused(teachers: dict[str, str]) -> None:
    for keys in (dict(prompt="a"), dict(min_score=1.0), dict(nms_iou=0.0), dict(most=0)):
        with pytest.raises(ConfigError, match="expected a prompt"):
            detector(teachers, **keys)


def test_pictures__of_a_pixel_are_taken(teachers: dict[str, str]) -> None:
    ours = detector(teachers, min_score=0.0)
    sizes = [(1, 1), (1, 9), (400, 2)]
    prepared = [ours.prepare(np.full((*size, 3), 90, np.uint8)) for size in sizes]
    assert {tuple(one.shape) for one in prepared} == {(3, 48, 48)}
    assert len(ours.find(prepared, sizes, [["ox"]] * 3)) == 3
