"""Losses against NumPy, and their behaviour at the edges."""

import numpy as np
import pytest
import torch

from argus.models.decoders.mask_dino import MaskDINOCriterion
from argus.models.decoders.mask_dino.criterion import point_losses
from argus.models.decoders.mask_dino.head import HeadOutput
from argus.models.decoders.mask_dino.structures import Predictions, Targets

from .test_matching import random_predictions
from .toy import batch, build, perturb, targets_of

FEATURES = torch.randn(2, 5, 16, 16, generator=torch.Generator().manual_seed(1))


def output_of(selected: Predictions, decoded: Predictions, denoised: Predictions, groups: int):
    return HeadOutput(selected, decoded, denoised, groups, FEATURES)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def numpy_losses(
    predictions: Predictions, stage: int, targets: Targets, pairs: list[tuple[int, int, int]]
) -> np.ndarray:
    """Sums of class (paired or not), mask, dice, box, GIoU for pairs (image, query, target)."""
    prob = sigmoid(predictions.class_logits[stage].numpy())
    truth = np.zeros_like(prob)
    for b, q, t in pairs:
        truth[b, q, targets.labels[b, t]] = 1
    focal = np.where(
        truth == 1,
        -0.25 * (1 - prob) ** 2 * np.log(prob),
        -0.75 * prob**2 * np.log(1 - prob),
    ).sum()
    sums = np.zeros(5)
    sums[0] = focal
    for b, q, t in pairs:
        logits = np.tensordot(predictions.mask_embeds[stage, b, q].numpy(), FEATURES[b].numpy(), 1)
        p = sigmoid(logits)
        pixels = targets.masks[targets.mask_index[b, t]].numpy().astype(np.float64)
        gt = pixels.reshape(16, 4, 16, 4)[:, 1:3, :, 1:3].mean((1, 3))
        sums[1] += -(gt * np.log(p) + (1 - gt) * np.log(1 - p)).mean()
        sums[2] += 1 - (2 * (p * gt).sum() + 1) / (p.sum() + gt.sum() + 1)
        box = predictions.boxes[stage, b, q].numpy().astype(np.float64)
        true_box = targets.boxes[b, t].numpy().astype(np.float64)
        sums[3] += np.abs(box - true_box).sum()
        low = np.stack([box[:2] - box[2:] / 2, true_box[:2] - true_box[2:] / 2])
        high = np.stack([box[:2] + box[2:] / 2, true_box[:2] + true_box[2:] / 2])
        inter = np.clip(high.min(0) - low.max(0), 0, None).prod()
        union = box[2:].prod() + true_box[2:].prod() - inter
        hull = (high.max(0) - low.min(0)).prod()
        sums[4] += 1 - (inter / union - (hull - union) / hull)
    return sums


@pytest.mark.parametrize("padding_is_background", [True, False])
def test_losses__equal_numpy(padding_is_background: bool) -> None:
    _, samples = batch([2, 1])
    targets = targets_of(samples)
    criterion = MaskDINOCriterion(num_points=None, padding_is_background=padding_is_background)
    selected = random_predictions(1, 2, 4, seed=1)
    decoded = random_predictions(3, 2, 4, seed=2)
    denoised = random_predictions(3, 2, 4, seed=3)  # two groups of two
    losses = criterion(output_of(selected, decoded, denoised, 2), targets)

    weights = np.array([4, 5, 5, 5, 2])
    num = sum(targets.counts)

    def matched(predictions: Predictions, stage: int) -> np.ndarray:
        part = Predictions(*(field[stage : stage + 1] for field in predictions))
        pairs = criterion.matcher.match(
            criterion.matcher.costs(part, FEATURES, targets), targets, (1,)
        )
        triples = list(zip(*(x.tolist() for x in pairs[1:4]), strict=True))
        return numpy_losses(predictions, stage, targets, triples) * weights / num

    last = matched(decoded, 2)
    for name, value in zip(("class", "mask", "dice", "box", "giou"), last, strict=True):
        assert float(losses[f"loss_{name}"]) == pytest.approx(value, rel=1e-4), name
    assert float(losses["loss_selection"]) == pytest.approx(matched(selected, 0).sum(), rel=1e-4)
    auxiliary = matched(decoded, 0).sum() + matched(decoded, 1).sum()
    assert float(losses["loss_auxiliary"]) == pytest.approx(auxiliary, rel=1e-4)

    triples = [
        (b, g * 2 + t, t) for b, n in enumerate(targets.counts) for g in range(2) for t in range(n)
    ]
    denoising = 0.0
    for stage in range(3):
        sums = numpy_losses(denoised, stage, targets, triples)
        # Padding queries: image 1, second of each group.
        prob = sigmoid(denoised.class_logits[stage, 1, [1, 3]].numpy())
        sums[0] += 0 if padding_is_background else (0.75 * prob**2 * np.log(1 - prob)).sum()
        denoising += (sums * weights).sum() / num / 2
    assert float(losses["loss_denoising"]) == pytest.approx(denoising, rel=1e-4)


def test_point_losses__perfect_and_opposite_masks() -> None:
    truth = (torch.rand(2, 100, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    logits = (truth * 2 - 1) * 50
    cross_entropy, dice = point_losses(
        torch.stack([logits, -logits]).flatten(0, 1), truth.repeat(2, 1)
    )
    assert cross_entropy[:2].max() < 1e-6 and dice[:2].max() < 1e-6
    torch.testing.assert_close(cross_entropy[2:], torch.full((2,), 50.0))
    assert dice[2:].min() > 0.97


def test_losses__random_points_estimate_all_points() -> None:
    _, samples = batch([2, 2])
    targets = targets_of(samples)
    smooth = torch.nn.functional.avg_pool2d(FEATURES, 5, 1, 2)
    predictions = [random_predictions(n, 2, 4, seed=n) for n in (1, 2)]
    output = HeadOutput(*predictions, predictions[1].queries(0, 0), 0, smooth)
    torch.manual_seed(0)
    every = MaskDINOCriterion(num_points=None)(output, targets)
    some = MaskDINOCriterion(num_points=20000, importance_ratio=0.0)(output, targets)
    assert float(some["loss_mask"]) == pytest.approx(float(every["loss_mask"]), rel=0.05)
    assert float(some["loss_dice"]) == pytest.approx(float(every["loss_dice"]), rel=0.05)


def test_losses__do_not_depend_on_the_order_of_instances() -> None:
    model = build(head=dict(num_denoising=0), criterion=dict(num_points=None))
    perturb(model)
    images, samples = batch([3, 2])
    before = model.loss(images, samples)
    for sample in samples:
        order = torch.arange(len(sample.gt_instances)).flip(0)
        sample.gt_instances = sample.gt_instances[order]
    after = model.loss(images, samples)
    for name, value in before.items():
        torch.testing.assert_close(after[name], value)


def test_losses__more_repeats_keep_the_scale() -> None:
    images, samples = batch([2, 2])
    values = []
    for repeats in (1, 3):
        model = build(criterion=dict(selection_repeats=repeats, num_points=None))
        torch.manual_seed(0)
        values.append(model.loss(images, samples))
    assert values[0]["loss_selection"] != values[1]["loss_selection"]
    ratio = (values[1]["loss_selection"] / values[0]["loss_selection"]).item()
    assert 0.5 < ratio < 2
    torch.testing.assert_close(values[0]["loss_box"], values[1]["loss_box"])
