"""A resumed training finds the newest whole checkpoint by looking; no other loses its files."""

import shutil
from pathlib import Path

import pytest
import torch

from argus.engine.checkpoints.resume import checkpoints_in, find_checkpoint, move_aside, start_in
from argus.errors import CheckpointError, ConfigError
from argus.storage.checkpoint import read_checkpoint, write_checkpoint
from tests.engine.toy_training import train

STEPS = dict(train_cfg=dict(max_iters=6))


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work dir of a training that stopped at step 4 of 6, with two checkpoints."""
    folder = tmp_path_factory.mktemp("stopped") / "work"
    train(folder, stop_after=4, **STEPS)
    return folder


@pytest.fixture
def folder(stopped: Path, tmp_path: Path) -> Path:
    """A copy of it that may be changed."""
    return Path(shutil.copytree(stopped, tmp_path / "work"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """Losses of the training without a break."""
    return train(tmp_path_factory.mktemp("whole"), **STEPS)[0]


def log_of(runner) -> str:
    return next(Path(runner.log_dir).glob("*.log")).read_text()


def damage(path: Path, kind: str) -> None:
    data = path.read_bytes()
    if kind == "flipped":
        weight = read_checkpoint(path)["state_dict"]["backbone.stages.0.weight"]
        place = data.index(weight.numpy().tobytes()) + 9
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        return
    half = data[: len(data) // 2]
    contents = dict(empty=b"", zeroed=bytes(len(data)), truncated=half, garbage=b"x" * 5000)
    path.write_bytes(contents[kind])


@pytest.mark.parametrize("pointer", [None, "", "garbage\0", "/nowhere/iter_2.pth", "iter_2.pth"])
def test_resume__whatever_last_checkpoint_says(
    folder: Path, whole: list[dict], pointer: str | None
) -> None:
    if pointer is None:
        (folder / "last_checkpoint").unlink()
    else:
        (folder / "last_checkpoint").write_text(pointer)
    losses, _ = train(folder, resume=True, **STEPS)
    assert losses == whole[4:]


def test_resume__in_a_work_dir_that_was_moved(folder: Path, whole: list[dict]) -> None:
    moved = folder.rename(folder.with_name("elsewhere"))
    losses, _ = train(moved, resume=True, **STEPS)
    assert losses == whole[4:]
    assert not folder.exists()


@pytest.mark.parametrize("kind", ["empty", "zeroed", "truncated", "garbage", "flipped"])
def test_resume__newest_is_damaged(folder: Path, whole: list[dict], kind: str) -> None:
    """The one before is taken, and said; the damaged one is out of the way and not lost."""
    damage(folder / "iter_4.pth", kind)
    losses, runner = train(folder, resume=True, **STEPS)
    assert losses == whole[2:]
    log = log_of(runner)
    assert "not resumed: " in log and "iter_4.pth" in log.split("not resumed: ")[1].split("\n")[0]
    assert f"resumed {folder / 'iter_2.pth'} at step 2" in log
    assert f"moved iter_4.pth to {folder / 'earlier_1'}" in log
    assert (folder / "earlier_1/iter_4.pth").exists()
    read_checkpoint(folder / "iter_4.pth")


def test_resume__none_is_whole(folder: Path) -> None:
    for name in ("iter_2.pth", "iter_4.pth"):
        damage(folder / name, "truncated")
    before = sorted(path.name for path in folder.glob("*.pth"))
    with pytest.raises(CheckpointError) as caught:
        train(folder, resume=True, **STEPS)
    for word in ("iter_2.pth", "iter_4.pth", "--resume none"):
        assert word in str(caught.value)
    assert sorted(path.name for path in folder.glob("*.pth")) == before


def test_resume__named_file_leaves_what_was_after_it(folder: Path, whole: list[dict]) -> None:
    """Or the next resume would go on with the course that was left."""
    options = STEPS | dict(load_from=str(folder / "iter_2.pth"))
    losses, _ = train(folder, resume=True, stop_after=1, **options)
    assert losses == whole[2:3]
    assert [path.name for path in checkpoints_in(folder)] == ["iter_2.pth"]
    assert (folder / "earlier_1/iter_4.pth").exists()


def test_resume__named_file_of_elsewhere_clears_the_place(folder: Path, tmp_path: Path) -> None:
    train(tmp_path / "other", stop_after=2, **STEPS)
    options = STEPS | dict(load_from=str(folder / "iter_4.pth"))
    train(tmp_path / "other", resume=True, **options)
    assert [p.name for p in checkpoints_in(tmp_path / "other")] == ["iter_6.pth"]
    assert (tmp_path / "other/earlier_1/iter_2.pth").exists()
    assert len(checkpoints_in(folder)) == 2, "the other work dir is not touched"


def test_start__beside_checkpoints_has_to_be_said(folder: Path) -> None:
    contents = {path: path.read_bytes() for path in folder.glob("*.pth")}
    for options in (STEPS, STEPS | dict(load_from=str(folder / "iter_2.pth"))):
        with pytest.raises(ConfigError) as caught:
            train(folder, **options)
        for word in ("iter_4.pth", "--resume", "--resume none", "--work-dir"):
            assert word in str(caught.value)
    assert {path: path.read_bytes() for path in folder.glob("*.pth")} == contents


def test_start__resume_none_moves_them_aside(folder: Path, whole: list[dict]) -> None:
    (folder / "best_semantic_mIoU_iter_4.pth").write_bytes(b"x")
    old = (folder / "iter_4.pth").read_bytes()
    losses, runner = train(folder, resume="none", stop_after=2, **STEPS)
    assert losses == whole[:2]
    aside = folder / "earlier_1"
    assert sorted(path.name for path in aside.iterdir()) == [
        "best_semantic_mIoU_iter_4.pth",
        "iter_2.pth",
        "iter_4.pth",
    ]
    assert (aside / "iter_4.pth").read_bytes() == old
    assert [path.name for path in checkpoints_in(folder)] == ["iter_2.pth"]
    assert "moved best_semantic_mIoU_iter_4.pth, iter_2.pth, iter_4.pth to" in log_of(runner)
    train(folder, resume="none", stop_after=2, **STEPS)
    assert (folder / "earlier_2/iter_2.pth").exists()


def test_find__best_weights_alone_are_no_training(tmp_path: Path) -> None:
    assert find_checkpoint(tmp_path) is None
    (tmp_path / "other.pth").touch()
    assert find_checkpoint(tmp_path) is None, "not written by a training"
    write_checkpoint(tmp_path / "best_a_iter_7.pth", dict(state_dict={}))
    with pytest.raises(CheckpointError, match="best_a_iter_7.pth holds weights only"):
        find_checkpoint(tmp_path)
    with pytest.raises(ConfigError, match="best_a_iter_7.pth"):
        start_in(tmp_path, False, print)


def test_find__newest_by_step_not_by_name_or_time(tmp_path: Path) -> None:
    for step in (900, 1000, 80):
        content = dict(training=dict(iter=step), state_dict=dict(a=torch.zeros(1)))
        write_checkpoint(tmp_path / f"iter_{step}.pth", content)
    found = find_checkpoint(tmp_path)
    assert found is not None and found.path.name == "iter_1000.pth" and found.rejected == []
    write_checkpoint(tmp_path / "iter_2000.pth", dict(state_dict={}))
    found = find_checkpoint(tmp_path)
    assert found is not None and found.path.name == "iter_1000.pth"
    assert "iter_2000.pth holds weights only" in found.rejected[0]


def test_move_aside__nothing_to_move_makes_no_folder(tmp_path: Path) -> None:
    (tmp_path / "iter_4.pth").touch()
    move_aside(tmp_path, after=4, tell=print)
    assert [path.name for path in tmp_path.iterdir()] == ["iter_4.pth"]
