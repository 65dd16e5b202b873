"""One rule for turned pictures and label maps: what is shown counts, or what the data set says."""

import io
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mmcv.transforms import LoadImageFromFile
from PIL import Image, ImageOps

from argus.datasets.checks.walk import check_tasks
from argus.datasets.coco import CocoInstances
from argus.datasets.transforms import (
    LoadDepth,
    LoadImage,
    LoadNormals,
    LoadSaliency,
    LoadSegMap,
)
from argus.datasets.transforms.loading import decode_image
from argus.datasets.transforms.orientation import orientation_of, turn
from argus.errors import ConfigError, DataError
from tests.datasets import toy_coco
from tests.datasets.label_sets import semantic
from tests.datasets.toy_coco import annotation

TAG = 0x0112
# Two classes, and a picture that is white where the second is; no two orientations look alike.
LABELS = np.zeros((24, 32), np.uint8)
LABELS[:8, :16] = 1
LABELS[8:16, :8] = 1


def exif(tag: int) -> Image.Exif:
    found = Image.Exif()
    found[TAG] = tag
    return found


def encoded(pixels: np.ndarray, tag: int, form: str) -> bytes:
    buffer = io.BytesIO()
    options = dict(lossless=True) if form == "WEBP" else dict(quality=95) if form == "JPEG" else {}
    Image.fromarray(pixels).save(buffer, form, exif=exif(tag), **options)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("tag", range(1, 9))
