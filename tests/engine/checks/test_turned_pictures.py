"""Pictures whose orientation may part them from their labels are told before the first step."""

import re
from pathlib import Path
from typing import Any

import pytest
from mmcv.transforms import LoadImageFromFile
from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs
from mmengine.logging import MMLogger
from PIL import Image

from argus.datasets.coco import CocoInstances
from argus.datasets.transforms import LoadImage
from argus.engine.checks.turned_pictures import tell_of_turned
from argus.engine.loading.loaders import build_eval_loader, guarded_dataset
from argus.tasks import EvalData, TrainData
from tests.datasets import toy_coco
from tests.datasets.toy_coco import annotation

TAG = 0x0112


def config(root: Path, tags: dict[int, int], load: dict[str, Any]) -> dict[str, Any]:
    """A data set of four pictures, some with an orientation."""
    toy_coco.write(root, [annotation(i, i) for i in (1, 2, 3, 4)])
    for number, tag in tags.items():
        exif = Image.Exif()
        exif[TAG] = tag
        path = root / f"images/{number}.jpg"
        Image.open(path).save(path, exif=exif)
    return toy_coco.config(
        root,
        CocoInstances,
        metainfo=dict(classes=("person", "car")),
        pipeline=[load, dict(type=LoadAnnotations, with_bbox=True), dict(type=PackDetInputs)],
    )


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    warnings: list[str] = []
    monkeypatch.setattr(MMLogger, "warning", lambda self, text: warnings.append(text))
    return warnings


@pytest.mark.parametrize(
    ("tags", "load", "words"),
    [
        ({2: 3}, dict(type=LoadImage), "of 4 pictures, 1 picture has .*Of 1 no size tells"),
        ({2: 3, 3: 6}, dict(type=LoadImage), "of 4 pictures, 2 pictures have .*Except for 1, "),
        # The size of the annotations settles it, or the config does.
        ({3: 6}, dict(type=LoadImage), None),
        ({2: 3, 3: 6}, dict(type=LoadImage, orientation="stored"), None),
        ({}, dict(type=LoadImage), None),
        # mmcv's loader goes by no size.
        ({3: 6}, dict(type=LoadImageFromFile), "LoadImageFromFile reads all of them as .* shown"),
        ({3: 6}, dict(type=LoadImageFromFile, imdecode_backend="pillow"), "Those of 1 were made"),
        ({3: 6}, dict(type=LoadImageFromFile, color_type="color_ignore_orientation"), None),
    ],
)
@pytest.mark.parametrize("num_workers", [0, 1])
def test_training__says_which_pictures_no_size_decides(
    tmp_path: Path,
    told: list[str],
    tags: dict[int, int],
    load: dict[str, Any],
    words: str | None,
    num_workers: int,
) -> None:
    data_set = config(tmp_path, tags, load)
    dataset = guarded_dataset(data_set, task="toy", part="train", seed=0, strict=False)
    data = TrainData(dataset=data_set, batch_size=1, num_workers=num_workers)
    tell_of_turned(dataset, data, where="here")
    assert len(told) == (words is not None)
    if words is not None:
        assert re.search(f"^here: .*{words}", told[0]), told
    told.clear()
    tell_of_turned(dataset, data, where="here", most=0)
    assert told == []


def test_evaluation__says_it_too(tmp_path: Path, told: list[str]) -> None:
    data = EvalData(dataset=config(tmp_path, {1: 3}, dict(type=LoadImage)), num_workers=0)
    build_eval_loader(data, task="toy", part="val", seed=0)
    (text,) = told
    assert text.startswith("tasks.toy.val.dataset: of 4 pictures, 1 picture has an EXIF")


def test_training__picture_that_cannot_be_read_is_told_later(
    tmp_path: Path, told: list[str]
) -> None:
    data_set = config(tmp_path, {1: 3}, dict(type=LoadImage))
    (tmp_path / "images/2.jpg").unlink()
    (tmp_path / "images/1.jpg").write_bytes((tmp_path / "images/1.jpg").read_bytes()[:-500])
    dataset = guarded_dataset(data_set, task="toy", part="train", seed=0, strict=False)
    tell_of_turned(dataset, TrainData(dataset=data_set, batch_size=1, num_workers=0), where="here")
    assert told == []
