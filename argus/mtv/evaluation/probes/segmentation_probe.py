"""A linear layer that tells the class of a patch from its token: its training and its answers."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from argus.mtv.encoders.encoder import Encoder
from argus.mtv.encoders.feature_store import FeatureStore
from argus.mtv.encoders.whole_patches import whole_patches
from argus.mtv.evaluation.probes.probe_training import (
    ProbeSamples,
    Sample,
    polynomial,
    train,
    training_batches,
    warmed_up,
)
from argus.mtv.evaluation.probes.segmentation_options import LinearSegmentationOptions
from argus.mtv.evaluation.probes.sliding import Window, likeliest, mean_scores

IGNORE = 255
"""In masks: no class."""


class LinearSegmenter(nn.Module):
    """A BatchNorm and a linear layer on each token.

    Args:
        width: Of the tokens.
        num_classes: Number of classes.
    """

    def __init__(self, width: int, num_classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width)
        self.linear = nn.Conv2d(width, num_classes, 1)
        nn.init.normal_(self.linear.weight, std=0.01)
        assert self.linear.bias is not None
        nn.init.zeros_(self.linear.bias)

    def forward(self, patches: Tensor) -> Tensor:
        """(B, D, h, w) to scores (B, C, h, w)."""
        scores: Tensor = self.linear(self.norm(patches))
        return scores


class PatchFeatures:
    """The tokens of pictures at the size of an evaluation.

    Args:
        encoder: Of the pictures.
        options: Of the evaluation.
    """

    def __init__(self, encoder: Encoder, options: LinearSegmentationOptions) -> None:
        self.encoder = encoder
        self.options = options
        self.store = FeatureStore(0.0 if options.augment else options.cache_mb)

    def __call__(
        self, pictures: Sequence[Image.Image], size: tuple[int, int] | None = None
    ) -> Tensor:
        """(B, D, h, w) tokens.

        Args:
            pictures: B of them.
            size: Height and width that they are squeezed to; that of the first by default. It is
                rounded down to whole patches.
        """
        height, width = size or (pictures[0].height, pictures[0].width)
        batch = self.encoder.prepare(
            pictures, whole_patches((height, width), self.encoder.patch_size)
        )
        return self.encoder.patches(batch, final_norm=self.options.final_norm)

    def of_samples(self, samples: Sequence[Sample]) -> Tensor:
        """(B, D, h, w) of training samples, kept where they are the same in each draw."""
        if self.store.max_bytes == 0:
            return self([sample["picture"] for sample in samples])
        return torch.stack([self._kept(sample) for sample in samples])

    def _kept(self, sample: Sample) -> Tensor:
        found, _ = self.store.get(sample["index"], lambda: (self([sample["picture"]])[0], None))
        return found


def pixel_loss(scores: Tensor, labels: Tensor, *, chunk: int) -> tuple[Tensor, Tensor]:
    """Cross entropy at the pixels of the labels, and its gradient, without all scores in memory.

    Args:
        scores: (B, C, h, w), resized bilinearly to the labels.
        labels: (B, H, W) int64, 255 for none.
        chunk: Pictures at a time.

    Returns:
        The mean over the pixels with a class (), and its gradient (B, C, h, w).
    """
    number = max(int((labels != IGNORE).sum()), 1)
    leaf = scores.detach().requires_grad_()
    total = scores.new_zeros(())
    for part, truth in zip(leaf.split(chunk), labels.split(chunk), strict=True):
        full = F.interpolate(part, truth.shape[-2:], mode="bilinear", align_corners=False)
        loss = F.cross_entropy(full, truth, ignore_index=IGNORE, reduction="sum") / number
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.detach()
    assert leaf.grad is not None
    return total, leaf.grad


def train_segmenter(
    features: PatchFeatures, samples: ProbeSamples, options: LinearSegmentationOptions
) -> LinearSegmenter:
    """The head, trained."""
    device = features.encoder.device
    width = features([samples[0]["picture"]]).shape[1]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        head = LinearSegmenter(width, options.num_classes).to(device)

    def backward(batch: Sequence[Sample]) -> Tensor:
        scores = head(features.of_samples(batch))
        labels = torch.stack([sample["label"] for sample in batch]).long().to(device)
        loss, gradient = pixel_loss(scores, labels, chunk=options.loss_chunk)
        scores.backward(gradient)
        return loss

    train(
        head,
        training_batches(
            samples,
            batch_size=options.batch,
            steps=options.steps,
            num_workers=options.workers,
        ),
        backward,
        steps=options.steps,
        lr=options.lr,
        weight_decay=options.weight_decay,
        factor=warmed_up(
            polynomial(options.power), steps=options.steps, warmup=options.warmup_steps, start=1e-6
        ),
        title="linear segmentation",
    )
    return head


@torch.no_grad()
def predicted(features: PatchFeatures, head: LinearSegmenter, sample: Sample) -> Tensor:
    """The class of each pixel of a sample's mask, (H, W) int64."""
    options, picture = features.options, sample["picture"]
    size = (sample["label"].shape[0], sample["label"].shape[1])
    if options.inference == "whole":
        return likeliest(head(features([picture], (options.size, options.size)))[0], size)

    def score(windows: Sequence[Window]) -> Tensor:
        return head(features([picture.crop((a, t, b, u)) for t, u, a, b in windows]))

    scores = mean_scores(
        score,
        (picture.height, picture.width),
        side=options.size,
        stride=options.stride,
        batch_size=options.batch,
    )
    return likeliest(scores, size)
