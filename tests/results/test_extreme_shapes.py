"""Answers for strips and specks are drawn like any other."""

import numpy as np
import pytest

from argus.results.prediction import Prediction
from tests.serve.fake_model import answer

TASKS = (
    *("depth", "saliency", "anomaly", "normals", "semantic", "classification"),
    *("panoptic", "instance", "keypoints"),
)


@pytest.mark.parametrize("shape", [(500, 3), (3, 500), (5000, 40), (1, 5000), (5000, 1), (1, 1)])
def test_draw__of_any_shape(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 128, np.uint8)
    results = {task: answer(task, image) for task in TASKS}
    for task, result in results.items():
        picture = result.draw(image)
        assert picture.dtype == np.uint8 and picture.shape[2] == 3, task
        assert picture.size < 1e8, task
    sheet = Prediction(source="strip", image=image, results=results).draw()
    assert sheet.size < 1e8
