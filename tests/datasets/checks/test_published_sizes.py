"""Folders against published numbers, which are small here."""

import json
from pathlib import Path

import pytest

from argus.datasets.checks.published_sizes import compare, compare_roots
from argus.datasets.convert.all_converters import CONVERTERS
from argus.datasets.convert.conversion import Options, run
from argus.datasets.convert.published import PUBLISHED
from tests.datasets.convert.archive_files import write_tree
from tests.datasets.convert.published_numbers import publish

IMAGES = [dict(id=i, file_name=f"{i:012d}.jpg", height=4, width=5) for i in (9, 25, 30)]


def box(identity: int, image: int, *, height: int = 2, crowd: int = 0, points: int = 0) -> dict:
    return dict(
        id=identity,
        image_id=image,
        category_id=1,
        bbox=[0, 0, 3, height],
        iscrowd=crowd,
        num_keypoints=points,
        segmentation=[[0, 0, 1, 0, 1, 1]],
    )


OBJECTS = [box(1, 9, points=3), box(2, 9, height=0), box(3, 30, crowd=1)]
FILES = [f"{kind}_{split}2017.json" for split in ("train", "val")
         for kind in ("instances", "person_keypoints", "captions")]  # fmt: skip
NUMBERS = {
    "train images": 3,
    "val images": 3,
    "annotation files": 6,
    **{f"instances_{split}2017.json {what}": number for split in ("train", "val")
       for what, number in {"images": 3, "classes": 1, "objects": 3, "crowds": 1,
                            "images without objects": 1}.items()},
    "instances_train2017.json boxes without area": 1,
    **{f"person_keypoints_{split}2017.json {what}": number for split in ("train", "val")
       for what, number in {"persons": 3, "persons with keypoints": 1,
                            "images with persons": 2}.items()},
}  # fmt: skip


