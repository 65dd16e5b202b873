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
from argus.model_folder import CONFIG, MANIFEST, WEIGHTS, ModelFolder, read_manifest
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
    """Have the process end just before it moves a file into its place."""
    replace = os.replace

    def set_name(name: str) -> None:
        def replace_or_end(source: Path, target: Path) -> None:
            if target.name == name:
                raise Killed
            replace(source, target)

        monkeypatch.setattr(os, "replace", replace_or_end)

    return set_name


@pytest.mark.parametrize("name", [CONFIG, MANIFEST])
def test_writing_over__that_is_interrupted_is_found_out(
    folder: Path, name: str, ends_before: Callable[[str], None]
) -> None:
    ends_before(name)
    with pytest.raises(Killed):
        another_model().write(folder)
    for read in READERS:
        with pytest.raises(CheckpointError, match="are not of one writing: it was interrupted"):
            read(folder)


def test_writing_over__that_ends_before_the_first_file_changes_nothing(
    folder: Path, ends_before: Callable[[str], None]
) -> None:
    ends_before(WEIGHTS)
    with pytest.raises(Killed):
        another_model().write(folder)
    assert ModelFolder.read(folder).config == small_model().config


@pytest.mark.parametrize("name", FILES)
def test_first_writing__that_is_interrupted_leaves_no_model(
    tmp_path: Path, name: str, ends_before: Callable[[str], None]
) -> None:
    ends_before(name)
    with pytest.raises(Killed):
        small_model().write(tmp_path)
    for read in READERS:
        with pytest.raises(CheckpointError, match=f"{name}.* missing|{MANIFEST} missing"):
            read(tmp_path)


def all_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", FILES)
def test_writing_over__that_fails_leaves_the_model_that_was_there(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at any of the files; all are on it before one takes its place."""
    before, sync = all_files(folder), os.fsync

    def sync_or_fail(descriptor: int) -> None:
        if f".{name}." in os.readlink(f"/proc/self/fd/{descriptor}"):
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


def test_writing_over__that_is_killed_is_found_out(folder: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=write_until_killed, args=(folder,))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    with pytest.raises(CheckpointError, match="not of one writing"):
        ModelFolder.read(folder)


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
