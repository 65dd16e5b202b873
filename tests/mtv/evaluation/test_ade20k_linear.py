"""Linear segmentation on pictures whose colours are their classes."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from argus.errors import ConfigError, DataError
from argus.mtv.evaluation.ade20k_linear import EVALUATION, run, segmentation_scores
from argus.mtv.evaluation.probes.segmentation_options import LinearSegmentationOptions
from argus.mtv.evaluation.probes.segmentation_probe import pixel_loss
from tests.mtv.evaluation.pixels import Pixels
from tests.real_data.samples import SAMPLES, needs_samples

COLOURS = np.array([(230, 30, 30), (30, 230, 30), (40, 40, 220)], np.uint8)
TINY = dict(size=32, stride=16, steps=40, batch=2, lr=0.1, warmup_steps=0, workers=0, cache_mb=1.0)


def write_set(root, sizes, *, first=1):
    """Blocks of 8 pixels of the colour of their class; masks from ``first``."""
    for part, number in (("training", 3), ("validation", 2)):
        for kind in ("images", "annotations"):
            (root / kind / part).mkdir(parents=True)
        for index in range(number):
            height, width = sizes[index % len(sizes)]
            rng = np.random.default_rng(index)
            classes = rng.integers(0, 3, (height // 8, width // 8))
            classes = np.kron(classes, np.ones((8, 8), int))
            Image.fromarray(COLOURS[classes]).save(
                root / f"images/{part}/{index}.jpg", format="PNG"
            )
            mask = (classes + first).astype(np.uint8)
            Image.fromarray(mask).save(root / f"annotations/{part}/{index}.png")


@pytest.mark.parametrize("inference", ["slide", "whole"])
def test_run__a_linear_rule_is_learnt(tmp_path, inference):
    write_set(tmp_path, [(32, 32)] if inference == "whole" else [(32, 56), (48, 32)])
    options = LinearSegmentationOptions(num_classes=3, inference=inference, augment=False, **TINY)
    found = run(Pixels(patch_size=8), tmp_path, options)
    assert found.keys() == EVALUATION.metrics.keys()
    # Scores are resized bilinearly, so that borders of blocks are not exact.
    assert found["mIoU"] > 80 and found["aAcc"] > 85
    untrained = LinearSegmentationOptions(
        num_classes=3, inference=inference, augment=False, **TINY | dict(lr=0.0, steps=1)
    )
    assert run(Pixels(patch_size=8), tmp_path, untrained)["mIoU"] < 40


def test_run__masks_from_zero_and_with_augmentation(tmp_path):
    write_set(tmp_path, [(40, 40)], first=0)
    options = LinearSegmentationOptions(
        num_classes=3, reduce_zero_label=False, **TINY | dict(lr=0.02)
    )
    found = run(Pixels(patch_size=4), tmp_path, options)
    assert found["aAcc"] > 60


def test_run__wrong_options_and_masks_are_said(tmp_path):
    write_set(tmp_path, [(32, 32)])
    for changes, error, message in (
        (dict(inference="tiles"), ConfigError, "inference: expected slide or whole"),
        (dict(steps=0), ConfigError, "steps: expected at least 1"),
        (dict(num_classes=300), ConfigError, "num_classes: expected 2 to 255"),
        (dict(num_classes=2), DataError, r"annotations/training/\d.png.*3"),
        (dict(val_images="elsewhere"), DataError, "elsewhere"),
    ):
        options = LinearSegmentationOptions(**dict(num_classes=3, augment=False) | TINY | changes)
        with pytest.raises(error, match=message):
            run(Pixels(patch_size=8), tmp_path, options)


@pytest.mark.parametrize("chunk", [1, 2, 5])
def test_pixel_loss__that_of_torch_and_its_gradient(chunk):
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(5, 4, 3, 3, generator=generator, requires_grad=True)
    labels = torch.randint(0, 4, (5, 7, 6), generator=generator)
    labels[labels == 2] = 255
    full = F.interpolate(scores, (7, 6), mode="bilinear")
    expected = F.cross_entropy(full, labels, ignore_index=255)
    expected.backward()
    loss, gradient = pixel_loss(scores, labels, chunk=chunk)
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(gradient, scores.grad)
    assert pixel_loss(scores, torch.full_like(labels, 255), chunk=chunk)[0] == 0


def test_segmentation_scores__by_hand():
    """Of four classes the third is predicted alone, the fourth is not there at all."""
    areas = torch.tensor(
        [[6, 2, 0, 0], [9, 5, 3, 0], [7, 4, 3, 0], [8, 3, 0, 0]], dtype=torch.float64
    )
    found = segmentation_scores(areas)
    assert found["mIoU"] == pytest.approx(100 * (6 / 9 + 2 / 5 + 0) / 3)
    assert found["mAcc"] == pytest.approx(100 * (6 / 8 + 2 / 3) / 2)
    assert found["aAcc"] == pytest.approx(100 * 8 / 11)
    with pytest.raises(DataError, match="no pixel of the masks"):
        segmentation_scores(torch.zeros(4, 3))


@needs_samples
def test_run__real_pictures_of_ade20k(tmp_path):
    root = SAMPLES / "ade20k/ADEChallengeData2016"
    for part, name in (("training", "ADE_train_00016869"), ("validation", "ADE_val_00000001")):
        for file in (f"images/{part}/{name}.jpg", f"annotations/{part}/{name}.png"):
            (tmp_path / file).parent.mkdir(parents=True)
            (tmp_path / file).symlink_to((root / file).resolve())
    options = LinearSegmentationOptions(**TINY | dict(steps=2, size=64, stride=64))
    found = run(Pixels(patch_size=16), tmp_path, options)
    assert all(0 <= value <= 100 for value in found.values())
