"""The options of linear depth, and what is right for them."""

import math
from dataclasses import dataclass

from argus.errors import ConfigError

LOSSES = ("silog", "cross_entropy")


@dataclass(kw_only=True)
class LinearDepthOptions:
    """How linear depth is measured; the numbers are those of FiT3D's configuration.

    Args:
        bins: Depths from least to greatest, evenly spaced, whose expectation is predicted.
        min_depth: Metres.
        max_depth: Metres.
        upsample: How many times finer than the patches the scores are resized.
        loss: ``silog`` of the expectation with gradient matching; ``cross_entropy`` of the bins.
        silog_warmup: Steps in which the variance of the silog loss does not count.
        gradient_weight: Of the gradient matching.
        gradient_steps: Every how many pixels it looks.
        steps: Of training.
        batch: Pictures of a step.
        lr: Learning rate.
        weight_decay: Of AdamW.
        warmup_steps: In which the rate rises.
        max_norm: Of the gradients.
        nyu_crop: Whether training pictures are first cut to rows 45 to 471 and columns 43 to 607,
            which the projected depth maps cover.
        crop_height: Of the random crop, pixels.
        crop_width: Of the random crop.
        degrees: Most that a picture is turned by, every other time.
        flip: Whether the depth of a picture and of its mirror image are averaged.
        final_norm: Whether tokens after the last normalisation are taken.
        eigen_crop: Whether Eigen's box of 480 x 640 pixels is measured, or all of the picture.
        seed: Of the head's weights and of what is drawn.
        workers: Processes that read pictures.
        train_list: List of the training pictures below the root.
        test_list: List of those that are measured.
    """

    bins: int = 256
    min_depth: float = 0.001
    max_depth: float = 10.0
    upsample: int = 4
    loss: str = "silog"
    silog_warmup: int = 100
    gradient_weight: float = 0.5
    gradient_steps: tuple[int, ...] = (1, 2, 4, 6)
    steps: int = 38_400
    batch: int = 16
    lr: float = 1e-4
    weight_decay: float = 0.01
    warmup_steps: int = 12_800
    max_norm: float = 35.0
    nyu_crop: bool = True
    crop_height: int = 416
    crop_width: int = 544
    degrees: float = 2.5
    flip: bool = True
    final_norm: bool = False
    eigen_crop: bool = True
    seed: int = 0
    workers: int = 4
    train_list: str = "nyu_train.txt"
    test_list: str = "nyu_test.txt"

    def check(self) -> None:
        """Raise ``ConfigError`` if a value is out of range."""
        if self.loss not in LOSSES:
            raise ConfigError(f"loss: expected one of {', '.join(LOSSES)}, found {self.loss!r}.")
        for name in ("bins", "upsample", "steps", "batch", "crop_height", "crop_width"):
            if getattr(self, name) < 1 + (name == "bins"):
                raise ConfigError(f"{name}: expected more, found {getattr(self, name)}.")
        for name in ("lr", "weight_decay", "warmup_steps", "silog_warmup", "gradient_weight"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ConfigError(f"{name}: expected 0 or more, found {getattr(self, name)}.")
        if not 0 < self.min_depth < self.max_depth or not 0 <= self.degrees <= 180:
            raise ConfigError(
                "expected 0 < min_depth < max_depth and degrees in [0, 180], found "
                f"{self.min_depth}, {self.max_depth} and {self.degrees}."
            )
        if min(self.gradient_steps, default=0) < 1 or self.max_norm <= 0 or self.workers < 0:
            raise ConfigError(
                "expected gradient_steps of at least 1, max_norm above 0 and workers of at least "
                f"0, found {self.gradient_steps}, {self.max_norm} and {self.workers}."
            )
