"""What differs between two trainings, said in lines."""

import json
import sys
from pathlib import Path

import pytest

from argus.analysis.compare_runs import compare_runs, differences, find_record
from argus.engine.reports.run_record import FORMAT
from argus.errors import DataError
from tests.engine.toy_training import train

LOG = dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend")])


def write_record(folder: Path, *, losses: list[float] = (), **changes) -> Path:
    start = folder / "20250101_000000"
    (start / "vis_data").mkdir(parents=True)
    record = dict(format=FORMAT, seed=0, config=dict(train_cfg=dict(max_iters=4)), git=None)
    (start / "run.json").write_text(json.dumps(record | changes))
    lines = [
        json.dumps({"loss": loss, "depth/loss_weighted": loss, "step": step})
        for step, loss in enumerate(losses, start=1)
    ]
    (start / "vis_data/scalars.json").write_text("\n".join(lines))
    return folder


def test_compare_runs__of_two_trainings(tmp_path: Path) -> None:
    train(tmp_path / "a", visualizer=LOG)
    optimizer = dict(optimizer=dict(type="AdamW", lr=2e-3, weight_decay=0.05))
    train(tmp_path / "b", visualizer=LOG, optim_wrapper=optimizer, randomness=dict(seed=1))
    report = compare_runs(tmp_path / "a", tmp_path / "b")
    assert "  config.optim_wrapper.optimizer.lr: 0.001 | 0.002\n" in report
    assert '  config.optim_wrapper.clip_grad: {"max_norm": 1.0} | -\n' in report
    assert "  seed: 0 | 1\n" in report
    assert "the same: precision, processes, resumed_from, versions, git, data, command" in report
    assert "losses: differ first at step 1" in report
    assert "work_dir" not in report


def test_compare_runs__the_same_training_twice(tmp_path: Path) -> None:
    for name in ("a", "b"):
        train(tmp_path / name, visualizer=LOG)
    report = compare_runs(tmp_path / "a", tmp_path / "b")
    assert "losses: bit-equal at all 4 steps that both logs have" in report
    assert len(report.splitlines()) == 5, report


def test_compare_runs__losses_part_at_a_step(tmp_path: Path) -> None:
    first = write_record(tmp_path / "a", losses=[1.0, 0.5, 0.25, 0.2])
    second = write_record(tmp_path / "b", losses=[1.0, 0.5, 0.26])
    report = compare_runs(first, second)
    assert report.endswith("losses: differ first at step 3 (depth/loss_weighted: 0.25 | 0.26)")


def test_compare_runs__without_logs_says_so(tmp_path: Path) -> None:
    report = compare_runs(write_record(tmp_path / "a"), write_record(tmp_path / "b"))
    assert "losses not compared: " in report


def test_find_record__the_last_start_counts(tmp_path: Path) -> None:
    for name in ("20250102_000000", "20250101_000000"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text("{}")
    assert find_record(tmp_path).parent.name == "20250102_000000"
    one = tmp_path / "20250101_000000"
    assert find_record(one) == one / "run.json"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "has no record of a training: expected .*run.json"),
        ("{", "run.json cannot be read"),
        ("[" * 100_000, "run.json cannot be read"),
        ("[1]", "is no record of a training"),
        ('{"format": "other"}', "expected an object of format"),
    ],
)
def test_compare_runs__a_folder_without_a_whole_record(
    tmp_path: Path, text: str | None, words: str
) -> None:
    good = write_record(tmp_path / "a")
    bad = tmp_path / "b"
    bad.mkdir()
    if text is not None:
        (bad / "run.json").write_text(text)
    with pytest.raises(DataError, match=words):
        compare_runs(good, bad)


def test_differences__go_into_lists_of_dicts_alone() -> None:
    first = dict(pipeline=[dict(type="A", size=1), dict(type="B")], classes=["a", "b"], x=1)
    second = dict(pipeline=[dict(type="A", size=2)], classes=["a"], y=1)
    assert list(differences(first, second, name="config")) == [
        ("config.pipeline.0.size", 1, 2),
        ("config.pipeline.1", dict(type="B"), "-"),
        ("config.classes", ["a", "b"], ["a"]),
        ("config.x", 1, "-"),
        ("config.y", "-", 1),
    ]


def test_tool__prints_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tools import compare_runs as tool

    first, second = write_record(tmp_path / "a"), write_record(tmp_path / "b", seed=7)
    monkeypatch.setattr(sys, "argv", ["compare_runs.py", str(first), str(second)])
    tool.main()
    assert "  seed: 0 | 7" in capsys.readouterr().out
