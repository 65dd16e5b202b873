"""Which checkpoints stay: no file goes before the one that replaces it has been read back."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from argus.engine.checkpoints import hook as module
from argus.engine.checkpoints.hook import CheckpointHook
from argus.engine.checkpoints.resume import checkpoints_in
from argus.errors import CheckpointError, ConfigError
from argus.storage.checkpoint import read_checkpoint, write_checkpoint


class Runner(SimpleNamespace):
    """Saves a tensor that says at which step."""

    training = True
    max_iters = 10
    logger = SimpleNamespace(info=print, warning=print)

    def save_checkpoint(
        self, folder: Path, name: str, *, save_optimizer: bool = True, meta: dict[str, Any]
    ) -> None:
        write_checkpoint(folder / name, dict(meta=meta, step=torch.tensor(meta["iter"])))


def steps_after(hook: CheckpointHook, folder: Path, num_steps: int) -> list[int]:
    runner = Runner(work_dir=str(folder))
    for step in range(num_steps):
        runner.iter = step
        hook.after_train_iter(runner)
    return list(checkpoints_in(folder).values())


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        (dict(), [10]),
        (dict(interval=4), [10, 8, 4]),
        (dict(interval=4, max_keep_ckpts=2), [10, 8]),
        (dict(interval=1, max_keep_ckpts=1), [10]),
        (dict(interval=4, save_last=False), [8, 4]),
    ],
)
def test_intervals__and_how_many_stay(tmp_path: Path, options: dict, steps: list[int]) -> None:
    assert steps_after(CheckpointHook(**options), tmp_path, 10) == steps
    newest = (tmp_path / "last_checkpoint").read_text()
    assert newest == f"iter_{steps[0]}.pth"
    assert read_checkpoint(tmp_path / newest)["step"] == steps[0]


def test_rotation__new_hook_counts_the_files_of_the_former_run(tmp_path: Path) -> None:
    """After a resume, whatever was in memory before."""
    steps_after(CheckpointHook(interval=2, max_keep_ckpts=2), tmp_path, 4)
    runner = Runner(work_dir=str(tmp_path))
    CheckpointHook(interval=2, max_keep_ckpts=2).save(runner, 6)
    assert list(checkpoints_in(tmp_path).values()) == [6, 4]


def test_rotation__reads_the_new_one_before_it_deletes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    verify = module.verify_checkpoint

    def look(path: Path) -> None:
        seen.append((path.name, sorted(p.name for p in tmp_path.glob("*.pth"))))
        verify(path)

    monkeypatch.setattr(module, "verify_checkpoint", look)
    steps_after(CheckpointHook(interval=2, max_keep_ckpts=1), tmp_path, 4)
    assert seen == [
        ("iter_2.pth", ["iter_2.pth"]),
        ("iter_4.pth", ["iter_2.pth", "iter_4.pth"]),
    ]


def test_rotation__damaged_new_one_leaves_the_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = CheckpointHook(interval=2, max_keep_ckpts=1)
    steps_after(hook, tmp_path, 2)

    def half_written(folder: Path, name: str, **_: Any) -> None:
        (folder / name).write_bytes((folder / "iter_2.pth").read_bytes()[:-200])

    runner = Runner(work_dir=str(tmp_path), iter=3, save_checkpoint=half_written)
    with pytest.raises(CheckpointError, match="The earlier checkpoints were kept"):
        hook.after_train_iter(runner)
    assert read_checkpoint(tmp_path / "iter_2.pth")["step"] == 2


def validate(hook: CheckpointHook, folder: Path, values: list[float], *, start: int = 0) -> None:
    for step, value in enumerate(values, start=start + 1):
        runner = Runner(work_dir=str(folder), iter=step)
        hook.after_val_epoch(runner, {"other/x": -value, "semantic/mIoU": value})


def best_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("best_*"))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (dict(save_best="semantic/mIoU", rule="greater"), ["best_semantic_mIoU_iter_3.pth"]),
        (dict(save_best="semantic/mIoU", rule="less"), ["best_semantic_mIoU_iter_4.pth"]),
        (dict(save_best="auto", rule="less"), ["best_other_x_iter_3.pth"]),
        (
            dict(save_best=["semantic/mIoU", "other/x"], rule=["greater", "greater"]),
            ["best_other_x_iter_4.pth", "best_semantic_mIoU_iter_3.pth"],
        ),
    ],
)
def test_best__by_metric_and_rule(tmp_path: Path, options: dict, expected: list[str]) -> None:
    validate(CheckpointHook(**options), tmp_path, [0.2, 0.3, 0.5, 0.1, float("nan"), 0.4])
    assert best_in(tmp_path) == expected
    found = read_checkpoint(tmp_path / expected[-1])
    assert found["meta"]["iter"] == int(expected[-1][-5]) and "training" not in found


def test_best__of_the_former_run_has_to_be_beaten(tmp_path: Path) -> None:
    """The value is that of the file, not of a memory that a killed run took with it."""
    options = dict(save_best="semantic/mIoU", rule="greater")
    validate(CheckpointHook(**options), tmp_path, [0.2, 0.5])
    validate(CheckpointHook(**options), tmp_path, [0.4], start=2)
    assert best_in(tmp_path) == ["best_semantic_mIoU_iter_2.pth"]
    validate(CheckpointHook(**options), tmp_path, [0.6], start=3)
    assert best_in(tmp_path) == ["best_semantic_mIoU_iter_4.pth"]


def test_best__new_one_is_written_before_the_former_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = CheckpointHook(save_best="semantic/mIoU", rule="greater")
    validate(hook, tmp_path, [0.2])

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "verify_checkpoint", killed)
    with pytest.raises(KeyboardInterrupt):
        validate(hook, tmp_path, [0.3], start=1)
    monkeypatch.undo()
    assert best_in(tmp_path) == ["best_semantic_mIoU_iter_1.pth", "best_semantic_mIoU_iter_2.pth"]
    again = CheckpointHook(save_best="semantic/mIoU", rule="greater")
    validate(again, tmp_path, [0.25, 0.4], start=2)
    assert best_in(tmp_path) == ["best_semantic_mIoU_iter_4.pth"], "both are cleared away"


def test_best__damaged_file_does_not_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = dict(save_best="semantic/mIoU", rule="greater")
    validate(CheckpointHook(**options), tmp_path, [0.5])
    (tmp_path / "best_semantic_mIoU_iter_1.pth").write_bytes(b"")
    validate(CheckpointHook(**options), tmp_path, [0.2], start=1)
    assert best_in(tmp_path) == ["best_semantic_mIoU_iter_2.pth"]
    assert "the best checkpoint is not counted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(interval=-1), "interval: expected an integer >= 0, found -1"),
        (dict(max_keep_ckpts=0), "max_keep_ckpts: expected a number of at least 1"),
        (dict(save_best="a/b", rule="more"), "rule: expected one of .*found 'more'"),
        (dict(save_best=["a/b", "c/d"], rule=["less"]), "one for each, found 1"),
    ],
)
def test_arguments__mistakes_are_told(options: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        CheckpointHook(**options)
