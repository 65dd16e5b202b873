"""FAMO follows its algorithm in NumPy, and lets losses of any scale fall at one rate."""

import numpy as np
import pytest
import torch

from argus.engine.balancing import FAMO
from argus.errors import ConfigError
from tests.engine.balancing.numbers import Adam, TwoValleys, softmax, tensor

TASKS = ("a", "b", "c")
CPU = torch.device("cpu")


def started(**options) -> FAMO:
    famo = FAMO(**options)
    famo.start(TASKS, device=CPU, seed=0)
    return famo


def test_famo__is_its_algorithm() -> None:
    rng = np.random.default_rng(0)
    least = np.array([0.0, -1.0, 0.5])
    famo = started(lr=0.1, weight_decay=0.3, least=dict(zip(TASKS, least, strict=True)))
    logits, adam = np.zeros(3), Adam(0.1, 0.3)
    for _ in range(20):
        before, after = (least + rng.uniform(0.1, 4.0, 3) for _ in range(2))
        found = famo.factors(tensor(before), ())
        z = softmax(logits)
        expected = z / (before - least) / (z / (before - least)).sum()
        np.testing.assert_allclose(found.shared, expected, rtol=2e-4)
        assert torch.equal(found.shared, found.own)
        famo.after_step(lambda after=after: tensor(after))
        jacobian = np.diag(z) - np.outer(z, z)
        logits = adam.step(logits, jacobian @ (np.log(before - least) - np.log(after - least)))
    assert np.ptp(softmax(logits)) > 0.02, "nothing was learned"


def test_famo__losses_of_any_scale_fall_at_one_rate() -> None:
    toy = TwoValleys()
    fell = {}
    for name in ("equal", "famo"):
        famo = FAMO()
        famo.start(["a", "b"], device=CPU, seed=0)
        x = toy.start
        for _ in range(200):
            factors = np.ones(2)
            if name == "famo":
                factors = famo.factors(tensor(toy.losses(x)), ()).shared.double().numpy()
            direction = factors @ toy.gradients(x)
            x = x - 0.02 * direction / np.linalg.norm(direction)
            famo.after_step(lambda x=x: tensor(toy.losses(x)))
        fell[name] = np.log(toy.losses(toy.start) / toy.losses(x))
    assert fell["equal"][0] > 3 * fell["equal"][1], "the larger loss has it its way"
    assert fell["famo"].min() > 2.0 and np.ptp(fell["famo"]) < 0.3


def test_famo__task_without_labels_takes_no_part() -> None:
    famo = started(weight_decay=0.0)
    found = famo.factors(torch.tensor([2.0, 0.0, 1.0]), ()).shared
    assert found.tolist() == pytest.approx([1 / 3, 0.0, 2 / 3])
    famo.after_step(lambda: torch.tensor([1.0, 5.0, 1.0]))
    moved = famo.state_dict()["logits"]["value"]
    assert moved[0] < 0 < moved[2], "only the first fell, and gets less"


@pytest.mark.parametrize("loss", [-1.0, float("nan"), float("inf")])
def test_famo__loss_that_has_no_logarithm_stops_the_step(loss: float) -> None:
    assert not started().factors(torch.tensor([1.0, loss, 1.0]), ()).shared.isfinite().all()


def test_famo__interval_saves_the_passes_between() -> None:
    famo = started(interval=3)
    calls = []
    for _ in range(7):
        famo.factors(torch.ones(3), ())
        famo.after_step(lambda: calls.append(1) or torch.ones(3))
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [(dict(lr=0.0), "lr > 0"), (dict(interval=0), "interval >= 1"), (dict(least=dict(d=1)), "'d'")],
)
def test_famo__options_that_make_no_sense_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        started(**options)
