import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from argus.results.depth import DepthMap
from argus.results.instances import Instances
from argus.results.normals import NormalMap
from argus.serve.hover import SIDE_PX, values_of
from tests.serve.fake_model import answer

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def codes_of(values: dict[str, Any]) -> np.ndarray:
    """The codes (H, W) as viewer.js reads them."""
    data = base64.b64decode(values["map"].removeprefix("data:image/png;base64,"))
    return np.array(Image.open(io.BytesIO(data))).astype(int) @ [65536, 256, 1]


def numbers_of(values: dict[str, Any]) -> np.ndarray:
    return values["low"] + (codes_of(values) - 1) / 65534 * (values["high"] - values["low"])


def test_depth__decodes_to_itself() -> None:
    metres = np.random.default_rng(1).uniform(0.1, 80, (40, 60)).astype(np.float32)
    values = values_of(DepthMap(task="depth", size=(40, 60), metres=metres))
    assert np.abs(numbers_of(values) - metres).max() < 80 / 65534


def test_depth__unknown_and_constant() -> None:
    metres = np.full((20, 20), 2.5, np.float32)
    metres[0, 0] = np.nan
    values = values_of(DepthMap(task="depth", size=(20, 20), metres=metres))
    assert codes_of(values)[0, 0] == 0 and (codes_of(values) > 0).sum() == 399
    assert numbers_of(values)[1, 1] == pytest.approx(2.5)
    metres[:] = np.nan
    assert not codes_of(values_of(DepthMap(task="d", size=(20, 20), metres=metres))).any()


def test_depth__large_map_is_picked_at_the_same_places() -> None:
    metres = np.broadcast_to(np.linspace(0, 1, 3000, dtype=np.float32), (1000, 3000)).copy()
    values = values_of(DepthMap(task="depth", size=(1000, 3000), metres=metres))
    found = numbers_of(values)
    assert found.shape == (128, SIDE_PX)
    centres = (np.arange(SIDE_PX) + 0.5) / SIDE_PX
    assert np.abs(found - centres).max() < 1 / 1000


def test_normals__decode_to_themselves() -> None:
    vectors = np.random.default_rng(2).normal(size=(30, 30, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    vectors[0, 0] = 0
    codes = codes_of(values_of(NormalMap(task="normals", size=(30, 30), vectors=vectors)))
    axes = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=-1)
    assert not codes[0, 0]
    axes[0, 0] = 128
    assert np.abs((axes - 128) / 127 - vectors).max() <= 0.5 / 127 + 1e-6


def test_instances__small_ones_lie_on_top() -> None:
    masks = np.zeros((2, 40, 60), bool)
    masks[0, 10:20, 10:20] = True
    masks[1] = True
    result = Instances(
        task="instance",
        size=(40, 60),
        classes=("ball", "floor"),
        boxes=np.float32([[10, 10, 20, 20], [0, 0, 60, 40]]),
        scores=np.float32([0.5, 0.9]),
        labels=np.int64([0, 1]),
        masks=masks,
    )
    values = values_of(result)
    texts = np.array(values["texts"])[codes_of(values)]
    assert (texts[masks[0]] == "ball 0.50").all() and (texts[~masks[0]] == "floor 0.90").all()


def test_instances__boxes_alone_and_none() -> None:
    empty = Instances(
        task="instance",
        size=(40, 60),
        boxes=np.zeros((0, 4), np.float32),
        scores=np.zeros(0, np.float32),
        labels=np.zeros(0, np.int64),
    )
    assert not codes_of(values_of(empty)).any()
    one = Instances(
        task="instance",
        size=(40, 60),
        boxes=np.float32([[5, 10, 15, 30]]),
        scores=np.float32([0.5]),
        labels=np.int64([3]),
    )
    values = values_of(one)
    assert values["texts"][1] == "class 3 0.50"
    assert codes_of(values).sum() == 10 * 20 and codes_of(values)[10:30, 5:15].all()


@pytest.mark.parametrize("task", ["semantic", "panoptic"])
def test_labels__name_the_class_under_the_point(task: str) -> None:
    values = values_of(answer(task, IMAGE))
    texts = np.array(values["texts"])[codes_of(values)]
    assert (texts[:, :30] == "cat").all()
    assert (texts[:, 30:] == ("dog <b>" if task == "semantic" else "nothing")).all()


def test_points_and_text() -> None:
    assert values_of(answer("keypoints", IMAGE))["points"] == [[0.25, 0.5, "nose 0.50"]]
    assert values_of(answer("classification", IMAGE))["text"] == "dog <b> 0.75"
    assert values_of(answer("anomaly", IMAGE))["unit"] == " here, 0.75 in all"
