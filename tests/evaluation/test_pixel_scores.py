"""A class that is never found counts, in every score over pixels of mmseg and mmdet."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from mmdet.evaluation import SemSegMetric
from mmengine.structures import PixelData
from mmseg.evaluation import IoUMetric
from mmseg.structures import SegDataSample
from sklearn.metrics import precision_recall_fscore_support

from argus.evaluation.evaluator import TaskEvaluator

CLASSES = ("floor", "cup", "pen", "lid", "jar")


def sample(truth: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    """Under the names of both libraries."""
    found = SegDataSample()
    for name, values in (("gt_sem_seg", truth), ("pred_sem_seg", predicted)):
        labels = torch.from_numpy(values)[None]
        found.set_data({name: PixelData(data=labels, sem_seg=labels)})
    return found.to_dict()


def measure(kind: type, truth: np.ndarray, predicted: np.ndarray, **options: Any) -> dict[str, Any]:
    metric = dict(type=kind, iou_metrics=["mFscore", "mDice"], **options)
    evaluator = TaskEvaluator("toy", [metric], dataset_meta=dict(classes=CLASSES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        # In two batches, since they are summed.
        for rows in (slice(0, 2), slice(2, None)):
            batch = dict(inputs=[torch.zeros(3, *truth[rows].shape)])
            evaluator.process([sample(truth[rows], predicted[rows])], batch)
        return {key.removeprefix("toy/"): v for key, v in evaluator.evaluate(2).items()}


# Pixels of the truth and what is predicted there: a pen is never said, a lid is never right, a jar
# is nowhere.
TRUTH = np.array([[0, 0, 0, 1, 1], [2, 2, 0, 1, 3], [3, 0, 1, 1, 2], [0, 0, 1, 3, 2]])
FOUND = np.array([[0, 0, 3, 1, 1], [0, 1, 0, 1, 0], [0, 0, 1, 0, 0], [0, 0, 1, 1, 3]])


@pytest.mark.parametrize("kind", [IoUMetric, SemSegMetric])
@pytest.mark.parametrize("beta", [1, 2])
def test_f_score__is_scikit_learns_over_the_classes_that_occur(kind: type, beta: int) -> None:
    expected = precision_recall_fscore_support(
        TRUTH.ravel(), FOUND.ravel(), beta=beta, average="macro", zero_division=0
    )
    found = measure(kind, TRUTH, FOUND, beta=beta)
    names = ("mPrecision", "mRecall", "mFscore")
    # The libraries round percents to two places.
    assert [found[name] for name in names] == pytest.approx(expected[:3], abs=6e-5)
    assert (found["mDice"] == pytest.approx(found["mFscore"], abs=1e-6)) == (beta == 1)
    assert found["aAcc"] == pytest.approx((TRUTH == FOUND).mean(), abs=6e-5)
    assert found["aAcc"] != pytest.approx(found["mRecall"], abs=0.01)


def test_f_score__of_a_class_that_is_only_predicted_is_0_as_its_dice() -> None:
    truth, found = np.zeros((4, 5), int), np.zeros((4, 5), int)
    found[0, 0] = 4
    values = measure(IoUMetric, truth, found)
    assert values["mDice"] == pytest.approx(38 / 39 / 2, abs=6e-5)
    assert values["mFscore"] == pytest.approx(values["mDice"], abs=1e-6)


def test_f_score__nan_to_num_fills_what_does_not_occur_and_nothing_else() -> None:
    values = measure(IoUMetric, TRUTH, FOUND, nan_to_num=1)
    expected = precision_recall_fscore_support(TRUTH.ravel(), FOUND.ravel(), zero_division=0)
    assert values["mFscore"] == pytest.approx(np.mean([*expected[2], 1.0]), abs=6e-5)