def test_pictures__of_all_forms_are_turned_alike(form: str, tag: int) -> None:
    grey = (LABELS * 255)[..., None].repeat(3, axis=2)
    content = encoded(grey, tag, form)
    assert orientation_of(content) == tag
    shown = np.array(ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB"))
    np.testing.assert_array_equal(decode_image(content) > 127, shown > 127)
    np.testing.assert_array_equal(turn(grey, tag) > 127, shown > 127)
    np.testing.assert_array_equal(decode_image(content, as_stored=True) > 127, grey > 127)


def write(root: Path, tag: int, labels: np.ndarray, label_tag: int = 1) -> dict[str, Any]:
    """A picture that its tag turns, and a label map; the sample."""
    (root / "images").mkdir(parents=True, exist_ok=True)
    (root / "labels").mkdir(exist_ok=True)
    # What is shown is white where the class is 1.
    stored = turn(LABELS, {6: 8, 8: 6}.get(tag, tag))
    (root / "images/a.jpg").write_bytes(encoded(stored * 255, tag, "JPEG"))
    (root / "labels/a.png").write_bytes(encoded(labels, label_tag, "PNG"))
    return dict(
        img_path=str(root / "images/a.jpg"),
        seg_map_path=str(root / "labels/a.png"),
        depth_path=str(root / "labels/a.png"),
        seg_fields=[],
    )


def agrees(sample: dict[str, Any], **options: Any) -> bool:
    results = LoadSegMap(2).transform(LoadImage(**options).transform(sample))
    return bool(((results["img"][..., 0] > 127) == (results["gt_seg_map"] == 1)).all())


@pytest.mark.parametrize("tag", range(1, 9))
def test_labels__lie_on_what_they_were_made_on(tmp_path: Path, tag: int) -> None:
    assert agrees(write(tmp_path, tag, LABELS))
    assert agrees(write(tmp_path, tag, LABELS), orientation="shown")
    stored = turn(LABELS, {6: 8, 8: 6}.get(tag, tag))
    assert agrees(write(tmp_path, tag, stored), orientation="stored")
    # A label map with a tag of its own is turned as well.
    assert agrees(write(tmp_path, tag, stored, label_tag=tag))


@pytest.mark.parametrize("tag", range(1, 9))
@pytest.mark.parametrize("mode", ["1", "P", "L"])
def test_two_valued_maps__with_a_tag_are_turned(tag: int, mode: str) -> None:
    stored = Image.fromarray(turn(LABELS, {6: 8, 8: 6}.get(tag, tag)) * 255).convert(mode)
    buffer = io.BytesIO()
    stored.save(buffer, "PNG", exif=exif(tag))
    found = LoadSaliency(positive=255).decode(buffer.getvalue())
    np.testing.assert_array_equal(found, LABELS)


@pytest.mark.parametrize("tag", range(1, 9))
def test_normals_of_16_bits__with_a_tag_are_turned(tag: int) -> None:
    bgr = np.zeros((*LABELS.shape, 3), np.uint16)
    bgr[..., :2] = 32768
    bgr[..., 2] = np.where(LABELS == 1, 65535, 0)
    png = cv2.imencode(".png", np.ascontiguousarray(turn(bgr, {6: 8, 8: 6}.get(tag, tag))))[1]
    content = png.tobytes()
    # The chunk behind the header: a TIFF structure with one entry.
    entry = struct.pack("<HHIHH", TAG, 3, 1, tag, 0)
    data = b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)
    chunk = b"eXIf" + data
    chunk = struct.pack(">I", len(data)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    normals = LoadNormals().decode(content[:33] + chunk + content[33:])
    np.testing.assert_array_equal(normals[..., 0] > 0, LABELS == 1)


@pytest.mark.parametrize("tag", [5, 6, 7, 8])
def test_labels__of_stored_pixels_are_an_error_that_names_the_tag(tmp_path: Path, tag: int) -> None:
    stored = turn(LABELS, {6: 8, 8: 6}.get(tag, tag))
    sample = LoadImage().transform(write(tmp_path, tag, stored))
    words = rf"is 24x32 .*, its image 32x24\. The picture has the EXIF orientation {tag}.*'stored'"
    for load in (LoadSegMap(2), LoadDepth(scale=1)):
        with pytest.raises(DataError, match=words):
            load.transform(dict(sample))
    sample = LoadImage(orientation="stored").transform(write(tmp_path, tag, LABELS))
    with pytest.raises(DataError, match=r"as they are shown: set orientation='shown'"):
        LoadSegMap(2).transform(sample)


def test_annotated_size__settles_it_unless_the_data_set_does(tmp_path: Path) -> None:
    sample = write(tmp_path, 6, LABELS) | dict(height=32, width=24)
    assert LoadImage().transform(dict(sample))["img"].shape == (32, 24, 3)
    with pytest.raises(DataError, match=r"read as it is shown; its EXIF orientation is 6"):
        LoadImage(orientation="shown").transform(dict(sample))
    with pytest.raises(ConfigError, match=r"expected 'shown', 'stored' or None"):
        LoadImage(orientation="turned")  # type: ignore[arg-type]


def warnings_of(config: dict[str, Any]) -> list[str]:
    (findings,) = check_tasks(dict(toy=dict(train=dict(dataset=config, batch_size=1))))
    assert findings.errors == []
    return findings.warnings


def test_check__says_the_rule(tmp_path: Path) -> None:
    write(tmp_path, 6, LABELS)
    config = semantic(tmp_path)
    text = f"1 picture has an EXIF orientation ({tmp_path}/images/a.jpg: 6); pictures are read as "
    shown = text + "they are shown, turned, and labels have to be made on that"
    assert warnings_of(config) == [shown]
    write(tmp_path, 1, LABELS)
    assert warnings_of(config) == []
    write(tmp_path, 3, LABELS)
    (warning,) = warnings_of(config)
    assert (
        f"Of 1 no size tells what the labels were made on (square, mirrored or upside down: "
        f"{tmp_path}/images/a.jpg: 3)" in warning
    )
    config["pipeline"][0]["orientation"] = "stored"
    (warning,) = warnings_of(config)
    assert (
        "pictures are read as they are stored, as LoadImage(orientation='stored') says" in warning
    )


def test_check__of_annotated_sizes(tmp_path: Path) -> None:
    toy_coco.write(tmp_path, [annotation(i, i) for i in (1, 2, 3)], num_images=3)
    for number, tag in ((1, 6), (2, 3)):
        path = tmp_path / f"images/{number}.jpg"
        Image.open(path).save(path, exif=exif(tag))
    meta = dict(classes=("person", "car"))
    (warning,) = [
        text
        for text in warnings_of(toy_coco.config(tmp_path, CocoInstances, metainfo=meta))
        if "EXIF" in text
    ]
    assert warning.startswith("2 pictures have an EXIF orientation")
    assert "Except for 1, of whose annotations the size is that of the stored pixels" in warning
    assert "if it was the stored pixels, as of the others, set orientation='stored'" in warning


@pytest.mark.parametrize(
    ("options", "reads"),
    [
        ({}, "shown"),
        (dict(imdecode_backend="pillow"), "shown"),
        (dict(color_type="color_ignore_orientation"), "stored"),
        (dict(color_type="unchanged"), "stored"),
    ],
)
def test_check__of_stock_loaders_says_what_they_do(
    tmp_path: Path, options: dict[str, Any], reads: str
) -> None:
    toy_coco.write(tmp_path, [annotation(i, i) for i in (1, 2)], num_images=2)
    path = tmp_path / "images/1.jpg"
    Image.open(path).save(path, exif=exif(6))
    size = np.array(Image.open(path)).shape[:2]
    found = LoadImageFromFile(**options)(dict(img_path=str(path)))["img"].shape[:2]
    assert found == (size if reads == "stored" else size[::-1])
    config = toy_coco.config(
        tmp_path, CocoInstances, metainfo=dict(classes=("person", "car")), pipeline=[]
    )
    config["pipeline"] = [dict(type=LoadImageFromFile, **options)]
    (warning,) = [text for text in warnings_of(config) if "EXIF" in text]
    assert f"; LoadImageFromFile reads all of them as they are {reads}, whatever size" in warning
    stored = f"Those of 1 were made on the stored pixels, .*{path}: 6. Take LoadImage of argus"
    assert bool(re.search(stored, warning)) == (reads == "shown")
