"""Linear probe: logistic regression on frozen features, its regularisation chosen on other data.

Source: Kornblith et al., "Do Better ImageNet Models Transfer Better?" (CVPR 2019), section 3 and
appendix: multinomial logistic regression with an L2 penalty, trained with L-BFGS on all features at
once, without augmentation; the penalty is one of 45 values from 1e-6 to 1e5, evenly spaced in their
logarithm, that is best on validation data; from one to the next, the optimiser starts at the last
solution. Then it is fitted to training and validation data together. Pictures of several classes
(VOC2007) have a logistic regression for each.

What is minimised is the sum over samples, as in scikit-learn, whose C is 1 / penalty; the paper
does not say whether its own is a sum or a mean:

    sum_n loss(W x_n + b, y_n) + penalty / 2 ||W||^2          the bias b is free

Features are moved to mean 0 and divided by one number while it is minimised, which takes many fewer
steps and changes nothing: with x = m + s z, V = s W and c = b + W m, W x + b is V z + c, and the
penalty of V is penalty / s^2.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

PENALTIES = tuple(10 ** (-6 + 11 * step / 44) for step in range(45))
MAX_STEPS = 1000
# Of the mean loss, below which a fit has converged: largest entry of the gradient, and what a step
# changes.
_TOLERANCE = 1e-7
_TOLERANCE_OF_CHANGE = 1e-12
# Evaluations that a line search takes.
_MOST_PER_STEP = 25


@dataclass(frozen=True)
class Probe:
    """A fitted linear classifier.

    Args:
        weight: (D, C) float64.
        bias: (C,) float64.
        has_converged: Whether it was done before the steps were used up.
    """

    weight: Tensor
    bias: Tensor
    has_converged: bool = True

    def __call__(self, features: Tensor) -> Tensor:
        """Logits (N, C) of features (N, D)."""
        return features.double() @ self.weight + self.bias


def fit(
    features: Tensor,
    labels: Tensor,
    penalty: float,
    *,
    num_classes: int,
    start: Probe | None = None,
    max_steps: int = MAX_STEPS,
) -> Probe:
    """The logistic regression of one penalty.

    Args:
        features: (N, D).
        labels: (N,) classes, or (N, C) of 1, 0 and -1, which counts as neither.
        penalty: See above.
        num_classes: C.
        start: Where the optimiser begins; zeros by default.
        max_steps: Of L-BFGS.
    """
    features = features.double()
    mean = features.mean(0)
    scale = float((features - mean).square().mean().sqrt()) or 1.0
    features, penalty = (features - mean) / scale, penalty / scale**2
    # One tensor, so that L-BFGS keeps one history; the bias is its last row.
    solution = features.new_zeros(features.shape[1] + 1, num_classes)
    if start is not None:
        solution = torch.cat([scale * start.weight, (start.bias + mean @ start.weight)[None]])
    solution = solution.detach().clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [solution],
        max_iter=max_steps,
        max_eval=_MOST_PER_STEP * max_steps,  # the default would end some fits before their steps
        tolerance_grad=_TOLERANCE,
        tolerance_change=_TOLERANCE_OF_CHANGE,
        history_size=10,
        line_search_fn="strong_wolfe",
    )

    def objective() -> Tensor:
        optimizer.zero_grad()
        logits = torch.addmm(solution[-1], features, solution[:-1])
        loss = _loss(logits, labels) + penalty / (2 * len(features)) * solution[:-1].square().sum()
        loss.backward()
        return loss

    with torch.enable_grad():
        optimizer.step(objective)
    num_steps = optimizer.state[solution]["n_iter"]
    weight = solution.detach()[:-1] / scale
    return Probe(weight, solution.detach()[-1] - mean @ weight, num_steps < max_steps)


def _loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum over samples, divided by their number."""
    if labels.ndim == 1:
        return F.cross_entropy(logits, labels)
    losses = F.binary_cross_entropy_with_logits(
        logits,
        (labels == 1).to(logits.dtype),
        weight=(labels >= 0).to(logits.dtype),
        reduction="sum",
    )
    return losses / len(logits)


@dataclass(frozen=True)
class Choice:
    """The penalty that is best on validation data.

    Args:
        penalty: It.
        score: Of the validation data, in [0, 1].
        is_at_end: Whether it is the first or last of the penalties, so that a better one may lie
            beyond.
        probe: Fitted to the training data with it.
        num_unfinished: Fits that had not converged after all their steps.
    """

    penalty: float
    score: float
    is_at_end: bool
    probe: Probe
    num_unfinished: int


def choose_penalty(
    train: tuple[Tensor, Tensor],
    val: tuple[Tensor, Tensor],
    *,
    num_classes: int,
    score_of: Callable[[Tensor, Tensor], float],
    penalties: Sequence[float] = PENALTIES,
    max_steps: int = MAX_STEPS,
    on_step: Callable[[], None] = lambda: None,
) -> Choice:
    """Fit with every penalty, the strongest first, and keep the best; of equals the strongest.

    Args:
        train: Features (N, D) and labels to fit.
        val: Features and labels to choose by.
        num_classes: C.
        score_of: From logits and labels to what is to be large.
        penalties: The values.
        max_steps: Of each fit.
        on_step: Called after each fit.
    """
    assert penalties
    ordered = sorted(penalties, reverse=True)
    best: tuple[float, int, Probe] | None = None
    probe: Probe | None = None
    num_unfinished = 0
    for place, penalty in enumerate(ordered):
        probe = fit(*train, penalty, num_classes=num_classes, start=probe, max_steps=max_steps)
        num_unfinished += not probe.has_converged
        value = score_of(probe(val[0]), val[1])
        if best is None or value > best[0]:
            best = (value, place, probe)
        on_step()
    assert best is not None
    value, place, probe = best
    is_at_end = len(ordered) > 1 and place in (0, len(ordered) - 1)
    return Choice(ordered[place], value, is_at_end, probe, num_unfinished)
