"""The owners' archives in small."""

import io
import json
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from argus.datasets.convert.conversion import Options, run
from argus.datasets.convert.pascal import VOC_CLASSES
from argus.datasets.convert.pascal_parts import PASCAL_PARTS
from argus.datasets.pascal_context import PascalContext
from argus.errors import DataError
from tests.datasets.convert.archive_files import image_bytes, tar_bytes, write_tree
from tests.datasets.convert.test_pascal import PERSON_FILE, expected_parts, mask, part_file

LISTS = {"train": ["2008_000002", "2008_000008"], "val": ["2008_000003"]}
NAMES = [name for names in LISTS.values() for name in names]
GRASS, ROAD = 187, 324


def context(index: int) -> np.ndarray:
    rng = np.random.default_rng(index)
    return rng.choice(np.array([*VOC_CLASSES, GRASS, ROAD], np.uint16), (48, 64))


def merged() -> dict:
    """The file of the parts: pictures, and annotations of several kinds that are much more."""
    images = [
        dict(file_name=f"{name}.jpg", image_id=int(name.replace("_", "")), phase=split)
        | dict(height=48, width=64, date_captured="2008")
        for split, names in (*LISTS.items(), ("test", ["2008_000001"]))
        for name in names
    ]
    annotation = dict(image_id=2008000002, segmentation=dict(counts="a" * 9, size=[48, 64]))
    return dict(
        info=dict(year=2017, description="PASCAL"),
        images=images,
        annos_segmentation=[annotation] * 3,
        annos_joints=[dict(keypoints=[1] * 39, file_name="2008_000099.jpg")],
        parts=[dict(part_id=1, superpart="none", name="head")],
        categories=[dict(category_id=2, name="aeroplane")],
    )


def downloads() -> dict[str, bytes]:
    voc, parts, labels = {}, {}, {}
    for index, name in enumerate([*NAMES, "2008_000001"]):
        picture = image_bytes(np.full((48, 64, 3), 40 * index, np.uint8), ".jpg")
        voc[f"VOCdevkit/VOC2010/JPEGImages/{name}.jpg"] = picture
        voc[f"VOCdevkit/VOC2010/Annotations/{name}.xml"] = b"<annotation/>"
        no_people = part_file([(8, mask(0, 9, 0, 9), [])])
        content = PERSON_FILE if name == NAMES[0] else no_people
        parts[f"Annotations_Part/{name}.mat"] = content
        stream = io.BytesIO()
        savemat(stream, {"LabelMap": context(index)}, do_compression=True)
        labels[f"trainval/{name}.mat"] = stream.getvalue()
    border = np.full((48, 64), 255, np.uint8)
    border[9:, 9:] = 15
    palette = Image.fromarray(border)
    palette.putpalette(list(range(256)) * 3)
    stream = io.BytesIO()
    palette.save(stream, "PNG")
    voc[f"VOCdevkit/VOC2010/SegmentationClass/{NAMES[1]}.png"] = stream.getvalue()
    voc[f"VOCdevkit/VOC2010/SegmentationObject/{NAMES[1]}.png"] = b"not needed"
    voc["VOCdevkit/VOC2010/ImageSets/Segmentation/train.txt"] = b"2008_000001\n"
    parts["demo.m"] = b"% a demo"
    labels |= {"labels.txt": b"1: accordion\n2: aeroplane\n", "._trainval": b"mac"}
    return {
        "VOCtrainval_03-May-2010.tar": tar_bytes(voc),
        "trainval.tar.gz": tar_bytes(labels, "gz"),
        "parts/trainval.tar.gz": tar_bytes(parts, "gz"),
        "trainval_merged.json": json.dumps(merged()).encode(),
    }


def test_pascal_parts__the_owners_archives(tmp_path: Path) -> None:
    source, out = write_tree(tmp_path / "s", downloads()), tmp_path / "out"
    counts = run(PASCAL_PARTS, source, out, Options())
    assert {count.name: count.found for count in counts} == {
        "images": 3,
        "semseg": 3,
        "train list": 2,
        "val list": 1,
    }
    for index, name in enumerate(NAMES):
        read = cv2.imread(str(out / f"semseg/{name}.png"), cv2.IMREAD_UNCHANGED)
        if name == NAMES[1]:
            assert (read[9:, 9:] == 15).all() and (read[:9] == 255).all()
            continue
        stored = context(index)
        for y, x in np.ndindex(read.shape):
            classes = [0, *VOC_CLASSES]
            expected = classes.index(stored[y, x]) if stored[y, x] in classes else 0
            assert read[y, x] == expected
    people = PascalContext("ImageSets/train.txt", labels=("parsing",), data_root=str(out))
    assert [Path(people.get_data_info(i)["img_path"]).stem for i in range(len(people))] == NAMES[:1]
    parts = cv2.imread(str(out / f"human_parts_png/{NAMES[0]}.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(parts, expected_parts())
    assert not (out / ".converted/pascal-parts").exists()


def test_pascal_parts__unpacked_with_lists(tmp_path: Path) -> None:
    """As mmsegmentation's users have it, unpacked and with lists in the place of the JSON."""
    source = tmp_path / "s"
    for name, content in downloads().items():
        if ".tar" in name:
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(source, filter="data")
    lists = source / "VOCdevkit/VOC2010/ImageSets/SegmentationContext"
    write_tree(lists, {f"{k}.txt": "\n".join(v).encode() for k, v in LISTS.items()})
    counts = run(PASCAL_PARTS, source, tmp_path / "out", Options())
    assert [count.found for count in counts] == [3, 3, 2, 1]


def test_pascal_parts__mistakes(tmp_path: Path) -> None:
    whole = downloads()
    cases = {
        "trainval_merged.json": (None, "no trainval_merged.json in it"),
        "parts/trainval.tar.gz": (None, "no file for human_parts in it"),
        "trainval.tar.gz": (None, "no file for pascal-context/trainval in it"),
        "VOCtrainval_03-May-2010.tar": (None, "2008_000002.jpg is in a list but does not exist"),
    }
    other = dict(images=[dict(file_name="2008_000002.jpg")])
    cases["./trainval_merged.json"] = (json.dumps(other).encode(), "'file_name' and 'phase'")
    outside = dict(images=[dict(file_name="../a.jpg", phase="train")])
    cases["././trainval_merged.json"] = (json.dumps(outside).encode(), "outside the target")
    for number, (name, (content, message)) in enumerate(cases.items()):
        files = {k: v for k, v in whole.items() if k != name.replace("./", "")}
        if content is not None:
            files[name.replace("./", "")] = content
        source = write_tree(tmp_path / str(number), files)
        with pytest.raises(DataError, match=message):
            run(PASCAL_PARTS, source, tmp_path / f"out{number}", Options())