@pytest.fixture
def coco(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    publish(monkeypatch, "coco", NUMBERS)
    content = dict(images=IMAGES, annotations=OBJECTS, categories=[dict(id=1, name="person")])
    files = {f"annotations/{name}": json.dumps(content).encode() for name in FILES}
    for split in ("train", "val"):
        files |= {f"{split}2017/{image['file_name']}": b"x" for image in IMAGES}
    return write_tree(tmp_path / "data/coco", files)


def test_compare__as_published(coco: Path) -> None:
    findings = compare(CONVERTERS["coco"], coco)
    assert not findings.errors + findings.warnings + findings.notes
    found = {name: number for name, number in findings.counts.items() if number}
    assert found == NUMBERS


def test_compare__names_what_is_missing_and_too_many(coco: Path) -> None:
    (coco / "val2017/000000000025.jpg").unlink()
    (coco / "val2017/copy.jpg").write_bytes(b"x")
    (coco / "train2017/other.jpg").write_bytes(b"x")
    errors = compare(CONVERTERS["coco"], coco).errors
    assert errors == [
        "train images: 4 of the 3 that are published, 1 too many "
        f"({PUBLISHED['coco']['train images'].source})",
        "train images: 1 file is too many: other.jpg",
        "val images: 1 file is missing: 000000000025.jpg",
        "val images: 1 file is too many: copy.jpg",
    ]


def test_compare__annotations_that_were_cut(coco: Path) -> None:
    path = coco / "annotations/instances_train2017.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | dict(annotations=OBJECTS[:1])))
    text = "\n".join(compare(CONVERTERS["coco"], coco).errors)
    assert "instances_train2017.json objects: 1 of the 3 that are published, 2 missing" in text
    assert "instances_train2017.json images without objects: 2 of the 1" in text


def test_compare__a_part_on_purpose(coco: Path, tmp_path: Path) -> None:
    (coco / "val2017/000000000025.jpg").unlink()
    (coco / "train2017/other.jpg").write_bytes(b"x")
    findings = compare(CONVERTERS["coco"], coco, allow_partial=True)
    assert [note.split(": ")[0] for note in findings.notes] == ["val images", "val images"]
    assert all("too many" in error for error in findings.errors)
    (coco / "train2017/other.jpg").unlink()
    run(CONVERTERS["coco"], coco, tmp_path / "part", Options(allow_partial=True))
    findings = compare(CONVERTERS["coco"], tmp_path / "part")
    assert len(findings.notes) == 2 and not findings.errors
    run(CONVERTERS["coco"], coco, tmp_path / "part", Options())
    assert len(compare(CONVERTERS["coco"], tmp_path / "part").errors) == 2


def test_compare__nothing_there(tmp_path: Path) -> None:
    for name, converter in CONVERTERS.items():
        (error,) = compare(converter, tmp_path / "nothing").errors
        assert f"nothing: no file of {converter.title}" in error and name in error


def test_compare_roots__known_by_record_and_by_place(coco: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    run(CONVERTERS["coco"], coco, elsewhere, Options())
    for root in (coco, elsewhere):
        (root / "train2017/000000000009.jpg").unlink()
    task = dict(train=dict(dataset=dict(datasets=[dict(data_root=f"{coco}/")])),
                val=dict(dataset=dict(data_root=str(elsewhere / "train2017"))),
                test=dict(dataset=dict(data_root="s3://data/coco")))  # fmt: skip
    first, second = compare_roots([task, dict(data_root=str(tmp_path))])
    assert [f.where for f in (first, second)] == [f"coco in {coco}", f"coco in {elsewhere}"]
    assert not first.errors and first.warnings == second.warnings
    assert first.warnings[1] == "train images: 1 file is missing: 000000000009.jpg"
    assert "instances_train2017.json objects" not in first.counts


def test_compare__numbered_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that follow from the number that is published."""
    publish(monkeypatch, "ade20k", {"val images": 3})
    root = tmp_path / "ade/ADEChallengeData2016/images/validation"
    write_tree(root, {"ADE_val_00000001.jpg": b"", "ADE_val_00000003.jpg": b""})
    assert compare(CONVERTERS["ade20k"], tmp_path / "ade").errors[1:] == [
        "val images: 1 file is missing: ADE_val_00000002.jpg"
    ]
    publish(monkeypatch, "imagenet", {"val images": 2, "val classes": 2})
    for wnid in ("n01440764", "n01443537"):
        write_tree(tmp_path / "imagenet/val" / wnid, {"ILSVRC2012_val_00000001.JPEG": b""})
    assert compare(CONVERTERS["imagenet"], tmp_path / "imagenet").errors == [
        "val images: 1 file is missing: ILSVRC2012_val_00000002.JPEG",
        "val images: 1 file is there more than once: ILSVRC2012_val_00000001.JPEG",
    ]
    publish(monkeypatch, "mvtec", {"screw train": 2})
    write_tree(tmp_path / "mvtec/screw/train/good", {"000.png": b"", "002.png": b""})
    assert compare(CONVERTERS["mvtec"], tmp_path / "mvtec").errors == [
        "screw train: 1 file is missing: 001.png",
        "screw train: 1 file is too many: 002.png",
    ]


def test_compare__what_is_not_counted_is_named(tmp_path: Path, monkeypatch) -> None:
    """How many pictures have people is not published, but listed."""
    publish(monkeypatch, "pascal-parts", {"images": 1, "train list": 1})
    files = {f"ImageSets/{name}.txt": b"2008_000003\n" for name in ("train", "person_train")}
    write_tree(tmp_path, {"JPEGImages/2008_000003.jpg": b"", **files})
    assert compare(CONVERTERS["pascal-parts"], tmp_path).errors == [
        "human parts: 1 file is missing: 2008_000003"
    ]


def test_published__parts_and_sums() -> None:
    """Numbers that follow from each other."""

    def numbers(name: str) -> dict[str, int]:
        return {count: published.number for count, published in PUBLISHED[name].items()}

    assert PUBLISHED.keys() == CONVERTERS.keys()
    assert all(c.source for counts in PUBLISHED.values() for c in counts.values())
    coco = numbers("coco")
    objects = [coco[f"instances_{split}2017.json objects"] for split in ("train", "val")]
    crowds = [coco[f"instances_{split}2017.json crowds"] for split in ("train", "val")]
    # Without crowds, as cocodataset.org says.
    assert sum(objects) - sum(crowds) == 886_284
    assert coco["train images"] - coco["instances_train2017.json images without objects"] == 117_266
    pascal, nyu = numbers("pascal"), numbers("nyuv2-labeled")
    assert pascal["train list"] + pascal["val list"] == pascal["images"] == 10_103
    assert nyu["train list"] + nyu["val list"] == nyu["image"] == 1_449
