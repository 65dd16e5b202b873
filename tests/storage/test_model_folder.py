"""The three files of a model's folder belong together, or the folder is refused."""

import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from argus.errors import CheckpointError
from argus.files.lock import alone_in
from argus.model_files.describe import describe
from argus.storage.model_folder import CONFIG, MANIFEST, WEIGHTS, ModelFolder, read_manifest
from tests.model_files.small_model import make_older, small_model

FILES = (WEIGHTS, CONFIG, MANIFEST)
READERS: list[Callable[[Path], Any]] = [ModelFolder.read, read_manifest, describe]


def another_model() -> ModelFolder:
    """Fits the config of the first as well."""
    model = small_model()
    model.state["backbone.weight"] = model.state["backbone.weight"] + 1
    model.config["precision"] = "bf16"
    return model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    small_model().write(tmp_path / "model")
    return tmp_path / "model"


class Killed(BaseException):
    """The end of a process, in place of it."""


@pytest.fixture
def ends_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Have the process end just before it moves a file into its place, or all (``.new``)."""
    replace, rename = os.replace, Path.rename

    def set_name(name: str) -> None:
        def end_at(target: Path) -> None:
            if target.name == name:
                raise Killed

        def replace_or_end(source: Path, target: Path) -> None:
            end_at(target)
            replace(source, target)

        def rename_or_end(source: Path, target: Path) -> Path:
            end_at(target)
            return rename(source, target)

        monkeypatch.setattr(os, "replace", replace_or_end)
        monkeypatch.setattr(Path, "rename", rename_or_end)

    yield set_name
    monkeypatch.undo()


def is_another(folder: Path) -> bool:
    """Whether it is the model of :func:`another_model` as a whole, or the first as a whole."""
    for read in READERS:
        read(folder)
    found = ModelFolder.read(folder)
    wanted = another_model() if found.config["precision"] == "bf16" else small_model()
    assert found.config == wanted.config
    assert all(torch.equal(found.state[name], value) for name, value in wanted.state.items())
    return bool(found.config["precision"] == "bf16")


@pytest.mark.parametrize("name", [".new", *FILES])
@pytest.mark.parametrize("is_first", [False, True])
def test_writing__that_is_interrupted_leaves_the_old_or_the_new_model(
    tmp_path: Path, name: str, is_first: bool, ends_before: Callable[[str], None]
) -> None:
    folder = tmp_path / "model"
    if not is_first:
        small_model().write(folder)
    ends_before(name)
    with pytest.raises(Killed):
        another_model().write(folder)
    if is_first and name == ".new":
        for read in READERS:
            with pytest.raises(CheckpointError, match=f"{WEIGHTS}.* missing"):
                read(folder)
        return
    assert is_another(folder) == (name != ".new")
    shutil.copytree(folder, tmp_path / "copy")
    assert is_another(tmp_path / "copy") == (name != ".new")


@pytest.mark.parametrize("name", FILES)
def test_writing__the_next_one_takes_up_what_was_interrupted(
    folder: Path, name: str, ends_before: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ends_before(name)
    with pytest.raises(Killed):
        another_model().write(folder)
    monkeypatch.undo()
    found = ModelFolder.read(folder)
    found.add_metrics({"depth/rmse": 0.25})
    found.write_manifest(folder)
    assert set(all_files(folder)) == set(FILES) and is_another(folder)
    assert ModelFolder.read(folder).manifest["tasks"]["depth"]["metrics"]["rmse"] == 0.25
    small_model().write(folder)
    assert set(all_files(folder)) == set(FILES) and not is_another(folder)


def test_new_files__behind_a_link_are_not_read(folder: Path, tmp_path: Path) -> None:
    another_model().write(tmp_path / "other")
    (folder / ".new").symlink_to(tmp_path / "other")
    assert not is_another(folder)


def all_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", FILES)
def test_writing_over__that_fails_leaves_the_model_that_was_there(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at any of the files; all are on it before one takes its place."""
    before, sync = all_files(folder), os.fsync

    def sync_or_fail(descriptor: int) -> None:
        if os.readlink(f"/proc/self/fd/{descriptor}").endswith(f".part/{name}"):
            raise OSError(28, "No space left on device")
        sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", sync_or_fail)
        with pytest.raises(CheckpointError, match="cannot be written: .*No space"):
            another_model().write(folder)
    assert all_files(folder) == before
    another_model().write(folder)
    assert ModelFolder.read(folder).config["precision"] == "bf16"
    assert set(all_files(folder)) == set(FILES)


def test_writing__by_two_at_once_is_refused(folder: Path) -> None:
    before = all_files(folder)
    with alone_in(folder):
        with pytest.raises(CheckpointError, match="is being written by another process"):
            another_model().write(folder)
    assert all_files(folder) == before
    another_model().write(folder)


def write_until_killed(folder: Path) -> None:
    torch.set_num_threads(1)  # others do not survive the fork
    replace = os.replace

    def replace_and_end(source: Path, target: Path) -> None:
        replace(source, target)
        os.kill(os.getpid(), signal.SIGKILL)

    os.replace = replace_and_end
    another_model().write(folder)


def test_writing_over__that_is_killed_leaves_the_new_model(folder: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=write_until_killed, args=(folder,))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert is_another(folder)


@pytest.mark.parametrize("name", FILES)
def test_files__of_two_models(folder: Path, tmp_path: Path, name: str) -> None:
    another_model().write(tmp_path / "other")
    shutil.copy(tmp_path / "other" / name, folder)
    with pytest.raises(CheckpointError, match="files of two models were mixed"):
        ModelFolder.read(folder)


def test_writing_over__one_of_before_is_found_out_too(folder: Path, tmp_path: Path) -> None:
    make_older(folder)
    assert ModelFolder.read(folder).config == small_model().config
    another_model().write(tmp_path / "other")
    shutil.copy(tmp_path / "other" / WEIGHTS, folder)
    with pytest.raises(CheckpointError, match="not of one writing"):
        ModelFolder.read(folder)


def test_config__may_be_edited_by_hand(folder: Path) -> None:
    content = json.loads((folder / CONFIG).read_text()) | dict(precision="bf16")
    (folder / CONFIG).write_text(json.dumps(content))
    assert ModelFolder.read(folder).config["precision"] == "bf16"


def test_manifest__written_alone_stays_with_the_others(folder: Path) -> None:
    model = ModelFolder.read(folder)
    model.add_metrics({"depth/rmse": 0.25})
    model.write_manifest(folder)
    assert ModelFolder.read(folder).manifest["tasks"]["depth"]["metrics"]["rmse"] == 0.25


def test_mark__is_that_of_the_content(folder: Path, tmp_path: Path) -> None:
    ModelFolder.read(folder).write(tmp_path / "again")
    for name in (CONFIG, MANIFEST):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


@pytest.mark.parametrize("name", [CONFIG, MANIFEST])
def test_files__that_are_pointers_of_git_lfs_are_named(folder: Path, name: str) -> None:
    (folder / name).write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 9\n"
    )
    with pytest.raises(CheckpointError, match=rf"{name}: a pointer of Git LFS.*git lfs pull"):
        ModelFolder.read(folder)
