"""Scores beside scikit-learn, and the VOC metric by hand."""

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from argus.analysis.transfer.scores import mean_average_precision, score
from argus.datasets.transfer.record import MAP11, MEAN_PER_CLASS, TOP1


def test_score__equals_scikit_learn() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(3, (50,), generator=generator).pow(2).clamp(max=3)  # no class 2
    predicted = torch.rand(50, 4, generator=generator)
    guessed = predicted.argmax(1)
    assert score(predicted, labels, TOP1) == pytest.approx(accuracy_score(labels, guessed))
    expected = np.mean([(guessed[labels == c] == c).double().mean() for c in (0, 1, 3)])
    assert score(predicted, labels, MEAN_PER_CLASS) == pytest.approx(expected)
    kept = guessed != 2  # scikit-learn counts a class that is only predicted
    assert score(predicted[kept], labels[kept], MEAN_PER_CLASS) == pytest.approx(
        balanced_accuracy_score(labels[kept], guessed[kept])
    )


def test_map__by_hand() -> None:
    # In order of the scores: there, not, there, not told, not, there; and all wrong ones first.
    scores = torch.tensor([[0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [0.1, 0.5, 0.2, 0.6, 0.7, 0.3]]).T
    labels = torch.tensor([[1, 0, 1, -1, 0, 1], [1, 0, 1, 0, 0, 1]]).T
    # Recall 1/3 at precision 1, 2/3 at 2/3, 1 at 3/5: bars 0 to 0.3, 0.4 to 0.6, 0.7 to 1.
    first = (4 * 1 + 3 * 2 / 3 + 4 * 3 / 5) / 11
    second = 3 / 6  # the precision rises up to the end
    expected = (first + second) / 2
    assert score(scores, labels, MAP11) == pytest.approx(expected)
    assert mean_average_precision(scores[:, :1], labels[:, :1]) == pytest.approx(first)


def test_map__a_class_without_a_picture_does_not_count() -> None:
    scores, labels = torch.rand(4, 2), torch.tensor([[1, 0], [0, 0], [1, -1], [0, 0]])
    expected = mean_average_precision(scores[:, :1], labels[:, :1])
    assert mean_average_precision(scores, labels) == pytest.approx(expected)
