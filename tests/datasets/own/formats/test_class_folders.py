"""A folder for each class."""

from argus.datasets.own import read_own, recognise
from tests.datasets.own.layouts import class_folders, picture


def test_folders__are_classes(tmp_path) -> None:
    found = read_own(class_folders(tmp_path, 2))
    assert found.classes == ("cat", "dog") and found.kinds == ("classification",)
    assert [(p.path, p.labels, p.part) for p in found.pictures] == [
        (f"{name}/{n}.png", (name,), None) for name in ("cat", "dog") for n in range(2)
    ]
    assert recognise(tmp_path).sure


def test_parts__are_folders_above_the_classes(tmp_path) -> None:
    for part, number in (("train", 3), ("val", 2), ("test", 1)):  # as YOLO's classifiers have them
        class_folders(tmp_path / "pictures" / part, number)
    found = recognise(tmp_path)
    assert found.classes == ("cat", "dog") and found.parts == dict(train=6, val=4, test=2)


def test_train__is_a_class_beside_others(tmp_path) -> None:
    for name in ("bus", "train"):
        for n in range(2):
            picture(tmp_path / name / f"{n}.png")
    assert read_own(tmp_path).classes == ("bus", "train")


def test_deeper_folders__belong_to_the_class(tmp_path) -> None:
    class_folders(tmp_path)
    picture(tmp_path / "cat/tabby/1.png")
    picture(tmp_path / "loose.png")
    found = read_own(tmp_path)
    assert found.classes == ("cat", "dog") and len(found.pictures) == 9
    assert "loose.png" in found.notes[0]
