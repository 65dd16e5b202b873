"""Every row is trained and tested once, also after an interruption; what fails is named alone."""

import json
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from argus.ablation.children import Children
from argus.ablation.rows import Row
from argus.ablation.runs import Run, choose_metrics
from argus.ablation.schedule import do_runs, make_runs, missing
from argus.engine.config_files.reading import read_config_file
from argus.errors import ConfigError
from tests.toy import toy_config, write_config


class FakeCaller:
    """Stands for the processes: writes what the commands would.

    Args:
        broken: Rows whose training fails, by their folders.
        together: How many trainings of the row ``main`` wait for one another.
    """

    def __init__(self, broken: Sequence[str] = (), together: int = 1) -> None:
        self.broken = broken
        self.meeting = threading.Barrier(together, timeout=60)
        self.calls: list[tuple[str, str, int]] = []
        self.stopped = False
        self.now: set[str] = set()
        self.most_at_once = 0
        self.lock = threading.Lock()

    def call(self, words: Sequence[str], *, console: Path) -> int:
        folder = console.parent
        row, seed = folder.parent.name, int(folder.name.removeprefix("seed_"))
        with self.lock:
            self.calls.append((words[0], row, seed))
            self.now.add(str(folder))
            self.most_at_once = max(self.most_at_once, len(self.now))
        if (words[0], row) == ("train", "main"):
            self.meeting.wait()
        with console.open("a") as output:
            output.write("ConfigError: it is broken.\n")
        if words[0] == "test":
            assert Path(words[2]).is_file(), "the checkpoint comes before"
            out = Path(words[words.index("--out") + 1])
            out.write_text(json.dumps({"semantic/mIoU": 0.5, "classification/top1": 0.25}))
        elif row not in self.broken:
            assert "--resume" in words
            (folder / "iter_4.pth").touch()
        with self.lock:
            self.now.remove(str(folder))
        return 2 if row in self.broken else 0

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture(autouse=True, scope="module")
def _configs_are_read_once() -> Iterator[None]:
    read: dict[str, Any] = {}

    def cached(path: str, changes: Any) -> Any:
        key = f"{path} {changes}"
        if key not in read:
            read[key] = read_config_file(path, changes)
        return read[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("argus.ablation.runs.read_config_file", cached)
        yield


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_config(tmp_path_factory.mktemp("configs") / "toy.py"))


@pytest.fixture
def rows(config: str) -> list[Row]:
    return [
        Row(name="main", config=config),
        Row(name="raw", config=config, options=("eval_weights=raw",), checkpoint_of="main"),
        Row(name="other", config=config, options=("train_cfg.accumulate=2",)),
    ]


def runs_of(rows: Sequence[Row], tmp_path: Path, seeds: Sequence[int] = (0, 1)) -> list[Run]:
    runs, failed = make_runs(rows, seeds, tmp_path)
    assert failed == {}
    return runs


def do(runs: Sequence[Run], caller: FakeCaller, parallel: int = 1) -> dict[str, str]:
    return do_runs(runs, caller, parallel=parallel, tell=lambda text: None)


@pytest.mark.parametrize("parallel", [1, 2])
def test_do_runs__each_step_once_and_never_again(
    rows: list[Row], tmp_path: Path, parallel: int
) -> None:
    runs, caller = runs_of(rows, tmp_path), FakeCaller(together=parallel)
    assert do(runs, caller, parallel) == {} and missing(runs) == {}
    expected = [
        (verb, row, seed)
        for row, verbs in (("main", ("train", "test")), ("raw", ("test",)))
        for seed in (0, 1)
        for verb in verbs
    ]
    expected += [(verb, "other", seed) for seed in (0, 1) for verb in ("train", "test")]
    assert sorted(caller.calls) == sorted(expected)
    assert caller.most_at_once == parallel
    again = FakeCaller()
    assert do(runs_of(rows, tmp_path), again, parallel) == {} and again.calls == []


def test_do_runs__goes_on_where_it_was_interrupted(rows: list[Row], tmp_path: Path) -> None:
    runs, caller = runs_of(rows, tmp_path, [0]), FakeCaller()
    do(runs, caller)
    runs[0].folder.joinpath("results.json").unlink()  # trained, not tested
    again = FakeCaller()
    do(runs, again)
    assert again.calls == [("test", "main", 0)]


