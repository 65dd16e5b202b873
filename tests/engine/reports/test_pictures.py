"""Pictures of a test run: the same choice in every run, every sample of an image on it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from argus.engine.reports.picture_samples import _slim, picture_names
from argus.engine.reports.pictures import PredictionPicturesHook

warnings: list[str] = []
KEYPOINTS = {0: "nose", 1: "left_ankle"}


class _Runner:
    """As much of a runner as the hook asks for."""

    class test_loop:
        tasks = {"keypoints": None}

        @staticmethod
        def metainfo(task: str) -> dict:
            return dict(keypoint_id2name=KEYPOINTS, num_keypoints=2)

    class logger:
        @staticmethod
        def info(message: str) -> None:
            pass

        @staticmethod
        def warning(message: str) -> None:
            warnings.append(message)


def person(path: Path, x: float) -> PoseDataSample:
    sample = PoseDataSample(metainfo=dict(img_path=str(path), ori_shape=(64, 64)))
    points = np.array([[[x, 10.0], [x, 50.0]]], np.float32)
    for name in ("pred_instances", "gt_instances"):
        fields = dict(keypoints=points, keypoint_scores=np.ones((1, 2), np.float32))
        if name == "gt_instances":
            fields["keypoints_visible"] = np.ones((1, 2), np.float32)
        setattr(sample, name, InstanceData(**fields, bboxes=np.array([[x - 5, 5, x + 5, 55.0]])))
    return sample


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{index}.png" for index in range(6)]
    for path in paths:
        cv2.imwrite(str(path), np.full((64, 64, 3), 128, np.uint8))
    return paths


def chosen(images: list[Path], out: Path, order: list[int]) -> PredictionPicturesHook:
    hook = PredictionPicturesHook(out_dir=str(out), num=2)
    for index in order:
        for x in (20.0, 44.0):
            hook.after_test_iter(_Runner, 0, outputs=["keypoints", [person(images[index], x)]])
    hook.after_test_epoch(_Runner)
    return hook


def test_pictures__choice_does_not_depend_on_the_order(images: list[Path], tmp_path: Path) -> None:
    names = []
    for number, order in enumerate((range(6), reversed(range(6)))):
        out = tmp_path / f"out{number}"
        chosen(images, out, list(order))
        names.append(sorted(p.name for p in (out / "keypoints").iterdir()))
        assert (out / "keypoints.png").is_file() and (out / "overview.png").is_file()
    assert names[0] == names[1] and len(names[0]) == 2


def test_pictures__every_person_of_an_image_is_drawn(images: list[Path], tmp_path: Path) -> None:
    hook = chosen(images, tmp_path / "out", list(range(6)))
    assert all(len(samples) == 2 for samples in hook.samples.kept["keypoints"].values())
    picture = cv2.imread(str(next((tmp_path / "out/keypoints").iterdir())))
    # Joints in both columns of the prediction, which is the right half of the picture.
    right = picture[:, picture.shape[1] // 2 :]
    for share in (20 / 64, 44 / 64):
        column = int(share * right.shape[1])
        strip = right[right.shape[0] // 2 :, column - 12 : column + 12]
        assert (np.abs(strip.astype(int) - 128).max(axis=2) > 40).any()


def test_pictures__of_one_name_in_several_folders_are_all_kept(tmp_path: Path) -> None:
    paths = [tmp_path / "nut" / kind / "000.png" for kind in ("good", "bent")]
    for path in paths:
        path.parent.mkdir(parents=True)
        cv2.imwrite(str(path), np.full((64, 64, 3), 128, np.uint8))
    chosen(paths, tmp_path / "out", [0, 1])
    saved = sorted(path.name for path in (tmp_path / "out/keypoints").iterdir())
    assert saved == ["bent_000.png", "good_000.png"]


def test_picture_names__have_folders_only_where_needed() -> None:
    assert picture_names(["/a/x.jpg", "/b/y.jpg"]) == ["x", "y"]
    assert picture_names(["a/x.jpg", "a/b/x.jpg", "a/y.jpg"]) == ["x", "b_x", "y"]


def test_slim__keeps_the_instances_that_are_drawn() -> None:
    sample = PoseDataSample()
    sample.pred_instances = InstanceData(
        scores=torch.tensor([0.9, 0.1, 0.5]), masks=torch.zeros(3, 4, 4, dtype=torch.bool)
    )
    assert _slim(sample, 0.3).pred_instances.scores.tolist() == pytest.approx([0.9, 0.5])
    assert len(sample.pred_instances) == 3


def test_pictures__that_cannot_be_drawn_are_a_warning(
    images: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Runner.test_loop, "metainfo", staticmethod(lambda task: {}))
    warnings.clear()
    chosen(images, tmp_path / "out", [0])
    assert len(warnings) == 1 and "no pictures of task 'keypoints'" in warnings[0]
