"""Files that entries name and that are missing are told in one message, before the first step."""

import json
from pathlib import Path
from typing import Any

import pytest
from mmengine.dataset import ConcatDataset
from mmengine.logging import MMLogger

from argus.datasets.checks.missing_files import missing_files
from argus.datasets.coco import CocoInstances
from argus.engine.checks.present_files import check_files_there
from argus.engine.loading.loaders import build_eval_loader, guarded_dataset
from argus.errors import DataError
from argus.tasks import EvalData, TrainData
from tests.datasets import toy_coco
from tests.datasets.label_sets import SQUARE, semantic, write_maps
from tests.datasets.toy_coco import annotation


def coco(root: Path, num_missing: int, num_images: int = 8) -> dict[str, Any]:
    boxes = [annotation(i, i) for i in range(1, num_images + 1)]
    toy_coco.write(root, boxes, num_images=num_images)
    for number in range(1, num_missing + 1):
        (root / f"images/{number}.jpg").unlink()
    return toy_coco.config(root, CocoInstances, metainfo=dict(classes=("person", "car")))


def check(config: dict[str, Any], **changes: Any) -> None:
    data = TrainData(dataset=config, batch_size=1, num_workers=0, **changes)
    dataset = guarded_dataset(config, task="toy", part="train", seed=0, strict=False)
    check_files_there(dataset, data, where="here")


def test_training__says_how_many_which_and_where(tmp_path: Path) -> None:
    config = coco(tmp_path, 5)
    with pytest.raises(DataError) as error:
        check(config)
    assert str(error.value) == (
        "here: 5 files of the 8 entries are missing: 1.jpg, 2.jpg, 3.jpg, ... of "
        f"{tmp_path / 'images'}. Bring them there, correct data_root, data_prefix or the suffix, "
        "or take their entries out of the list or annotation file."
    )
    check(coco(tmp_path / "whole", 0))


def test_training__few_are_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(MMLogger, "warning", lambda self, text: warnings.append(text))
    check(coco(tmp_path, 1), max_bad_share=0.2)
    (text,) = warnings
    assert "1 file of the 8 entries is missing: 1.jpg of" in text
    with pytest.raises(DataError, match="1 file of the 8 entries"):
        check(coco(tmp_path, 1), max_bad_share=0.1)


def test_evaluation__misses_none(tmp_path: Path) -> None:
    data = EvalData(dataset=coco(tmp_path, 1), num_workers=0)
    with pytest.raises(DataError, match=r"tasks\.toy\.val\.dataset: 1 file of the 8 entries"):
        build_eval_loader(data, task="toy", part="val", seed=0)


def test_label_maps__of_several_folders(tmp_path: Path) -> None:
    parts = [semantic(write_maps(tmp_path / name, [SQUARE] * 3)) for name in "ab"]
    for part in parts:  # a list names them, files need not be there
        root = Path(part["data_root"])
        (root / "list.txt").write_text("0\n1\n2\n")
        part["ann_file"] = "list.txt"
    (tmp_path / "a/labels/0.png").unlink()
    (tmp_path / "b/labels/2.png").unlink()
    (tmp_path / "b/labels/1.png").unlink()
    with pytest.raises(DataError) as error:
        check(dict(type=ConcatDataset, datasets=parts))
    assert f"1.png, 2.png of {tmp_path / 'b/labels'}; and of 1 other folder" in str(error.value)


def test_large_sets__are_looked_at_in_part(tmp_path: Path) -> None:
    content = toy_coco.content([], 500)
    (tmp_path / "images").mkdir()
    (tmp_path / "instances.json").write_text(json.dumps(content))
    dataset = guarded_dataset(
        toy_coco.config(tmp_path, CocoInstances, metainfo=dict(classes=("person", "car"))),
        **dict(task="toy", part="train", seed=0, strict=False),
    )
    found = missing_files(dataset, most=20)
    assert (len(found.paths), found.num_seen, found.num_all) == (20, 20, 500)
    assert "20 files of 20 of the 500 entries, those that were looked at, are" in str(found)
