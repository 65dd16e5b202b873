"""Pictures that are trained on and measured by are told, whatever they are called."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from argus.datasets.checks.walk import check_tasks
from argus.datasets.class_folders import ClassFolders
from tests.datasets.own.layouts import picture

CLASSES = ("cat", "dog")


def task(root: Path, *parts: str) -> dict[str, Any]:
    return {
        part: dict(
            dataset=dict(
                type=ClassFolders,
                data_root=str(root),
                data_prefix=part,
                metainfo=dict(classes=CLASSES),
                pipeline=[],
            ),
            batch_size=1,
        )
        for part in parts
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    seed = 0
    for root in ("one", "two"):
        for part in ("train", "val", "test"):
            for name in CLASSES:
                picture(tmp_path / root / part / name / "0.png", seed=(seed := seed + 1))
    return tmp_path


def warnings(folder: Path, **options: Any) -> dict[str, list[str]]:
    tasks = dict(
        two=task(folder / "two", "val", "test"),  # before the one that learns, and without any
        one=task(folder / "one", "train", "val"),
    )
    found = check_tasks(tasks, **options)
    assert not any(each.errors for each in found)
    return {each.where: [w for w in each.warnings if "trained on" in w] for each in found}


def test_no_picture_in_two_parts__nothing_is_said(folder: Path) -> None:
    shutil.copy(folder / "two/val/cat/0.png", folder / "two/test/cat/twin.png")  # of no training
    assert not any(warnings(folder).values())


def test_picture_under_another_name__is_told_where_it_is_measured(folder: Path) -> None:
    learned = folder / "one/train/dog/0.png"
    shutil.copy(learned, folder / "one/val/dog/twin.png")
    shutil.copy(learned, folder / "two/test/cat/twin.png")
    ends = f"twin.png as {learned}: the metrics come out too good"
    assert warnings(folder) == {
        "one.train": [],
        "one.val": [
            f"1 picture of 3 is trained on, too, in one.train, e.g. {folder}/one/val/dog/{ends}"
        ],
        "two.val": [],
        "two.test": [
            f"1 picture of 3 is trained on, too, in one.train, e.g. {folder}/two/test/cat/{ends}"
        ],
    }


def test_the_same_files__are_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = task(folder / "one", "train")
    both["val"] = both["train"]
    monkeypatch.setattr("argus.files.same_files._digest", None)
    train, val = check_tasks(dict(one=both))
    assert not train.warnings
    assert val.warnings[-1] == (
        f"2 pictures of 2 are trained on, too, in one.train, e.g. {folder}/one/train/cat/0.png: "
        "the metrics come out too good"
    )


def test_sample__so_many_are_looked_for(folder: Path) -> None:
    for name in CLASSES:
        shutil.copy(folder / f"one/train/{name}/0.png", folder / f"one/val/{name}/0.png")
    (told,) = warnings(folder, sample=1)["one.val"]
    assert told.startswith("1 picture of 1 is trained on")
    (told,) = warnings(folder, sample=10)["one.val"]
    assert told.startswith("2 pictures of 2 are trained on")
