"""The record of a training: what made it, at every start."""

import json
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from argus.engine.reports import run_record
from argus.engine.reports.plain_config import readable
from tests.engine.toy_training import train
from tests.toy import toy_tasks


def records(work_dir: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(work_dir.glob("*/run.json"))]


def test_run_record__says_what_made_the_training(tmp_path: Path) -> None:
    _, runner = train(tmp_path, stop_after=2, randomness=dict(seed=3))
    (record,) = records(tmp_path)
    assert record["seed"] == 3 and record["processes"] == 1
    assert record["resumed_from"] is None and record["step"] == 0
    assert record["config"]["optim_wrapper"]["optimizer"]["lr"] == 1e-3
    assert record["config"]["tasks"]["semantic"]["train"]["batch_size"] == 4
    assert record["versions"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert record["data"]["semantic.train"]["samples"] == 24
    assert record["data"]["classification.val"]["samples"] == 9
    assert Path(runner.log_dir, "run.json").is_file()


def test_run_record__a_resumed_start_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(tmp_path, stop_after=2)
    first = records(tmp_path)
    # Starts are told apart by the second.
    for folder in tmp_path.glob("*/run.json"):
        folder.parent.rename(tmp_path / "20000101_000000")
    train(tmp_path, resume=True, tasks=toy_tasks(batch_size=2))
    found = records(tmp_path)
    assert found[0] == first[0]
    assert found[1]["resumed_from"] == str(tmp_path / "iter_2.pth") and found[1]["step"] == 2
    assert found[1]["config"]["tasks"]["semantic"]["train"]["batch_size"] == 2


def test_run_record__full_disk_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(path: Path, content: dict) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_record, "write_json", fail)
    monkeypatch.setattr(run_record, "run_record", lambda runner: {})
    runner = SimpleNamespace(log_dir=tmp_path, logger=logging.getLogger("test_run_record"))
    run_record.write_run_record(runner)
    assert "run.json cannot be written" in caplog.text and "No space left" in caplog.text


def test_readable__has_no_address_and_no_nan() -> None:
    values = dict(kind=Path, number=float("nan"), things=(1, object()), none=None)
    assert readable(values) == dict(
        kind=f"{Path.__module__}.Path", number="nan", things=[1, "<object>"], none=None
    )
