"""GradNorm follows its algorithm in NumPy, and brings gradients to one size."""

import numpy as np
import pytest
import torch

from argus.engine.balancing import GradNorm
from argus.errors import ConfigError
from tests.engine.balancing.numbers import Adam, rows, softmax, tensor

CPU = torch.device("cpu")


def started(num: int = 2, **options) -> GradNorm:
    balancer = GradNorm(**options)
    balancer.start([f"task_{index}" for index in range(num)], device=CPU, seed=0)
    return balancer


def sum_of_distances(logits: np.ndarray, norms: np.ndarray, target: np.ndarray) -> float:
    return np.abs(len(logits) * softmax(logits) * norms - target).sum()


def test_gradnorm__is_its_algorithm() -> None:
    rng = np.random.default_rng(0)
    balancer = started(3, alpha=1.5, lr=0.1, first_steps=2)
    logits, adam, first = np.ones(3), Adam(0.1), np.zeros(3)
    for step in range(15):
        losses, gradients = rng.uniform(0.5, 3.0, 3), rng.normal(size=(3, 4))
        weights = 3 * softmax(logits)
        found = balancer.factors(tensor(losses), rows(gradients))
        np.testing.assert_allclose(found.shared, weights, rtol=1e-4)
        assert torch.equal(found.shared, found.own)
        balancer.after_step(lambda: torch.zeros(3))
        if step < 2:
            first = first + losses / 2
            continue
        norms = np.linalg.norm(gradients, axis=1)
        ratio = losses / first
        target = (weights * norms).mean() * (ratio / ratio.mean()) ** 1.5
        # The gradient by central differences, the target held fixed.
        moves = 1e-6 * np.eye(3)
        gradient = [
            (
                sum_of_distances(logits + move, norms, target)
                - sum_of_distances(logits - move, norms, target)
            )
            / 2e-6
            for move in moves
        ]
        logits = adam.step(logits, np.array(gradient))
    assert np.ptp(logits) > 0.1, "nothing was learned"


def pull_of(alpha: float, losses: list[float]) -> np.ndarray:
    """Weight times norm of gradients of norms 8 and 1, the mean of the last of many steps."""
    balancer = started(alpha=alpha, lr=0.01, first_steps=1)
    gradients = rows(np.array([[8.0, 0.0], [0.0, 1.0]]))
    balancer.factors(torch.ones(2), gradients)
    balancer.after_step(lambda: torch.zeros(2))
    weights = []
    for _ in range(400):
        weights.append(balancer.factors(torch.tensor(losses), gradients).shared.numpy())
        balancer.after_step(lambda: torch.zeros(2))
    assert np.sum(weights, axis=1) == pytest.approx(2.0)
    return np.mean(weights[-100:], axis=0) * [8.0, 1.0]


def test_gradnorm__gradients_come_to_one_size() -> None:
    pull = pull_of(1.5, [0.5, 0.5])
    assert pull[0] == pytest.approx(pull[1], rel=0.1)


def test_gradnorm__task_that_lags_behind_pulls_harder() -> None:
    pull = pull_of(1.0, [0.25, 0.75])
    assert pull[1] / pull[0] == pytest.approx(3.0, rel=0.15)
    pull = pull_of(0.0, [0.25, 0.75])
    assert pull[1] / pull[0] == pytest.approx(1.0, rel=0.1)


def test_gradnorm__task_without_labels_takes_no_part() -> None:
    balancer = started(first_steps=1)
    gradients = rows(np.array([[1.0, 0.0], [0.0, 0.0]]))
    for _ in range(3):
        found = balancer.factors(torch.tensor([1.0, 0.0]), gradients)
        balancer.after_step(lambda: torch.zeros(2))
    assert found.shared.tolist() == [1.0, 1.0]


def test_gradnorm__sees_the_parameters_that_are_named() -> None:
    names = ["up.weight", "up.bias", "norms.0.weight"]
    assert started().parameters_seen(names) == [0, 1, 2]
    assert started(parameters=["up."]).parameters_seen(names) == [0, 1]
    with pytest.raises(ConfigError, match="begins with 'down'; the last one is 'norms.0.weight'"):
        started(parameters=["down"]).parameters_seen(names)
    with pytest.raises(ConfigError, match="the backbone of this config is not trained"):
        started().parameters_seen([])
