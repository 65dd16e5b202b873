"""TorchJD's methods through the adapter: what each of them promises, and their state."""

import importlib.util
import sys

import numpy as np
import pytest
import torch

from argus.engine.balancing import Balancer, TorchJDGradients, TorchJDLosses
from argus.engine.balancing.torchjd import GRADIENT_METHODS, LOSS_METHODS
from argus.errors import ConfigError
from argus.storage.checkpoint import read_checkpoint, write_checkpoint
from tests.engine.balancing.numbers import Adam, Plane, rows, tensor

installed = pytest.mark.skipif(
    importlib.util.find_spec("torchjd") is None, reason="torchjd is not installed"
)
OPTIONS = dict(
    STCH=dict(mu=0.5), DWA=dict(epoch_steps=2), CAGrad=dict(c=0.5), FairGrad=dict(alpha=1)
)
# Three tasks, of which the first two disagree.
CONFLICT = np.array([[2.0, 0.0, 0.0], [-1.0, 1.0, 0.5], [0.5, 0.5, -0.3]])


# Packages that the extra may leave out.
SOLVERS = dict(NashMTL="ecos", UPGrad="quadprog", DualProj="quadprog", CAGrad="cvxpy")


def started(kind: type[Balancer], method: str, num: int = 3, **options) -> Balancer:
    if method in SOLVERS:
        pytest.importorskip(SOLVERS[method])
    balancer = kind(method, **(OPTIONS.get(method, {}) | options))
    balancer.start([f"task_{index}" for index in range(num)], device=torch.device("cpu"), seed=0)
    return balancer


def combined(method: str, gradients: np.ndarray = CONFLICT, **options) -> np.ndarray:
    """What a method makes of gradients (T, P)."""
    balancer = started(TorchJDGradients, method, len(gradients), **options)
    found = balancer.factors(torch.ones(len(gradients)), rows(gradients))
    assert found.own.tolist() == [1.0] * len(gradients), "decoders follow their own task"
    return found.shared.double().numpy() @ gradients


@installed
def test_pcgrad__takes_out_what_disagrees() -> None:
    first, second = CONFLICT[:2]
    expected = (
        first
        - first @ second / (second @ second) * second
        + second
        - second @ first / (first @ first) * first
    )
    np.testing.assert_allclose(combined("PCGrad", CONFLICT[:2]), expected, rtol=1e-5)
    assert np.all(CONFLICT[:2] @ expected > -1e-6) and (first @ second) < 0


@installed
def test_upgrad__mean_of_the_projections_disagrees_with_no_task() -> None:
    first, second = CONFLICT[:2]
    # Two tasks: each gradient without its part against the other, as PCGrad, and their mean.
    expected = (
        first
        - first @ second / (second @ second) * second
        + second
        - second @ first / (first @ first) * first
    ) / 2
    np.testing.assert_allclose(combined("UPGrad", CONFLICT[:2]), expected, atol=1e-3)
    for method in ("UPGrad", "DualProj"):
        assert np.all(CONFLICT @ combined(method) > -1e-3), method


@installed
def test_mgda__is_the_shortest_of_all_means() -> None:
    found = np.linalg.norm(combined("MGDA", epsilon=1e-6, max_iters=1000))
    weights = np.random.default_rng(0).dirichlet(np.ones(3), 20_000)
    assert found == pytest.approx(np.linalg.norm(weights @ CONFLICT, axis=1).min(), rel=0.02)


@installed
def test_imtlg__projects_alike_on_every_gradient() -> None:
    units = CONFLICT / np.linalg.norm(CONFLICT, axis=1, keepdims=True)
    np.testing.assert_allclose(units @ combined("IMTLG"), (units @ combined("IMTLG"))[0], rtol=1e-4)


@installed
def test_aligned_mtl__is_the_mean_of_gradients_made_orthogonal() -> None:
    left, values, right = np.linalg.svd(CONFLICT, full_matrices=False)
    expected = (values.min() * left @ right).mean(0)
    np.testing.assert_allclose(combined("AlignedMTL"), expected, rtol=1e-3, atol=1e-5)


@installed
def test_cagrad__has_the_best_worst_improvement_near_the_mean() -> None:
    mean = CONFLICT.mean(0)
    radius = 0.5 * np.linalg.norm(mean)
    found = combined("CAGrad")
    assert np.linalg.norm(found - mean) <= radius * 1.001
    directions = np.random.default_rng(0).normal(size=(20_000, 3))
    ball = mean + radius * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    assert (CONFLICT @ found).min() == pytest.approx((ball @ CONFLICT.T).min(1).max(), rel=0.02)


@installed
@pytest.mark.parametrize(
    ("method", "options"), [("NashMTL", dict(max_norm=0.0)), ("FairGrad", dict(alpha=1.0))]
)
def test_bargaining__product_with_each_gradient_is_the_inverse_of_its_weight(
    method: str, options: dict
) -> None:
    gradients = CONFLICT + [1.0, 0.5, 0.0]
    balancer = started(TorchJDGradients, method, **options)
    weights = balancer.factors(torch.ones(3), rows(gradients)).shared.double().numpy()
    products = weights * (gradients @ gradients.T @ weights)
    np.testing.assert_allclose(products / products.mean(), np.ones(3), rtol=0.05)


