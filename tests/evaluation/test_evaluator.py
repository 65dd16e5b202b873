"""Names and units of metrics, and the mean relative gain."""

import numpy as np
import pytest
import torch
from mmdet.evaluation import CocoMetric, CocoPanopticMetric
from mmdet.evaluation.metrics.faster_coco_metric import FasterCocoMetric
from mmengine.evaluator import BaseMetric
from mmpretrain.evaluation import Accuracy, SingleLabelMetric
from mmseg.evaluation import DepthMetric, IoUMetric

from argus.errors import ConfigError
from argus.evaluation.evaluator import TaskEvaluator, mean_relative_gain, metric_name
from argus.evaluation.percents import to_fraction


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("coco/bbox_mAP", "bbox_mAP"),
        ("coco/segm_mAP_50", "segm_mAP_50"),
        ("coco/AP", "AP"),
        ("coco/AP .5", "AP_50"),
        ("coco/AP .75", "AP_75"),
        ("coco/AP (M)", "AP_M"),
        ("coco/AR .5", "AR_50"),
        ("coco/AR (L)", "AR_L"),
        ("accuracy/top1", "top1"),
        ("mIoU", "mIoU"),
        ("aAcc", "aAcc"),
        ("a1/delta<1.25", "delta_1.25"),
    ],
)
def test_metric_name__is_one_word(name: str, expected: str) -> None:
    assert metric_name(name) == expected


def test_metric__of_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"FasterCocoMetric needs the package faster-coco-eval"):
        TaskEvaluator("toy", [FasterCocoMetric()], dataset_meta=dict(classes=("a",)))


class _Fixed(BaseMetric):
    default_prefix = "fixed"

    def __init__(self, **values) -> None:
        super().__init__()
        self.values = values

    def process(self, data_batch: dict, data_samples: list) -> None:
        self.results.extend(data_samples)

    def compute_metrics(self, results: list) -> dict:
        return {**self.values, "count": len(results)}


class _Percent(_Fixed):
    __module__ = Accuracy.__module__


_Percent.__name__ = Accuracy.__name__


class _OfPercent(_Percent):
    """A user's own, derived from one of mmpretrain."""


class _Coco(_Fixed):
    __module__ = CocoMetric.__module__


def test_evaluator__percents_become_fractions_and_the_rest_stays() -> None:
    metrics = [_Fixed(mAP=0.25, rmse=3.0), _Percent(mIoU=25.0)]
    evaluator = TaskEvaluator("job", metrics, dataset_meta={})
    evaluator.process([{}] * 5, {})
    found = evaluator.evaluate(4)
    assert found["job/mAP"] == 0.25 and found["job/rmse"] == 3.0
    assert found["job/mIoU"] == pytest.approx(0.25)


def test_evaluator__percents_of_a_derived_metric_become_fractions_too() -> None:
    evaluator = TaskEvaluator("job", [_OfPercent(mIoU=25.0)], dataset_meta={})
    evaluator.process([{}], {})
    assert evaluator.evaluate(1)["job/mIoU"] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        (DepthMetric, "rmse", 0.5),
        (IoUMetric, "mIoU", 0.005),
        (CocoPanopticMetric, "PQ", 0.005),
        (CocoMetric, "bbox_mAP", 0.5),
        (SingleLabelMetric, "precision", 0.005),
        (SingleLabelMetric, "support", 0.5),
        (SingleLabelMetric, "support_thr-0.50", 0.5),
    ],
)
def test_to_fraction__by_what_the_metric_reports(kind: type, name: str, expected: float) -> None:
    """By their documentation: depth in metres and counts stay; IoU, PQ, precision are percents."""
    metric = kind.__new__(kind)
    assert 0.5 * to_fraction(metric, metric_name(name)) == pytest.approx(expected)


def test_evaluator__depth_of_mmseg_is_in_its_unit() -> None:
    evaluator = TaskEvaluator("depth", [dict(type=DepthMetric)], dataset_meta={})
    maps = dict(
        pred_depth_map=dict(data=torch.full((1, 4, 4), 2.0)),
        gt_depth_map=dict(data=torch.full((1, 4, 4), 2.5)),
    )
    evaluator.process([dict(**maps, img_path="1.jpg")], {})
    found = evaluator.evaluate(1)
    assert (found["depth/rmse"], found["depth/d1"]) == pytest.approx((0.5, 0.0))
    assert found["depth/abs_rel"] == pytest.approx(0.2)


