"""Logs are read back whole, joined where a training was resumed, and refused with a reason."""

from pathlib import Path

import pytest

from argus.analysis.run_log import read_run, read_runs
from argus.errors import DataError
from tests.analysis.logs import training, validation, write_log


def test_read_run__training_and_validation_apart(tmp_path: Path) -> None:
    write_log(tmp_path / "run", [training(10, 3.0), validation(10, a__top1=0.5), training(20, 2.0)])
    run = read_run(tmp_path / "run")
    assert (run.name, run.tasks) == ("run", ("a",))
    assert run.training["a/loss"].steps.tolist() == [10, 20]
    assert run.training["a/loss"].values.tolist() == [3.0, 2.0]
    assert run.validation["a/top1"].values.tolist() == [0.5]
    assert "iter" not in run.training and "step" not in run.training


def test_read_run__resumed_run_has_no_zigzag(tmp_path: Path) -> None:
    first = [training(s, float(s)) for s in (10, 20, 30, 40)] + [validation(40, a__top1=0.1)]
    write_log(tmp_path, first, time="20260101_000000")
    second = [training(s, 100.0 + s) for s in (30, 40, 50)] + [validation(50, a__top1=0.2)]
    write_log(tmp_path, second, time="20260101_010000")
    run = read_run(tmp_path)
    assert run.training["loss"].steps.tolist() == [10, 20, 30, 40, 50]
    assert run.training["loss"].values.tolist() == [10, 20, 130, 140, 150]
    # The validation of step 40 is of weights that the resumed run does not have.
    assert run.validation["a/top1"].steps.tolist() == [50]


def test_read_run__tests_and_empty_starts_in_the_folder_do_not_count(tmp_path: Path) -> None:
    write_log(tmp_path, [training(10, 1.0)], time="20260101_000000")
    write_log(tmp_path, [validation(0, a__top1=0.9)], time="20260101_010000")
    write_log(tmp_path, [], time="20260101_020000")
    run = read_run(tmp_path)
    assert run.training["loss"].steps.tolist() == [10]
    assert run.validation == {}


def test_read_run__last_line_cut_short(tmp_path: Path) -> None:
    path = write_log(tmp_path, [training(10, 1.0)])
    path.write_text(path.read_text() + '{"loss": 0.')
    assert read_run(tmp_path).training["loss"].steps.tolist() == [10]


def test_read_run__a_line_that_a_full_disk_cut_short_in_between(tmp_path: Path) -> None:
    path = write_log(tmp_path, [training(10, 1.0), training(20, 2.0)])
    first, second = path.read_text().splitlines()
    path.write_text(f"{first}\n{first[:25]}{second}\n")
    assert read_run(tmp_path).training["loss"].steps.tolist() == [10, 20]


def test_read_run__a_damaged_line_is_named(tmp_path: Path) -> None:
    path = write_log(tmp_path, [training(10, 1.0)])
    path.write_text("{nonsense\n" + path.read_text())
    with pytest.raises(DataError, match=r"scalars.json, line 1 is not JSON"):
        read_run(tmp_path)


def test_read_run__a_file_of_another_kind(tmp_path: Path) -> None:
    path = write_log(tmp_path, [])
    path.write_text('[1, 2]\n{"step": 1}\n')
    with pytest.raises(DataError, match=r"line 1: expected an object with 'step'"):
        read_run(path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda root: root / "nowhere", "does not exist: expected the work dir"),
        (lambda root: root, r"has no log: expected .*There are trainings below it; name them: .*x"),
        (lambda root: root / "x" / "20260101_000000", "has no log: expected"),
        (lambda root: root / "empty", "no line of a training"),
    ],
)
def test_read_run__without_a_log(make, words: str, tmp_path: Path) -> None:
    write_log(tmp_path / "x", [training(10, 1.0)])
    write_log(tmp_path / "empty", [])
    with pytest.raises(DataError, match=words):
        read_run(make(tmp_path))


def test_read_run__reported_metrics_come_from_the_text_of_the_config(tmp_path: Path) -> None:
    path = write_log(tmp_path, [training(10, 1.0)])
    path.with_name("config.py").write_text(
        "raise SystemExit('a config is never run')\n"
        "tasks = dict(a=dict(primary='top1', report=['top5', 'top1'], metrics=f()),\n"
        "    b={'primary': 'rmse', 'paper': dict(rmse=0.3, abs_rel=x)})\n"
    )
    assert read_run(tmp_path).reported == ("a/top1", "a/top5", "b/rmse", "b/abs_rel")


def test_read_runs__names_tell_them_apart(tmp_path: Path) -> None:
    folders = [tmp_path / "one" / "stage1", tmp_path / "two" / "stage1"]
    for folder in folders:
        write_log(folder, [training(10, 1.0)])
    assert [run.name for run in read_runs(folders)] == ["one/stage1", "two/stage1"]
    assert [run.name for run in read_runs(folders[:1])] == ["stage1"]
