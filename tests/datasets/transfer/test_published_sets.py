"""The published layouts, rebuilt small: every picture is where its list says, with its class."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from argus.datasets.transfer import ImageSet, read_image_set
from argus.datasets.transfer.record import MAP11, MEAN_PER_CLASS, TOP1
from argus.datasets.transfer.voc2007 import CLASSES
from argus.errors import DataError


def put(root: Path, **texts: str) -> None:
    """Write lists; ``__`` in a name is a folder."""
    for name, text in texts.items():
        path = root / (name.replace("__", "/") + ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def food(root: Path) -> None:
    put(root, meta__train="pie/1\ncake/2\n", meta__test="pie/3\n")
    touch(root, *(f"images/{name}.jpg" for name in ("pie/1", "cake/2", "pie/3")))


def birdsnap(root: Path) -> None:
    rows = "u\t0\tcrow/1.jpg\nu\t0\trook/2.jpg\nu\t0\tcrow/3.jpg\nu\t0\trook/gone.jpg\n"
    put(root, images="url\tmd5\tpath\n" + rows, test_images="path\ncrow/3.jpg\n")
    touch(root, "images/crow/1.jpg", "images/rook/2.jpg", "images/crow/3.jpg")


def sun(root: Path) -> None:
    put(root, Partitions__Training_01="/a/abbey/1.jpg\n/b/bar/indoor/2.jpg\n")
    put(root, Partitions__Testing_01="/a/abbey/3.jpg\n")
    touch(root, "a/abbey/1.jpg", "b/bar/indoor/2.jpg", "a/abbey/3.jpg")


def cars(root: Path) -> None:
    touch(root, "cars_train/1.jpg", "cars_train/2.jpg", "cars_test/1.jpg", "devkit/README")
    kind = [("class", "O"), ("fname", "O")]
    for name, rows in (
        ("devkit/cars_train_annos", [(2, "1.jpg"), (1, "2.jpg")]),
        ("cars_test_annos_withlabels", [(2, "1.jpg")]),
    ):
        savemat(root / f"{name}.mat", dict(annotations=np.array([rows], dtype=kind)))
    names = np.array([["Audi A4", "Jeep"]], dtype=object)
    savemat(root / "devkit/cars_meta.mat", dict(class_names=names))


def aircraft(root: Path) -> None:
    put(
        root,
        data__images_variant_train="11 Boeing 737-700\n12 DC-3\n",
        data__images_variant_val="13 DC-3\n",
        data__images_variant_test="14 Boeing 737-700\n",
    )
    touch(root, *(f"data/images/{number}.jpg" for number in (11, 12, 13, 14)))


def dtd(root: Path) -> None:
    put(root, labels__train1="lined/1.jpg\nwoven/2.jpg\n", labels__val1="woven/3.jpg\n")
    put(root, labels__test1="lined/4.jpg\n")
    touch(root, *(f"images/{n}.jpg" for n in ("lined/1", "woven/2", "woven/3", "lined/4")))


def pets(root: Path) -> None:
    put(root, annotations__trainval="#Image CLASS-ID SPECIES BREED\nBasset_Hound_1 2 2 1\nBirman_7 1 1 1\n")  # fmt: skip # noqa: E501
    put(root, annotations__test="Birman_9 1 1 1\n")
    touch(root, *(f"images/{name}.jpg" for name in ("Basset_Hound_1", "Birman_7", "Birman_9")))


def flowers(root: Path) -> None:
    touch(root, *(f"jpg/image_{number:05d}.jpg" for number in range(1, 6)))
    savemat(root / "imagelabels.mat", dict(labels=np.array([[7, 9, 9, 7, 9]])))
    parts = dict(trnid=[[1, 2]], valid=[[5]], tstid=[[3, 4]])
    savemat(root / "setid.mat", {key: np.array(value) for key, value in parts.items()})


LAYOUTS: dict[str, tuple[Callable[[Path], None], str, dict[str, list[tuple[str, str]]]]] = {
    "Food-101": (
        food,
        TOP1,
        dict(
            train=[("images/cake/2.jpg", "cake"), ("images/pie/1.jpg", "pie")],
            test=[("images/pie/3.jpg", "pie")],
        ),
    ),
    "Birdsnap": (
        birdsnap,
        TOP1,
        dict(
            train=[("images/crow/1.jpg", "crow"), ("images/rook/2.jpg", "rook")],
            test=[("images/crow/3.jpg", "crow")],
        ),
    ),
    "SUN397": (
        sun,
        TOP1,
        dict(
            train=[("a/abbey/1.jpg", "a/abbey"), ("b/bar/indoor/2.jpg", "b/bar/indoor")],
            test=[("a/abbey/3.jpg", "a/abbey")],
        ),
    ),
    "Stanford Cars": (
        cars,
        TOP1,
        dict(
            train=[("cars_train/1.jpg", "Jeep"), ("cars_train/2.jpg", "Audi A4")],
            test=[("cars_test/1.jpg", "Jeep")],
        ),
    ),
    "FGVC Aircraft": (
        aircraft,
        MEAN_PER_CLASS,
        dict(
            train=[("data/images/11.jpg", "Boeing 737-700"), ("data/images/12.jpg", "DC-3")],
            val=[("data/images/13.jpg", "DC-3")],
            test=[("data/images/14.jpg", "Boeing 737-700")],
        ),
    ),
    "DTD": (
        dtd,
        TOP1,
        dict(
            train=[("images/lined/1.jpg", "lined"), ("images/woven/2.jpg", "woven")],
            val=[("images/woven/3.jpg", "woven")],
            test=[("images/lined/4.jpg", "lined")],
        ),
    ),
    "Oxford-IIIT Pets": (
        pets,
        MEAN_PER_CLASS,
        dict(
            train=[
                ("images/Basset_Hound_1.jpg", "Basset_Hound"),
                ("images/Birman_7.jpg", "Birman"),
            ],  # fmt: skip # noqa: E501
            test=[("images/Birman_9.jpg", "Birman")],
        ),
    ),
    "Oxford Flowers": (
        flowers,
        MEAN_PER_CLASS,
        dict(
            train=[("jpg/image_00001.jpg", "007"), ("jpg/image_00002.jpg", "009")],
            val=[("jpg/image_00005.jpg", "009")],
            test=[("jpg/image_00003.jpg", "009"), ("jpg/image_00004.jpg", "007")],
        ),
    ),
}


def entries(images: ImageSet) -> dict[str, list[tuple[str, str]]]:
    parts = dict(train=images.train, val=images.val, test=images.test)
    return {
        name: [
            (path, images.classes[label])
            for path, label in zip(part.names, part.labels, strict=True)
        ]
        for name, part in parts.items()
        if part is not None
    }


@pytest.mark.parametrize("title", LAYOUTS)
@pytest.mark.parametrize("inner", ["", "as_unpacked"])
def test_published__every_picture_with_its_class(title: str, inner: str, tmp_path: Path) -> None:
    build, metric, expected = LAYOUTS[title]
    (tmp_path / inner).mkdir(exist_ok=True)
    build(tmp_path / inner)
    found = read_image_set(tmp_path)
    assert (found.name, found.metric) == (title, metric)
    assert entries(found) == expected
    assert len(found.notes) == 1 and found.notes[0].startswith(f"not the whole {title}: found 2 ")


def voc(root: Path, **changes: str) -> None:
    for part, pictures in (("train", "12"), ("val", "3"), ("test", "4"), ("trainval", "123")):
        for label in CLASSES:
            value = {"cat": "1", "dog": "0"}.get(label, "-1")
            text = "".join(f"00000{n} {value:>2}\n" for n in pictures)
            put(root, **{f"ImageSets__Main__{label}_{part}": changes.get(f"{label}_{part}", text)})
    touch(root, *(f"JPEGImages/00000{n}.jpg" for n in "1234"))


def test_voc2007__labels_of_all_classes(tmp_path: Path) -> None:
    voc(tmp_path / "VOC2007")
    found = read_image_set(tmp_path)
    assert found.metric == MAP11
    assert found.train.names == ("JPEGImages/000001.jpg", "JPEGImages/000002.jpg")
    expected = [{"cat": 1, "dog": -1}.get(label, 0) for label in CLASSES]
    assert found.train.labels.tolist() == [expected] * 2
    assert found.val is not None and len(found.val) == len(found.test) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [("000001 2\n000002 1\n", "expected a picture and 1, 0 or -1"), ("000009 1\n", "other")],
)
def test_voc2007__a_list_that_says_something_else(text: str, message: str, tmp_path: Path) -> None:
    voc(tmp_path, bird_train=text)
    with pytest.raises(DataError, match=f"bird_train.txt.*{message}"):
        read_image_set(tmp_path)


def test_published__a_missing_picture_is_named(tmp_path: Path) -> None:
    dtd(tmp_path)
    (tmp_path / "images/woven/3.jpg").unlink()
    with pytest.raises(DataError, match=r"1 picture of the lists of DTD is missing.*woven/3\.jpg"):
        read_image_set(tmp_path)


@pytest.mark.parametrize("name", ["../../etc/1", "/etc/1", "..", "a\\\\b/1"])
def test_published__a_list_chooses_no_path_outside(name: str, tmp_path: Path) -> None:
    food(tmp_path)
    put(tmp_path, meta__test=f"pie/{name}\n" if name == ".." else f"{name}\n")
    with pytest.raises(DataError, match="below the folder of the set|missing|do not train"):
        read_image_set(tmp_path)


def test_published__damaged_lists_are_named(tmp_path: Path) -> None:
    flowers(tmp_path)
    (tmp_path / "setid.mat").write_bytes(b"no MATLAB file")
    with pytest.raises(DataError, match="setid.mat"):
        read_image_set(tmp_path)
    put(tmp_path / "other", data__images_variant_train="11\n")
    with pytest.raises(DataError, match="line 1: expected 2 words"):
        read_image_set(tmp_path / "other")
