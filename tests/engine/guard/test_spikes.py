"""Loss spikes: planted ones are found, noise and falling curves give none."""

import json
import random
from pathlib import Path

import pytest

from argus.analysis.run_log import read_run
from argus.engine.guard.spikes import WINDOW, SpikeDetector, SpikeWatch
from tests.engine.toy_training import train


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


def test_watch__batches_without_labels_are_no_level() -> None:
    watch = SpikeWatch(10.0)
    for step in range(1, 400):  # two of three batches lack the task
        watch.look(step, dict(semantic=1.0 + 0.01 * (step % 7) if step % 3 else 0.0), {})
    for step in range(400, 800):
        watch.look(step, dict(semantic=0.0 if step % 3 else 1.0), {})
    assert not watch.found


def test_watch__is_told_once_in_a_while() -> None:
    watch = SpikeWatch(10.0)
    images = dict(semantic=["a.jpg", None])
    for step in range(1, 301):
        loss = 50.0 if step in (200, 201, 202, 260) else 1.0 + 0.1 * (step % 5)
        watch.look(step, dict(semantic=loss), images)
    assert [(spike.step, spike.num_untold) for spike in watch.found] == [(200, 0), (260, 2)]
    assert watch.found[0].images == ["a.jpg", None]
    assert watch.found[0].median == pytest.approx(1.2)


def test_training__a_spike_is_in_the_log_and_no_metric(tmp_path: Path) -> None:
    planted = {60: lambda runner: _scale(runner, 1e4), 61: lambda runner: _scale(runner, 1e-4)}
    _, runner = train(
        tmp_path,
        before_step=planted,
        train_cfg=dict(max_iters=62),
        visualizer=dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend")]),
    )
    lines = Path(runner.log_dir, "vis_data/scalars.json").read_text().splitlines()
    events = [event for event in map(json.loads, lines) if "event" in event]
    assert [(event["step"], event["task"]) for event in events] == [(60, "semantic")]
    assert events[0]["event"] == "loss_spike" and len(events[0]["images"]) == 4
    text = next(Path(runner.log_dir).glob("*.log")).read_text()
    assert "loss spike of semantic at step 60" in text
    assert not any("score" in name for name in read_run(tmp_path).validation)


def _scale(runner, factor: float) -> None:
    runner.raw_model.loss_weights["semantic"] *= factor
