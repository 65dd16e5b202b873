"""Typical mistakes in the config of a new task, made to the tutorial's, each told in one message.

The config goes through tools/train.py, so that what is compared is what a user reads.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import mmengine.runner.runner
import numpy as np
import pytest

from tests.config_mistakes import MISTAKES, RUN_MISTAKES
from tests.tutorial import MODEL, file_in_page, write_files, write_model
from tools import train as train_tool
from tools.data import check as check_tool


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the tutorial's config is right."""
    folder = tmp_path_factory.mktemp("mistakes")
    write_files(folder)
    write_model(folder)
    return folder


@pytest.fixture(autouse=True)
def place(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work there, without the compilers, which mmengine looks for and logs at each start."""
    monkeypatch.chdir(root)
    monkeypatch.setattr(mmengine.runner.runner, "collect_env", dict)
    yield


def train(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Exit status of ``tools/train.py`` with a config."""
    text = text.replace("max_iters=200", "max_iters=1").replace("num_workers=1", "num_workers=0")
    Path("wrong.py").write_text(text)
    shutil.rmtree("work_dirs/wrong", ignore_errors=True)  # a start beside checkpoints is refused
    monkeypatch.setattr(sys, "argv", ["train.py", "wrong.py"])
    try:
        train_tool.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.parametrize("name", [*MISTAKES, *RUN_MISTAKES])
def test_mistake__is_told_in_one_message(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right, wrong, words = (MISTAKES | RUN_MISTAKES)[name]
    text = file_in_page("plates.py")
    assert right in text
    capsys.readouterr()
    assert train(text.replace(right, wrong), monkeypatch) == 2
    message = capsys.readouterr().err
    assert [word for word in words if word not in message] == [], message
    assert "Traceback" not in message
    if name in MISTAKES and name != "no data":  # the others need a step; that has lines of its own
        # Weights that are not there yet are told, and are no fault of the data.
        _compare_with_the_check(words, capsys, expected=int(name != "no model"))


def _compare_with_the_check(
    words: list[str], capsys: pytest.CaptureFixture[str], *, expected: int
) -> None:
    """``argus check`` finds what the training refuses before its first step."""
    try:
        status = check_tool.main(["wrong.py", "--sample", "1"])
        message = capsys.readouterr().out
    except ValueError as error:  # it is no config at all
        status, message = 1, str(error)
    for kind in ("ConfigError: ", "DataError: ", "CheckpointError: ", "Error: "):
        words = [word.removeprefix(kind) for word in words]
    # Steps of pipelines are built one by one.
    words = [word.rpartition(": dataset.pipeline")[2] for word in words]
    assert [word for word in words if word not in message] == [], message
    assert status == expected, message


def test_mistake__sides_that_the_backbone_cannot_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = file_in_page("plates.py").replace("size_divisor=32,\n", "size=(100, 100),\n", 1)
    crop = "dict(type='RandomCrop', crop_size=(100, 100))"
    assert train(text.replace("dict(type=RandomFlip, prob=0.5)", crop), monkeypatch) == 2
    message = capsys.readouterr().err
    assert "tasks['plates'].decoder.data_preprocessor gives images of 100x100" in message
    assert "multiples of 32" in message and "size_divisor=32" in message


def test_mistake__labels_out_of_range_are_told_with_their_file(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / "data/plates/labels/val/003.png"
    labels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    try:
        cv2.imwrite(str(path), np.full_like(labels, 7))
        assert train(file_in_page("plates.py"), monkeypatch) == 2
    finally:
        cv2.imwrite(str(path), labels)
    message = capsys.readouterr().err
    assert "DataError: task 'plates': sample 3" in message and "images/val/003.png" in message
    assert "labels [7] out of range: expected 0..2 or 255" in message


def test_mistake__names_and_keys_without_effect_are_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = file_in_page("plates.py").replace('"mIoU",\n)', '"mIOU", report=["mIoU", "dice"],\n)')
    text += "tta_model = dict(type='SegTTAModel')\nauto_scale_lr = dict(enable=False)\n"
    assert train(text, monkeypatch) == 0
    log = capsys.readouterr().out
    assert log.count("warning: tta_model of the config is not read: there is no test-time") == 1
    assert "auto_scale_lr" not in log
    for key, name in (("primary", "mIOU"), ("report", "dice")):
        assert f"tasks['plates'].{key} names {name}, which was not measured" in log
    assert "Measured: aAcc, mAcc, mIoU." in log


def test_mistake__all_that_is_missing_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = file_in_page("plates.py").replace("data/plates", "data/nowhere")
    assert MODEL in text
    assert train(text.replace(MODEL, "no_model") + "\nload_from = 'no.pth'\n", monkeypatch) == 2
    message = capsys.readouterr().err
    assert message.count("Error: ") == 1
    for word in (
        "backbone.checkpoint: no_model does not exist",
        "checkpoint no.pth does not exist",
        "2 places of the config: the data is not there. Missing:\n  "
        f"{Path('data/nowhere').absolute()}\n    for tasks.plates.train.dataset\n"
        "    for tasks.plates.val.dataset\n",
        "tasks.plates.train.dataset.data_root=..., found 'data/nowhere'",
    ):
        assert word in message, message