def test_evaluator__what_could_not_be_measured_is_no_number() -> None:
    metrics = [
        _Coco(bbox_mAP=-1.0, bbox_mAP_l=np.float64(0.25)),
        _Percent(mIoU=np.float64("nan"), aAcc=50.0),
        _Fixed(offset=-1.0),  # of a metric of another kind, where it means something
    ]
    evaluator = TaskEvaluator("job", metrics, dataset_meta={})
    evaluator.process([{}], {})
    found = evaluator.evaluate(1)
    found.pop("job/count")
    assert found == {"job/bbox_mAP_l": 0.25, "job/aAcc": 0.5, "job/offset": -1.0}
    assert evaluator.unmeasured == {"job/bbox_mAP", "job/mIoU"}


def test_evaluator__forgets_what_could_not_be_measured_before() -> None:
    metric = _Coco(bbox_mAP=-1.0)
    evaluator = TaskEvaluator("job", [metric], dataset_meta={})
    for value, unmeasured in ((-1.0, {"job/bbox_mAP"}), (0.0, set())):
        metric.values = dict(bbox_mAP=value)
        evaluator.process([{}], {})
        evaluator.evaluate(1)
        assert evaluator.unmeasured == unmeasured


def test_evaluator__drops_padding_and_starts_anew() -> None:
    evaluator = TaskEvaluator("job", [_Fixed()], dataset_meta={})
    for count in (4, 3):
        evaluator.process([{}] * 5, {})
        assert evaluator.evaluate(count) == {"job/count": count}


def test_evaluator__leaves_out_what_is_no_number() -> None:
    metric = _Fixed(per_class=np.ones(3), table="a | b", copypaste=[1, 2], good=np.float32(0.5))
    evaluator = TaskEvaluator("job", [metric], dataset_meta={})
    evaluator.process([{}], {})
    assert set(evaluator.evaluate(1)) == {"job/good", "job/count"}


def test_evaluator__metrics_know_the_data_set() -> None:
    metric = _Fixed()
    TaskEvaluator("job", [metric], dataset_meta=dict(classes=("a", "b")))
    assert metric.dataset_meta == dict(classes=("a", "b"))


def test_mean_relative_gain__equals_numpy() -> None:
    rng = np.random.default_rng(0)
    names = [f"task{i}/metric" for i in range(6)]
    measured, baseline = rng.uniform(0.1, 2.0, (2, 6))
    lower = names[1::2]
    sign = np.array([1, -1] * 3)
    found = mean_relative_gain(
        dict(zip(names, measured, strict=True)) | {"other/metric": 9.0},
        dict(zip(names, baseline, strict=True)),
        lower_is_better=lower,
    )
    assert found == pytest.approx(np.mean(sign * (measured / baseline - 1)))


def test_mean_relative_gain__less_error_is_a_gain() -> None:
    assert mean_relative_gain({"d/rmse": 0.4}, {"d/rmse": 0.5}, lower_is_better=["d/rmse"]) > 0
    assert mean_relative_gain({"d/rmse": 0.4}, {"d/rmse": 0.5}, lower_is_better=[]) < 0


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        ({}, "baseline is empty"),
        ({"a/x": 0.0}, r"baseline\['a/x'\] is 0"),
        ({"a/y": 1.0}, r"'a/y', which was not measured. Measured: \['a/x'\]"),
    ],
)
def test_mean_relative_gain__mistakes(baseline: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        mean_relative_gain({"a/x": 1.0}, baseline, lower_is_better=[])


def test_collect__leaves_no_folder_in_the_current_one() -> None:
    plain, named = IoUMetric(), IoUMetric()
    named.collect_dir = "shared"
    TaskEvaluator("semantic", [plain, named], dataset_meta=dict(classes=("a", "b")))
    assert plain.collect_device == "gpu", "messages; 'cpu' writes ./.dist_test"
    assert (named.collect_device, named.collect_dir) == ("cpu", "shared")
