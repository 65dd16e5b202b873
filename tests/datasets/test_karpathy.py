"""Karpathy's file of captions: what is read, what is refused, and its converter."""

import json
from pathlib import Path
from typing import Any

import pytest

from argus.datasets.checks.published_sizes import compare
from argus.datasets.convert.all_converters import CONVERTERS
from argus.datasets.convert.conversion import Options, run
from argus.datasets.karpathy import part_of, read_karpathy
from argus.errors import DataError
from tests.datasets.convert.archive_files import zip_bytes
from tests.datasets.convert.published_numbers import publish


def image(split: str, name: str, *captions: str, folder: str | None = "val2014") -> dict[str, Any]:
    sentences = [dict(raw=text, tokens=text.split()) for text in captions]
    where = {} if folder is None else dict(filepath=folder)
    return dict(filename=name, split=split, sentences=sentences) | where


def write(path: Path, *images: dict[str, Any]) -> Path:
    path.write_text(json.dumps(dict(dataset="coco", images=images)))
    return path


def test_file__is_read_by_part(tmp_path: Path) -> None:
    path = write(tmp_path / "d.json", image("test", "a.jpg", "1", "2"), image("val", "b.jpg", "3"))
    (found,) = part_of(read_karpathy(path), "test", said_by=path)
    assert (found.path, found.captions) == ("val2014/a.jpg", ("1", "2"))
    flickr = write(tmp_path / "f.json", image("test", "a.jpg", "1", folder=None))
    assert read_karpathy(flickr)[0].path == "a.jpg"
    with pytest.raises(DataError, match="no pictures with split 'x'; there are test, val"):
        part_of(read_karpathy(path), "x", said_by=path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "expected a list 'images' of objects"),
        (dict(images=[3]), "expected a list 'images' of objects"),
        (dict(images=[dict(split="test", filename="a.jpg")]), r"images\[0\]: expected 'filename'"),
        (dict(images=[dict(split="test", filename="a", sentences=[3])]), "expected 'filename'"),
        (dict(images=[image("test", "../a.jpg", "x")]), "outside the target folder"),
        (dict(images=[image("test", "a.jpg", "x", folder="/etc")]), "outside the target folder"),
    ],
)
def test_file__that_is_another_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    path = tmp_path / "dataset_coco.json"
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=message):
        read_karpathy(path)


def test_converter__counts_pictures_and_captions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [
        image("test", "COCO_val2014_000000000001.jpg", "one", "two"),
        image("restval", "COCO_val2014_000000000002.jpg", "three"),
        image("train", "COCO_train2014_000000000003.jpg", "four", folder="train2014"),
    ]
    content = json.dumps(dict(images=images)).encode()
    source = tmp_path / "source"
    source.mkdir()
    (source / "caption_datasets.zip").write_bytes(
        zip_bytes({"dataset_coco.json": content, "dataset_flickr30k.json": b"{}"})
    )
    (source / "val2014.zip").write_bytes(
        zip_bytes({"val2014/COCO_val2014_000000000001.jpg": b"jpg"})
    )
    converter, out = CONVERTERS["coco-karpathy"], tmp_path / "out"
    run(converter, source, out, Options())
    files = sorted(
        str(p.relative_to(out)) for p in out.rglob("*") if p.is_file() and ".conv" not in str(p)
    )
    assert files == ["dataset_coco.json", "val2014/COCO_val2014_000000000001.jpg"]
    numbers = {"val2014 images": 2, "test images": 1, "test captions": 2, "restval images": 1}
    publish(monkeypatch, "coco-karpathy", numbers)
    findings = compare(converter, out)
    assert len(findings.errors) == 2
    assert "val2014 images: 1 of the 2 that are published, 1 missing" in findings.errors[0]
    assert "1 file is missing: COCO_val2014_000000000002.jpg" in findings.errors[1]
    (out / "val2014/COCO_val2014_000000000002.jpg").write_bytes(b"jpg")
    assert not compare(converter, out).errors
