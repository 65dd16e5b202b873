"""Which evaluation mmdet's metrics take, and that they give theirs back."""

import json
from pathlib import Path

import pytest
from mmdet.evaluation.metrics import coco_metric

from argus.coco_evaluation.average_precision import VARIABLE, FastCOCOeval
from argus.errors import ConfigError
from argus.evaluation.fast_coco import fast_coco
from tests.evaluation.perfect_detector import perfect_results


def test_fast_coco__stands_for_mmdets_while_it_evaluates() -> None:
    theirs = coco_metric.COCOeval
    with pytest.raises(KeyError), fast_coco():
        assert coco_metric.COCOeval is FastCOCOeval
        raise KeyError
    assert coco_metric.COCOeval is theirs


def test_evaluator__asks_the_variable(tmp_path: Path, monkeypatch) -> None:
    box = dict(id=1, image_id=1, category_id=1, bbox=[1, 2, 30, 40], area=1200, iscrowd=0)
    content = dict(
        images=[dict(id=1, height=60, width=60)],
        categories=[dict(id=1, name="cat")],
        annotations=[box],
    )
    path = tmp_path / "truth.json"
    path.write_text(json.dumps(content))
    found = perfect_results(path, ("cat",))
    assert found["toy/bbox_mAP"] == 1.0
    monkeypatch.setenv(VARIABLE, "pycocotools")
    assert perfect_results(path, ("cat",)) == found
    monkeypatch.setenv(VARIABLE, "guess")
    with pytest.raises(ConfigError, match=VARIABLE):
        perfect_results(path, ("cat",))
