"""A strip of 70,000 pixels is drawn at a cost that its pixels explain."""

import numpy as np
import pytest

from argus.results import Classification, Instances, Prediction
from argus.results.prediction import MAX_SHEET_SIDE_PX

NAMES = tuple(f"class number {number}" for number in range(30))


def answers(height: int, width: int) -> Prediction:
    size = (height, width)
    image = np.full((*size, 3), 90, np.uint8)
    boxes = np.array([[0, 0, width, height]], np.float32)
    found = Instances(
        task="thing",
        size=size,
        classes=NAMES,
        boxes=boxes,
        scores=np.ones(1, np.float32),
        labels=np.array([29]),
    )
    share = np.full(30, 1 / 30, np.float32)
    kind = Classification(task="kind", size=size, classes=NAMES, probabilities=share)
    return Prediction(source="strip", image=image, results=dict(thing=found, kind=kind))


@pytest.mark.parametrize("size", [(64, 70_000), (3, 70_000), (70_000, 64), (40, 20_000)])
def test_strip__has_a_legend_of_the_size_of_its_text(size: tuple[int, int]) -> None:
    prediction = answers(*size)
    height, width = size
    for result in prediction.results.values():
        drawn = result.draw(prediction.image)
        # Five lines of letters of at most 56 pixels.
        assert drawn.shape[1] == width and height <= drawn.shape[0] <= height + 500
    sheet = prediction.draw()
    assert max(sheet.shape) <= MAX_SHEET_SIDE_PX + 500 and sheet.size < 100e6


def test_panorama__keeps_the_letters_that_its_width_asks_for() -> None:
    """Of 512 x 4096: 64 pixels, which are less than four times those of its height."""
    prediction = answers(512, 4096)
    panel = prediction["kind"].draw(prediction.image).shape[0] - 512
    assert panel == 5 * 80 + 2 * 32
