"""The linear probe beside scikit-learn's logistic regression."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from argus.analysis.transfer.probe import PENALTIES, choose_penalty, fit
from argus.analysis.transfer.scores import score
from argus.datasets.transfer.record import TOP1


def blobs(count: int, *, seed: int = 0, spread: float = 1.5) -> tuple[torch.Tensor, torch.Tensor]:
    """Three overlapping classes in five dimensions; the centres are always the same."""
    centres = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(3, (count,), generator=generator)
    noise = torch.randn(count, 5, generator=generator)
    return centres[labels] + spread * noise, labels


def sklearn_fit(features: torch.Tensor, labels: np.ndarray, penalty: float) -> LogisticRegression:
    model = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=20_000)
    return model.fit(features.double().numpy(), labels)


def test_penalties__are_kornbliths() -> None:
    assert len(PENALTIES) == 45
    assert np.allclose(PENALTIES, np.logspace(-6, 5, 45))


@pytest.mark.parametrize("penalty", [1e-3, 1.0, 100.0])
def test_fit__equals_scikit_learn(penalty: float) -> None:
    features, labels = blobs(90)
    probe = fit(features, labels, penalty, num_classes=3)
    expected = sklearn_fit(features, labels.numpy(), penalty)
    assert probe.has_converged
    np.testing.assert_allclose(probe.weight.T.numpy(), expected.coef_, atol=2e-4)
    found = probe(features).softmax(1).numpy()
    np.testing.assert_allclose(found, expected.predict_proba(features.double().numpy()), atol=1e-4)


def test_fit__of_features_far_from_zero_takes_no_more_steps() -> None:
    features, labels = blobs(90)
    far = 200 + 30 * features
    probe = fit(far, labels, 900.0, num_classes=3, max_steps=60)
    assert probe.has_converged
    near = fit(features, labels, 1.0, num_classes=3)  # 30 times as long, weights 30 times as short
    torch.testing.assert_close(30 * probe.weight, near.weight, atol=1e-4, rtol=0)
    torch.testing.assert_close(probe(far).softmax(1), near(features).softmax(1), atol=1e-4, rtol=0)


def test_fit__from_another_solution_ends_at_the_same() -> None:
    features, labels = blobs(90)
    start = fit(features, labels, 100.0, num_classes=3)
    again = fit(features, labels, 1.0, num_classes=3, start=start)
    torch.testing.assert_close(
        again.weight, fit(features, labels, 1.0, num_classes=3).weight, atol=1e-4, rtol=0
    )


def test_fit__says_that_it_is_not_done() -> None:
    features, labels = blobs(90)
    assert not fit(features, labels, 1e-6, num_classes=3, max_steps=2).has_converged


def test_fit__of_many_labels_is_one_regression_for_each_of_what_is_told() -> None:
    features, single = blobs(90)
    labels = torch.nn.functional.one_hot(single, 3)
    labels[:, 2] = (features[:, 0] > 0).long()
    labels[:20, 1] = -1
    probe = fit(features, labels, 0.5, num_classes=3)
    for column in range(3):
        told = labels[:, column] >= 0
        expected = sklearn_fit(features[told], labels[told, column].numpy(), 0.5)
        np.testing.assert_allclose(probe.weight[:, column], expected.coef_[0], atol=2e-4)
        np.testing.assert_allclose(probe.bias[column], expected.intercept_[0], atol=2e-4)


def test_choose__is_the_best_of_all_on_the_validation_data() -> None:
    train, val = blobs(40, spread=2.0), blobs(200, seed=1, spread=2.0)
    penalties = [10.0**power for power in range(-3, 4)]
    steps: list[None] = []
    choice = choose_penalty(
        train,
        val,
        num_classes=3,
        score_of=lambda logits, labels: score(logits, labels, TOP1),
        penalties=penalties,
        on_step=lambda: steps.append(None),
    )
    scores = {
        penalty: sklearn_fit(train[0], train[1].numpy(), penalty).score(
            val[0].double().numpy(), val[1].numpy()
        )
        for penalty in penalties
    }
    assert choice.score == pytest.approx(max(scores.values()))
    best = [penalty for penalty, value in scores.items() if value == max(scores.values())]
    assert choice.penalty == max(best)
    assert choice.is_at_end == (choice.penalty in (penalties[0], penalties[-1]))
    assert len(steps) == len(penalties) and choice.num_unfinished == 0
