"""People: bones, feet, sides and the labels that come from them."""

from functools import lru_cache
from itertools import count

import numpy as np
import pytest

from argus.datasets.scenes import figure
from argus.datasets.scenes.classes import KEYPOINT_NAMES
from argus.datasets.scenes.compose import sample_scene
from argus.datasets.scenes.labels import label_scene

BONES = {
    ("shoulder", "elbow"): figure.UPPER_ARM_LENGTH,
    ("elbow", "wrist"): figure.LOWER_ARM_LENGTH,
    ("hip", "knee"): figure.UPPER_LEG_LENGTH,
    ("knee", "ankle"): figure.LOWER_LEG_LENGTH,
}


@pytest.mark.parametrize("kind", figure.POSES)
def test_joints__bones_keep_their_length_and_feet_stand(kind: str) -> None:
    rng = np.random.default_rng(4)
    for _ in range(10):
        joints = figure.solve_joints(figure.sample_pose(kind, rng))
        for side in ("left", "right"):
            for (start, end), length in BONES.items():
                bone = joints[f"{side}_{end}"] - joints[f"{side}_{start}"]
                assert np.linalg.norm(bone) == pytest.approx(length, abs=1e-9)
        ankles = joints["left_ankle"][2], joints["right_ankle"][2]
        assert min(ankles) == pytest.approx(figure.FOOT_HEIGHT)
        assert joints["head"][2] > joints["neck"][2] > joints["pelvis"][2] > 0.2


@lru_cache(maxsize=1)
def crowd() -> list:
    """Sixty people with the labels of the scenes they are in."""
    found: list = []
    for seed in count():
        scene, hits = sample_scene(128, 128, np.random.default_rng([11, seed]))
        labels = label_scene(scene, hits)
        found += [(item, labels) for item in labels.instances if item.keypoints is not None]
        if len(found) >= 60:
            return found[:60]
    raise AssertionError("unreachable: count() does not end")


def test_keypoints__inside_the_picture_and_on_the_person() -> None:
    near = []
    for item, _ in crowd():
        assert item.keypoints.shape == (17, 3)
        assert set(np.unique(item.keypoints[:, 2])) <= {0, 1, 2}
        for x, y, seen in item.keypoints:
            if seen == 0:
                assert x == y == 0
                continue
            assert -0.5 <= x <= 127.5 and -0.5 <= y <= 127.5
            if seen == 2:
                near.append(item.mask[int(np.rint(y)), int(np.rint(x))])
    assert len(near) > 300 and all(near)


def test_keypoints__most_joints_are_seen_and_some_are_hidden() -> None:
    seen = np.concatenate([item.keypoints[:, 2] for item, _ in crowd()])
    assert (seen == 2).mean() > 0.6
    assert 0.03 < (seen == 1).mean() < 0.35


def test_keypoints__left_is_on_the_right_of_the_picture() -> None:
    left, right = (KEYPOINT_NAMES.index(f"{side}_shoulder") for side in ("left", "right"))
    signs = [item.keypoints[left, 0] > item.keypoints[right, 0] for item, _ in crowd()]
    assert np.mean(signs) == 1.0


def test_keypoints__joint_lies_on_the_parts_it_joins() -> None:
    expected = {"elbow": {3, 4}, "knee": {5, 6}, "wrist": {4}, "nose": {1}, "hip": {2, 5}}
    agree = []
    for item, labels in crowd():
        for name, (x, y, seen) in zip(KEYPOINT_NAMES, item.keypoints, strict=True):
            parts = expected.get(name.split("_")[-1])
            if parts and seen == 2:
                agree.append(labels.parts[int(np.rint(y)), int(np.rint(x))] in parts)
    assert len(agree) > 150 and np.mean(agree) > 0.9


def test_parts__cover_people_exactly() -> None:
    for _, labels in crowd():
        mask = np.zeros(labels.parts.shape, bool)
        for item in labels.instances:
            if item.name == "person":
                mask |= item.mask
        np.testing.assert_array_equal(labels.parts > 0, mask)


def test_person__is_large_enough() -> None:
    heights = [item.box[3] - item.box[1] for item, _ in crowd()]
    assert np.mean(np.array(heights) >= 45) > 0.9