def test_do_runs__a_failure_is_named_and_the_others_go_on(rows: list[Row], tmp_path: Path) -> None:
    runs, caller = runs_of(rows, tmp_path, [0]), FakeCaller(broken=["main"])
    failed = do(runs, caller)
    assert failed.keys() == {"main, seed 0", "raw, seed 0"}
    assert "exit status 2" in failed["main, seed 0"] and "it is broken" in failed["main, seed 0"]
    assert failed["raw, seed 0"] == "it needs main, seed 0, which has failed."
    assert runs[2].results() == {"semantic/mIoU": 0.5, "classification/top1": 0.25}


def test_do_runs__an_interruption_stops_all(rows: list[Row], tmp_path: Path) -> None:
    class Interrupted(FakeCaller):
        def call(self, words: Sequence[str], *, console: Path) -> int:
            raise KeyboardInterrupt

    caller = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        do(runs_of(rows, tmp_path), caller)
    assert caller.stopped


def test_results__of_other_settings_are_refused(rows: list[Row], tmp_path: Path) -> None:
    do(runs_of(rows, tmp_path, [0]), FakeCaller())
    options = ("optim_wrapper.optimizer.lr=0.5",)
    changed = runs_of([Row(name="main", config=rows[0].config, options=options)], tmp_path, [0])
    caller = FakeCaller()
    failed = do(changed, caller)
    assert caller.calls == []
    assert "config.optim_wrapper.optimizer.lr: 0.001 then, 0.5 now" in failed["main, seed 0"]
    # Those of a row whose checkpoint it would be are of other settings too.
    rows[0] = Row(name="main", config=rows[0].config, options=options)
    assert "config.needs.optim_wrapper" in missing(runs_of(rows, tmp_path, [0]))["raw, seed 0"]


def test_results__change_of_words_is_none(rows: list[Row], tmp_path: Path) -> None:
    do(runs_of(rows, tmp_path, [0]), FakeCaller())
    options = ("tasks.semantic.report=[aAcc]",)
    changed = runs_of([Row(name="main", config=rows[0].config, options=options)], tmp_path, [0])
    assert changed[0].results() is not None


def test_make_runs__seed_and_backbone_of_another_row(tmp_path: Path) -> None:
    stage1 = write_config(tmp_path / "stage1.py")
    backbone = toy_config("")["backbone"] | dict(checkpoint="somewhere.pth")
    stage2 = write_config(tmp_path / "stage2.py", backbone=backbone)
    rows = [
        Row(name="main", config=str(stage1)),
        Row(name="two", config=str(stage2), backbone_of="main"),
    ]
    runs = runs_of(rows, tmp_path / "runs", seeds=[3])
    assert runs[1].options == (
        "randomness.seed=3",
        f"backbone.checkpoint={tmp_path}/runs/main/seed_3/iter_4.pth",
    )
    assert runs[1].settings["backbone"]["checkpoint"] == str(runs[0].checkpoint)
    rows[1] = Row(name="two", config=str(stage1), backbone_of="main")
    _, failed = make_runs(rows, [0], tmp_path / "runs")
    assert "its backbone has no checkpoint" in failed["two, seed 0"]


def test_choose_metrics__primary_first_and_those_asked_for(rows: list[Row], tmp_path: Path) -> None:
    runs = runs_of(rows, tmp_path, [0])
    names = [metric.name for metric in choose_metrics(runs, [])]
    assert names == ["classification/top1", "semantic/mIoU", "semantic/aAcc"]
    assert [m.name for m in choose_metrics(runs, ["semantic/mAcc"])] == ["semantic/mAcc"]
    with pytest.raises(ConfigError, match="of 2 tasks, classification, semantic, found 'x/y'"):
        choose_metrics(runs, ["x/y"])


def test_children__console_status_devices_and_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real processes of a program that says what it was given."""
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "$@" on $CUDA_VISIBLE_DEVICES\nexit 7\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6")
    children = Children(parallel=2, processes=2)
    statuses = [children.call(["train"], console=tmp_path / "log") for _ in range(2)]
    lines = (tmp_path / "log").read_text().splitlines()
    assert statuses == [7, 7]
    assert lines == [f"-m argus train --processes 2 on {devices}" for devices in ("4,5", "6,4")]

    program.write_text("#!/bin/sh\nexec sleep 60\n")
    found: list[int] = []
    thread = threading.Thread(
        target=lambda: found.append(children.call(["train"], console=tmp_path / "log"))
    )
    thread.start()
    while not children._alive:
        threading.Event().wait(0.005)
    children.stop()
    thread.join(timeout=30)
    assert found == [-15]
    assert children.call(["train"], console=tmp_path / "log") == -15, "and starts no others"
