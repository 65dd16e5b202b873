"""What the parts of Mask DINO hand to each other.

Letters in shapes: B images, C channels, S tokens of all levels, L levels, Q queries, P denoising
queries, N ground-truth instances of a batch, T the most instances of one image, K classes.

Coordinates: boxes are (centre x, centre y, width, height) relative to the canvas, which is the
image without its padding, or with some (see the detector). Points on maps are (x, y) relative to
the padded batch. ``valid_ratios`` lead from the first to the second, so a prediction does not
depend on how much padding its batch needs. "The image" below is the canvas.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Targets(NamedTuple):
    """Ground truth of a batch, padded to T instances per image so that it has one shape."""

    labels: Tensor
    """(B, T) int64, 0 where there is no instance."""
    boxes: Tensor
    """(B, T, 4) in [0, 1], a centred box of half the image where there is no instance."""
    valid: Tensor
    """(B, T) bool, True where there is an instance."""
    masks: Tensor
    """(N, H, W) bool, image by image, in the frame of the padded batch."""
    mask_index: Tensor
    """(B, T) int64, row of ``masks``; 0 where there is no instance."""
    counts: tuple[int, ...]
    """Instances of each image, on the host."""


class EncodedFeatures(NamedTuple):
    """Output of the pixel encoder."""

    tokens: Tensor
    """(B, S, C), levels joined from fine to coarse."""
    spatial_shapes: tuple[tuple[int, int], ...]
    """(height, width) of each level."""
    padding_mask: Tensor | None
    """(B, S) bool, True on padding; None when no image is padded."""
    valid_ratios: Tensor
    """(B, 2) as x, y: share of the padded batch that is image."""
    points: Tensor
    """(B, S, 2) centre of each token, relative to the image; above 1 on padding."""
    mask_features: Tensor
    """(B, D, h, w) at a quarter of the image size."""

    def to(self, dtype: torch.dtype) -> "EncodedFeatures":
        """The same with tokens and mask features of a type; geometry stays as it is."""
        return self._replace(
            tokens=self.tokens.to(dtype), mask_features=self.mask_features.to(dtype)
        )


class Predictions(NamedTuple):
    """Predictions of several stages; masks stay factored until one is needed."""

    class_logits: Tensor
    """(stages, B, Q, K)."""
    boxes: Tensor
    """(stages, B, Q, 4) in [0, 1]."""
    mask_embeds: Tensor
    """(stages, B, Q, D); its product with ``mask_features`` is the mask logits."""

    def queries(self, start: int, stop: int | None = None) -> "Predictions":
        """The same predictions of the queries ``start:stop``."""
        return Predictions(*(field[:, :, start:stop] for field in self))


class Matches(NamedTuple):
    """M pairs of a prediction and an instance, sorted by image."""

    stage: Tensor
    """(M,) int64."""
    image: Tensor
    """(M,) int64."""
    query: Tensor
    """(M,) int64."""
    target: Tensor
    """(M,) int64, index in the image's own instances (T axis)."""
    counts: tuple[int, ...]
    """Pairs of each image, on the host."""


def valid_ratios(
    image_shapes: Sequence[tuple[int, int]], batch_shape: tuple[int, int], device: torch.device
) -> Tensor:
    """Share of the padded batch that each image covers.

    Args:
        image_shapes: (height, width) of each image without padding, pixels.
        batch_shape: (height, width) of the padded batch, pixels.
        device: Where the result lives.

    Returns:
        (B, 2) float32 as x, y in (0, 1].
    """
    height, width = batch_shape
    ratios = torch.tensor([[w / width, h / height] for h, w in image_shapes])
    return ratios.to(device, non_blocking=True)
