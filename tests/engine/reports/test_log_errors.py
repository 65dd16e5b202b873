"""A disk that is full while logs are written ends no training, and is told once."""

import errno
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from mmengine.visualization import LocalVisBackend
from tensorboard.summary.writer.record_writer import RecordWriter

from argus.storage.checkpoint import read_checkpoint
from tests.engine.toy_training import train

BACKENDS = [dict(type="LocalVisBackend"), dict(type="TensorboardVisBackend")]
FULL = OSError(errno.ENOSPC, "No space left on device")


def train_visibly(folder: Path, **options: Any) -> Any:
    visualizer = dict(type="Visualizer", vis_backends=BACKENDS)
    losses, runner = train(folder, train_cfg=dict(max_iters=6), visualizer=visualizer, **options)
    assert len(losses) == 6
    runner.close()
    read_checkpoint(folder / "iter_6.pth")
    return runner


def text_log(runner: Any) -> str:
    return next(Path(runner.log_dir).glob("*.log")).read_text()


def test_tensorboard__thread_that_meets_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The error of its thread comes up in the main thread, in a later call."""
    written = []

    def write(self: RecordWriter, data: bytes) -> None:
        written.append(data)
        if len(written) > 3:
            raise FULL

    monkeypatch.setattr(RecordWriter, "write", write)
    runner = train_visibly(tmp_path)
    assert len(written) > 3
    assert text_log(runner).count("TensorboardVisBackend cannot write any more") == 1
    assert "Traceback" not in "".join(capfd.readouterr())
    lines = next(Path(runner.log_dir).glob("vis_data/*.json")).read_text().splitlines()
    assert sum("loss" in json.loads(line) for line in lines) == 6, "the other log is whole"


def test_json__full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = []

    def dump(self: LocalVisBackend, *_: Any) -> None:
        failed.append(1)
        raise FULL

    monkeypatch.setattr(LocalVisBackend, "_dump", dump)
    runner = train_visibly(tmp_path)
    assert len(failed) >= 6, "tried each time: there may be room again"
    assert text_log(runner).count("LocalVisBackend cannot write any more") == 1


@pytest.mark.parametrize("is_full", [False, True], ids=["later", "from the start"])
def test_text_log__full_disk_and_room_again(
    is_full: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    flush = logging.FileHandler.flush

    def flush_or_fail(self: logging.FileHandler) -> None:
        if is_full:
            raise FULL
        flush(self)

    monkeypatch.setattr(logging.FileHandler, "flush", flush_or_fail)

    def fill(_: Any) -> None:
        nonlocal is_full
        is_full = True

    def clear(_: Any) -> None:
        nonlocal is_full
        is_full = False

    runner = train_visibly(tmp_path, before_step={2: fill, 4: clear})
    shown = "".join(capfd.readouterr())
    assert "Logging error" not in shown and "Traceback" not in shown
    assert shown.count("cannot write any more") == 1
    assert "6/6  eta" in text_log(runner)


def test_other_errors__are_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dump(*_: Any) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(LocalVisBackend, "_dump", dump)
    with pytest.raises(KeyError, match="a defect"):
        train_visibly(tmp_path)
