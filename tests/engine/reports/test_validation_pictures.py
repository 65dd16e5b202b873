"""Pictures at every validation: the same samples, as files and in TensorBoard."""

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from argus.engine import MultitaskRunner, ValidationPicturesHook
from tests.engine.reports.test_tensorboard import VISUALIZER
from tests.toy import ToySegmentation, segmentation_sample, toy_config, toy_tasks

HOOK = dict(type="argus.ValidationPicturesHook", num=2)
NUM_IMAGES = 5


@DATASETS.register_module()
class ToyFiles(ToySegmentation):
    """The toy's pictures as files, which samples name."""

    def __init__(self, folder: str) -> None:
        super().__init__(length=NUM_IMAGES)
        self.folder = Path(folder)

    def __getitem__(self, index: int) -> dict:
        image, label = self.picture(index)
        path = self.folder / f"{index}.png"
        cv2.imwrite(str(path), image.permute(1, 2, 0).numpy())
        sample = segmentation_sample(label, self.size)
        sample.set_metainfo(dict(img_path=str(path)))
        return dict(inputs=image, data_samples=sample)


def train(folder: Path, visualizer: dict = VISUALIZER, **hook) -> MultitaskRunner:
    """Four steps and two validations."""
    (folder / "images").mkdir(parents=True)
    tasks = toy_tasks()
    files = dict(type="ToyFiles", folder=str(folder / "images"))
    tasks["semantic"]["val"] = dict(dataset=files, batch_size=2, num_workers=0)
    config = toy_config(
        folder / "work_dir",
        tasks=tasks,
        visualizer=visualizer,
        train_cfg=dict(max_iters=4, val_interval=2),
    )
    config["default_hooks"]["val_pictures"] = HOOK | hook
    runner = MultitaskRunner.from_cfg(Config(config))
    runner.train()
    runner.visualizer.close()
    return runner


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    train(folder)
    return folder / "work_dir"


def test_validation_pictures__a_file_per_validation(work_dir: Path) -> None:
    names = sorted(path.name for path in (work_dir / "val_pictures/semantic").iterdir())
    assert names == ["iter_2.png", "iter_4.png"]
    pictures = [cv2.imread(str(work_dir / "val_pictures/semantic" / name)) for name in names]
    assert pictures[0].shape[1] > 900
    # Two rows, each with truth (left) and prediction (right): the truth does not change.
    height, width = pictures[0].shape[:2]
    left = [picture[: height // 2, : int(0.45 * width)].astype(int) for picture in pictures]
    assert np.abs(left[0] - left[1]).max() <= 2
    # The toy's other task does not name its images.
    assert not (work_dir / "val_pictures/classification").exists()


def test_validation_pictures__are_in_tensorboard(work_dir: Path) -> None:
    (file,) = work_dir.rglob("events.out.tfevents.*")
    events = EventAccumulator(str(file.parent))
    events.Reload()
    assert events.Tags()["images"] == ["val_pictures/semantic"]
    logged = events.Images("val_pictures/semantic")
    assert [event.step for event in logged] == [2, 4]
    for event in logged:
        encoded = np.frombuffer(event.encoded_image_string, np.uint8)
        saved = cv2.imread(str(work_dir / f"val_pictures/semantic/iter_{event.step}.png"))
        np.testing.assert_array_equal(cv2.imdecode(encoded, cv2.IMREAD_COLOR), saved)


def test_validation_pictures__are_not_stored_twice(work_dir: Path) -> None:
    assert len(list(work_dir.rglob("*.png"))) == 2


class _Runner:
    """As much of a runner as the hook asks for."""

    iter = 7

    class val_loop:
        tasks = {"semantic": None}

        @staticmethod
        def metainfo(task: str) -> dict:
            return dict(classes=("red", "green", "blue"))

    class visualizer:
        _vis_backends: dict = {}

    logger = logging.getLogger("test_validation_pictures")

    def __init__(self, work_dir: Path) -> None:
        self.work_dir = str(work_dir)


def predicted(path: Path, size: int = 1200) -> SegDataSample:
    sample = segmentation_sample(1, size)
    sample.set_metainfo(dict(img_path=str(path)))
    sample.pred_sem_seg = PixelData(data=torch.full((1, size, size), 2))
    return sample


def validate(hook: ValidationPicturesHook, runner: _Runner, samples: list) -> None:
    hook.before_val_epoch(runner)
    for index, sample in enumerate(samples):
        hook.after_val_iter(runner, index, outputs=["semantic", [sample]])
    hook.after_val_epoch(runner)


def test_validation_pictures__large_images_are_made_smaller(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.full((1200, 1200, 3), 128, np.uint8))
    hook = ValidationPicturesHook(num=1)
    validate(hook, _Runner(tmp_path), [predicted(path)])
    picture = cv2.imread(str(tmp_path / "val_pictures/semantic/iter_7.png"))
    assert picture.shape[0] < 700 and not hook.samples.kept


def test_validation_pictures__what_cannot_be_drawn_is_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[str] = []
    monkeypatch.setattr(_Runner.logger, "warning", messages.append)
    runner = _Runner(tmp_path)
    hook = ValidationPicturesHook()
    for _ in range(2):
        validate(hook, runner, [predicted(tmp_path / "absent.png")])
    assert len(messages) == 1 and "no validation pictures of task 'semantic'" in messages[0]
    nameless = segmentation_sample(0, 8)
    hook = ValidationPicturesHook()
    validate(hook, runner, [nameless])
    assert "img_path" in messages[1]


def test_validation_pictures__none_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
    validate(ValidationPicturesHook(num=0), _Runner(tmp_path), [predicted(path, 8)])
    assert not (tmp_path / "val_pictures").exists()


def test_validation_pictures__none_and_no_word_of_a_validation_that_was_stopped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hook = ValidationPicturesHook(num=1)
    hook.before_val_epoch(_Runner(tmp_path))
    hook.after_val_epoch(_Runner(tmp_path), {})
    assert not list(tmp_path.iterdir()) and not caplog.records
