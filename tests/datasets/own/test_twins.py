"""Pictures that are there twice are told, with what that does."""

import shutil
from pathlib import Path

from argus.datasets.own.recognition import recognise
from tests.datasets.own.layouts import picture


def _folders(root: Path) -> Path:
    seed = 0
    for part in ("train", "val"):
        for name in ("cat", "dog"):
            for number in range(2):
                picture(root / part / name / f"{number}.png", seed=(seed := seed + 1))
    return root


def test_no_twins__nothing_is_said(tmp_path: Path) -> None:
    assert recognise(_folders(tmp_path)).oddities == ()


def test_twin_in_validation__the_metrics_are_too_good(tmp_path: Path) -> None:
    root = _folders(tmp_path)
    shutil.copy(root / "train/cat/0.png", root / "val/cat/other.png")
    (told,) = recognise(root).oddities
    assert told.startswith(
        "1 picture of val or test is in train, too, under another name, e.g. train/cat/0.png and "
        "val/cat/other.png: metrics come out too good"
    )


def test_twin_of_another_class__is_told(tmp_path: Path) -> None:
    root = _folders(tmp_path)
    shutil.copy(root / "train/cat/0.png", root / "train/dog/twin.png")
    shutil.copy(root / "train/cat/0.png", root / "train/cat/twin.png")
    pair = "e.g. train/cat/0.png and train"
    assert recognise(root).oddities == (
        f"2 pictures are there again under another name, {pair}/cat/twin.png",
        f"1 picture has other labels under another name, {pair}/dog/twin.png",
    )


def test_folder_of_a_class_without_pictures__is_told(tmp_path: Path) -> None:
    root = _folders(tmp_path)
    (root / "train/fish").mkdir()
    (told,) = recognise(root).oddities
    assert told == "1 folder beside those of the classes is empty, and no class: train/fish"