def worst_loss(method: str) -> float:
    """After 500 steps of Adam from where the plane's second wall has no way out for the mean."""
    toy, adam = Plane(), Adam(0.02)
    x = toy.start
    balancer = None if method == "mean" else started(TorchJDGradients, method, 2)
    for _ in range(500):
        gradients, factors = toy.gradients(x), np.full(2, 0.5)
        if balancer is not None:
            factors = balancer.factors(torch.ones(2), rows(gradients)).shared.double().numpy()
        x = adam.step(x, factors @ gradients)
    return float(toy.losses(x).max())


@installed
def test_plane__a_task_that_the_mean_forgets_is_served() -> None:
    assert worst_loss("mean") > 4.0
    for method in ("IMTLG", "AlignedMTL"):
        assert worst_loss(method) < -5.0, method


@installed
@pytest.mark.parametrize("method", ["MGDA", "IMTLG", "UPGrad"])
def test_task_without_labels__takes_no_part(method: str) -> None:
    balancer = started(TorchJDGradients, method)
    without = CONFLICT * [[1], [1], [0]]
    found = balancer.factors(torch.ones(3), rows(without)).shared.double().numpy()
    np.testing.assert_allclose(found @ without, combined(method, CONFLICT[:2]), rtol=1e-4)


@installed
def test_gradients_that_are_not_finite__leave_the_method_as_it_was() -> None:
    balancer = started(TorchJDGradients, "GradVac")
    before = balancer.state_dict()
    found = balancer.factors(torch.ones(3), rows(CONFLICT * np.nan))
    assert found.shared.tolist() == [1.0] * 3 and before == balancer.state_dict()


@installed
@pytest.mark.parametrize("method", ["UW", "IMTLL"])
def test_learned_scales__follow_the_formula(method: str) -> None:
    """UW: sum exp(-s)/2 loss + s/2; IMTL-L: sum exp(s) loss - s."""
    balancer = started(TorchJDLosses, method, lr=0.1)
    scale, adam = np.zeros(3), Adam(0.1)
    losses = np.array([0.2, 1.0, 4.0])
    for _ in range(10):
        found = balancer.factors(tensor(losses), ()).shared
        balancer.after_step(lambda: torch.zeros(3))
        if method == "UW":
            expected = np.exp(-scale) / 2
            scale = adam.step(scale, 0.5 - expected * losses)
        else:
            expected = np.exp(scale)
            scale = adam.step(scale, expected * losses - 1)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    weighted = expected * losses
    assert weighted.max() / weighted.min() < losses.max() / losses.min() / 3, "nearer to one size"


@installed
def test_dwa__weighs_by_the_rate_of_the_last_two_epochs() -> None:
    balancer = started(TorchJDLosses, "DWA", temperature=2.0)
    epochs = np.array([[1.0, 2.0, 4.0], [0.9, 1.0, 3.9]])
    for losses in epochs.repeat(2, axis=0):
        assert balancer.factors(tensor(losses), ()).shared.tolist() == [1.0] * 3
        balancer.after_step(lambda: torch.zeros(3))
    rates = np.exp(epochs[1] / epochs[0] / 2.0)
    found = balancer.factors(torch.ones(3), ()).shared
    np.testing.assert_allclose(found, 3 * rates / rates.sum(), rtol=1e-5)


@installed
@pytest.mark.parametrize(
    ("kind", "method"),
    [(TorchJDLosses, m) for m in LOSS_METHODS] + [(TorchJDGradients, m) for m in GRADIENT_METHODS],
)
def test_state__goes_on_through_a_checkpoint_bit_for_bit(kind: type, method: str, tmp_path) -> None:
    rng = np.random.default_rng(0)
    steps = [(tensor(rng.uniform(0.5, 2, 3)), rows(rng.normal(size=(3, 6)))) for _ in range(6)]
    whole, resumed = started(kind, method), started(kind, method)
    found = []
    for number, step in enumerate(steps):
        if number == 3:
            write_checkpoint(tmp_path / "a.pth", dict(state=whole.state_dict()))
        found.append(whole.factors(*step).shared)
        whole.after_step(lambda: torch.zeros(3))
    resumed.load_state_dict(read_checkpoint(tmp_path / "a.pth")["state"])
    for number, step in enumerate(steps[3:], start=3):
        resumed.factors(*step)
        resumed.undo()  # a step that was not taken leaves nothing behind
        assert torch.equal(resumed.factors(*step).shared, found[number]), number
        resumed.after_step(lambda: torch.zeros(3))
    assert any(not torch.equal(found[0], other) for other in found)


@installed
def test_options__stay_those_of_the_config() -> None:
    before = started(TorchJDLosses, "DWA", temperature=2.0).state_dict()
    changed = started(TorchJDLosses, "DWA", temperature=5.0)
    changed.load_state_dict(before)
    assert changed._module.temperature == 5.0


def test_torchjd__missing_is_said_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchjd.aggregation", None)
    with pytest.raises(ConfigError, match=r"pip install \"argus-multitask\[balancing\]\""):
        TorchJDGradients("PCGrad")


def test_torchjd__unknown_method_is_named() -> None:
    with pytest.raises(ConfigError, match="expected one of PCGrad, .*found 'PcGrad'"):
        TorchJDGradients("PcGrad")
