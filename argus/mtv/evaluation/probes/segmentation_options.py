"""The options of linear segmentation, and what is right for them."""

import math
from dataclasses import dataclass

from argus.errors import ConfigError
from argus.mtv.evaluation.probes.mask_folders import MaskFolders

INFERENCES = ("slide", "whole")


@dataclass(kw_only=True)
class LinearSegmentationOptions:
    """How linear segmentation is measured.

    Args:
        size: Height and width in pixels of what the encoder sees.
        stride: From one window to the next, in ``slide``.
        inference: ``slide``: the shorter side resized to ``size``, windows of it; ``whole``: the
            whole picture as a square.
        long_side: Most of the longer side in ``slide`` and before the zoom of the training.
        steps: Of training.
        batch: Pictures of a step.
        lr: Learning rate.
        weight_decay: Of AdamW.
        warmup_steps: In which the rate rises.
        power: Of the polynomial that it falls by.
        final_norm: Whether tokens after the last normalisation are taken.
        augment: Whether pictures are zoomed, cropped, flipped and recoloured in training; else they
            are whole squares, whose features are kept as far as ``cache_mb`` allows.
        cache_mb: Most megabytes of features that are kept.
        seed: Of the head's weights and of what is drawn.
        workers: Processes that read pictures.
        loss_chunk: Pictures whose scores at full size are in memory at a time.
        train_images: Folder of the training pictures below the root.
        train_labels: Folder of their masks.
        val_images: Folder of the pictures that are measured.
        val_labels: Folder of their masks.
        image_suffix: End of the pictures' names.
        label_suffix: End of the masks' names.
        num_classes: Number of classes.
        reduce_zero_label: Whether 0 in the masks is no class, and the classes begin with 1.
    """

    size: int = 576
    stride: int = 384
    inference: str = "slide"
    long_side: int = 2048
    steps: int = 40_000
    batch: int = 32
    lr: float = 4e-5
    weight_decay: float = 1e-4
    warmup_steps: int = 1500
    power: float = 1.0
    final_norm: bool = True
    augment: bool = True
    cache_mb: float = 4096.0
    seed: int = 0
    workers: int = 4
    loss_chunk: int = 4
    train_images: str = "images/training"
    train_labels: str = "annotations/training"
    val_images: str = "images/validation"
    val_labels: str = "annotations/validation"
    image_suffix: str = ".jpg"
    label_suffix: str = ".png"
    num_classes: int = 150
    reduce_zero_label: bool = True

    def check(self) -> None:
        """Raise ``ConfigError`` if a value is out of range."""
        if self.inference not in INFERENCES:
            raise ConfigError(
                f"inference: expected {' or '.join(INFERENCES)}, found {self.inference!r}."
            )
        whole = ("size", "stride", "steps", "batch", "loss_chunk", "long_side")
        for name in whole:
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: expected at least 1, found {getattr(self, name)}.")
        for name in ("lr", "weight_decay", "power", "cache_mb", "warmup_steps", "workers"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ConfigError(f"{name}: expected 0 or more, found {getattr(self, name)}.")

    def folders(self, part: str) -> MaskFolders:
        """Of ``train`` or ``val``."""
        return MaskFolders(
            images=getattr(self, f"{part}_images"),
            labels=getattr(self, f"{part}_labels"),
            image_suffix=self.image_suffix,
            label_suffix=self.label_suffix,
            num_classes=self.num_classes,
            reduce_zero_label=self.reduce_zero_label,
        )
