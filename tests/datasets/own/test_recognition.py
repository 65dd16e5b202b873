"""Which format a folder has: certain, a doubt that is said, or the candidates."""

import pytest

from argus.datasets.own import class_names, read_own, recognise
from argus.errors import ConfigError, DataError
from tests.datasets.own.layouts import class_folders, coco, coco_content, masks, picture, write_json


def test_nothing_known__says_what_is_read(tmp_path) -> None:
    picture(tmp_path / "1.png")
    with pytest.raises(DataError, match="1 picture, and no labels that Argus knows. It reads COCO"):
        recognise(tmp_path)


def test_no_pictures__are_said(tmp_path) -> None:
    (tmp_path / "readme.txt").write_text("none")
    with pytest.raises(DataError, match="no pictures below it"):
        recognise(tmp_path)


def test_two_formats__are_candidates_and_the_person_says_which(tmp_path) -> None:
    masks(tmp_path)
    write_json(tmp_path / "a.json", coco_content([f"images/{n}.png" for n in range(4)]))
    found = recognise(tmp_path)
    assert found.format == "" and not found.sure and set(found.candidates) >= {"coco", "masks"}
    with pytest.raises(DataError, match=r"format='coco' or format='masks'"):
        read_own(tmp_path)
    assert recognise(tmp_path, format="coco").format == "coco"
    assert read_own(tmp_path / "a.json").format == "coco"
    # What the labels are to be good for decides as well.
    assert recognise(tmp_path, "detection").format == "coco"


def test_counts__are_of_the_kind(tmp_path) -> None:
    found = recognise(coco(tmp_path / "c"))
    assert (found.kind, found.unit, dict(found.counts)) == (
        "instance",
        "object",
        dict(bolt=4, nut=4),
    )
    assert recognise(tmp_path / "c", "semantic").classes == ("background", "bolt", "nut")
    found = recognise(class_folders(tmp_path / "f"))
    assert (found.unit, dict(found.counts)) == ("picture", dict(cat=4, dog=4))
    assert sum(found.parts[part] for part in ("train", "val")) == found.pictures == 8


def test_class_that_never_occurs__is_an_oddity(tmp_path) -> None:
    categories = [dict(id=7, name="nut"), dict(id=3, name="bolt"), dict(id=9, name="gear")]
    found = recognise(coco(tmp_path, categories=categories))
    assert "1 of 3 classes never occur: gear" in found.oddities


def test_classes_that_differ_in_writing_alone__are_an_oddity(tmp_path) -> None:
    categories = [dict(id=7, name="nut"), dict(id=3, name="Nut")]
    found = recognise(coco(tmp_path, categories=categories))
    assert "Nut, nut are different classes, and differ in writing alone" in found.oddities


def test_classes__are_chosen_by_name(tmp_path) -> None:
    coco(tmp_path)
    assert class_names(tmp_path, classes=["nut"]) == ("nut",)
    with pytest.raises(DataError, match="no class Nut; it has bolt, nut. Is nut meant"):
        class_names(tmp_path, classes=["Nut"])


def test_words__that_are_none(tmp_path) -> None:
    with pytest.raises(ConfigError, match="kind='cats': expected one of detection"):
        read_own(tmp_path, kind="cats")
    with pytest.raises(ConfigError, match="format='coc': expected one of coco"):
        read_own(tmp_path, format="coc")


def test_kind__that_the_labels_are_no_good_for(tmp_path) -> None:
    with pytest.raises(DataError, match="good for classification; depth needs other labels"):
        read_own(class_folders(tmp_path), format="class_folders", kind="depth")


def test_kind__that_no_format_that_fits_has(tmp_path) -> None:
    with pytest.raises(DataError, match=r"a folder for each class \(.*\): no labels for anomaly"):
        read_own(class_folders(tmp_path), kind="anomaly")


def test_file_that_changes__is_read_again(tmp_path) -> None:
    masks(tmp_path)
    assert read_own(tmp_path).classes == ("ground", "plate")
    (tmp_path / "classes.txt").write_text("earth\ndish\n")
    assert read_own(tmp_path).classes == ("earth", "dish")
