"""The check of data reads what the metrics will read, and outlives it."""

import json
from pathlib import Path
from typing import Any

import pytest
from mmdet.evaluation import CocoMetric
from mmpose.evaluation import CocoMetric as PoseMetric

from argus.datasets.build import build_dataset
from argus.datasets.checks.metric_files import check_metric_file
from argus.datasets.checks.walk import check_tasks
from argus.datasets.coco import CocoInstances, CocoKeypoints
from argus.engine.checks.data import RunChecks
from argus.errors import DataError
from tests.datasets import toy_coco
from tests.datasets.toy_coco import annotation

CLASSES = dict(metainfo=dict(classes=("person", "car")))
CASES = Path(__file__).parents[4] / "shared/cases"


class MetricsAlone(RunChecks):
    """The data sets here have no pipeline."""

    def sample_errors(self, *args: Any) -> list[str]:
        return []


def instances(root: Path) -> dict[str, Any]:
    toy_coco.write(root, [annotation(1, 1), annotation(2, 2, category=3)])
    return toy_coco.config(root, CocoInstances, test_mode=True, **CLASSES)


def errors_of(config: dict[str, Any], metric: dict[str, Any], part: str = "val") -> list[str]:
    task = {part: dict(dataset=config, batch_size=1), "metrics": metric}
    (findings,) = check_tasks(dict(toy=task), run=MetricsAlone())
    return findings.errors


def test_metric__with_the_file_of_the_data_set_is_fine(tmp_path: Path) -> None:
    metric = dict(type=CocoMetric, ann_file=str(tmp_path / "instances.json"))
    assert errors_of(instances(tmp_path), metric) == []


def test_metric__file_of_its_own_is_read(tmp_path: Path) -> None:
    config = instances(tmp_path)
    other = toy_coco.content([annotation(7, 1, bbox=[0, 0, None, 3]), annotation(8, 9)], 2)
    path = tmp_path / "metric.json"
    path.write_text(json.dumps(other))
    metric = dict(type=CocoMetric, ann_file=str(path))
    expected = [
        "annotation 7: bbox [0, 0, None, 3], expected [x, y, width, height], four finite numbers",
        "annotation 8: image_id 9 is not in 'images', or that is malformed",
        "it has no image 3, 4, which the data set has: 2 of its 4 images cannot be measured. Give "
        "the metric the file of the data set",
    ]
    assert errors_of(config, metric) == [f"{path} (metric): {text}" for text in expected]
    # What is trained on is not measured.
    assert errors_of(config, metric, part="train") == []
    with pytest.raises(DataError, match=r"metric\.json: annotation 7: bbox .*; it has no image 3"):
        check_metric_file(metric, config, build_dataset(config, where="x"))
    path.write_text("[")
    (error,) = errors_of(config, metric)
    assert "no valid JSON" in error


def test_metric__lacks_a_class(tmp_path: Path) -> None:
    config = instances(tmp_path)
    other = toy_coco.content([annotation(1, 1)]) | dict(categories=[dict(id=1, name="person")])
    path = tmp_path / "metric.json"
    path.write_text(json.dumps(other))
    (error,) = errors_of(config, dict(type=CocoMetric, ann_file=str(path)))
    assert "car" in error and str(path) in error


def test_poses__without_area_cannot_be_measured(tmp_path: Path) -> None:
    person = annotation(1, 1, keypoints=toy_coco.keypoints(), num_keypoints=6)
    del person["area"], person["segmentation"]
    toy_coco.write(tmp_path, [person])
    config = toy_coco.config(tmp_path, CocoKeypoints, test_mode=True)
    metric = dict(type=PoseMetric, ann_file=str(tmp_path / "instances.json"))
    (error,) = errors_of(config, metric)
    assert "has keypoints, but neither area nor segmentation" in error
    assert errors_of(config, metric | dict(use_area=False)) == []


def test_metric__that_cannot_be_built_is_a_sentence(tmp_path: Path) -> None:
    (error,) = errors_of(instances(tmp_path), dict(type=CocoMetric, mean=3))
    assert "metrics" in error and "mean" in error
    (error,) = errors_of(instances(tmp_path), dict(type=CocoMetric, metric="map"))
    assert "map" in error


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here")
@pytest.mark.parametrize("kind", [CocoInstances, CocoKeypoints])
def test_metric__files_of_the_cases(tmp_path: Path, kind: type) -> None:
    toy_coco.write(tmp_path, [annotation(1, 1, keypoints=toy_coco.keypoints(), num_keypoints=6)])
    meta = CLASSES if kind is CocoInstances else {}
    config = toy_coco.config(tmp_path, kind, test_mode=True, **meta)
    metric = dict(type=CocoMetric if kind is CocoInstances else PoseMetric)
    for path in sorted(CASES.glob("*/*.json")):
        found = errors_of(config, metric | dict(ann_file=str(path)))
        assert all(len(error) < 600 and "cannot be built" not in error for error in found), found
