"""Weighted neighbours beside scikit-learn's classifier."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from argus.analysis.transfer import neighbours
from argus.analysis.transfer.neighbours import neighbour_votes


def points() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(4, (60,), generator=generator)
    train = torch.randn(60, 6, generator=generator) + labels[:, None] * torch.linspace(-1, 1, 6)
    return train, labels, 3 * torch.randn(25, 6, generator=generator)


@pytest.mark.parametrize("step", [2**27, 7 * 60])
def test_votes__equal_scikit_learn(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_MOST_AT_ONCE", step)
    train, labels, test = points()
    found = neighbour_votes(train, labels, test, num_classes=4, numbers=(1, 5, 20))
    assert list(found) == [1, 5, 20]
    for number, votes in found.items():
        model = KNeighborsClassifier(
            number, metric="cosine", weights=lambda distance: np.exp((1 - distance) / 0.07)
        )
        expected = model.fit(train.numpy(), labels.numpy()).predict_proba(test.numpy())
        np.testing.assert_allclose(votes.numpy(), expected, atol=1e-4)


def test_votes__length_of_a_feature_does_not_count() -> None:
    train, labels, test = points()
    longer = train * torch.linspace(0.1, 9, 60)[:, None]
    votes = neighbour_votes(train, labels, test, num_classes=4, numbers=(5,))[5]
    again = neighbour_votes(longer, labels, 7 * test, num_classes=4, numbers=(5,))[5]
    torch.testing.assert_close(votes, again)


def test_votes__of_more_neighbours_than_there_are_is_left_out() -> None:
    train, labels, test = points()
    assert list(neighbour_votes(train, labels, test, num_classes=4)) == [10, 20]


def test_votes__of_many_labels_are_shares_of_the_weight() -> None:
    train, labels, test = points()
    many = torch.nn.functional.one_hot(labels, 4)
    many[:, 3] = -1
    votes = neighbour_votes(train, many, test, num_classes=4, numbers=(5,))[5]
    single = neighbour_votes(train, labels, test, num_classes=4, numbers=(5,))[5]
    torch.testing.assert_close(votes[:, :3], single[:, :3])
    assert not votes[:, 3].any()
