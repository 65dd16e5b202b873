"""Loss spikes: planted ones are found, noise and falling curves give none."""

import random

import pytest

from argus.engine.spikes import WINDOW, SpikeDetector


def curve(seed: int, *, num: int = 2000, noise: float = 0.15) -> list[float]:
    """A falling loss with multiplicative noise, as trainings have it."""
    generator = random.Random(seed)
    return [
        (3 / (1 + step / 200) + 0.5) * generator.lognormvariate(0, noise) for step in range(num)
    ]


@pytest.mark.parametrize("seed", range(10))
def test_spikes__none_in_a_noisy_falling_curve(seed: int) -> None:
    detector = SpikeDetector(10.0)
    assert not any([detector.is_spike(loss) for loss in curve(seed)])


@pytest.mark.parametrize("seed", range(10))
def test_spikes__planted_ones_are_found(seed: int) -> None:
    losses = curve(seed)
    planted = {300, 301, 1500}
    for step in planted:
        losses[step] *= 8
    detector = SpikeDetector(10.0)
    assert {step for step, loss in enumerate(losses) if detector.is_spike(loss)} == planted


def test_spikes__a_constant_loss_may_breathe() -> None:
    detector = SpikeDetector(10.0)
    assert not any(detector.is_spike(1.0 + 0.001 * (step % 2)) for step in range(500))


def test_spikes__a_new_level_is_accepted_after_a_while() -> None:
    detector = SpikeDetector(10.0)
    found = [detector.is_spike(1.0 if step < 300 else 50.0) for step in range(900)]
    assert 0 < sum(found) <= 20
    assert not any(found[320:])


def test_spikes__switched_off() -> None:
    detector = SpikeDetector(0)
    assert not any(detector.is_spike(10.0**step) for step in range(WINDOW + 100))


def test_score__is_the_robust_z_score() -> None:
    detector = SpikeDetector(10.0)
    for value in range(100):
        detector.is_spike(float(value))
    # Median 49.5, median absolute deviation 25, by hand.
    assert detector.score(149.5) == pytest.approx(100 * 0.6745 / 25)
