"""Inverse depth of a depth model, known up to scale and shift, after four blocks of the tower."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from argus.errors import ConfigError, DataError
from argus.mtv.batch import Disparity
from argus.mtv.decoders.decoder import Decoder, Parts, detached
from argus.mtv.depth_head import DepthHead
from argus.mtv.losses.disparity import GRADIENT_SPACES, DisparityLosses, disparity_losses
from argus.mtv.losses.valid_mean import valid_mean
from argus.mtv.passes import Passes
from argus.registry import MODELS


@MODELS.register_module()
class Depth(Decoder):
    """Depth; maps of another size than the view are compared at the size of the view.

    Args:
        taps: Four blocks, counted from 1; a quarter, a half, three quarters and all of the tower by
            default.
        normalises_taps: Whether the tower's last normalisation is applied to each.
        channels: See ``argus.mtv.depth_head.DepthHead``.
        fusion: See there.
        hidden: See there.
        activation: See there.
        gradient_weight: Factor of the gradient matching.
        keep: Share of the pixels that is not trimmed away.
        gradient_space: See ``argus.mtv.losses.disparity.disparity_losses``.
    """

    def __init__(
        self,
        *,
        taps: Sequence[int] | None = None,
        normalises_taps: bool = False,
        channels: Sequence[int] = (96, 192, 384, 768),
        fusion: int = 128,
        hidden: int = 32,
        activation: str = "softplus",
        gradient_weight: float = 2.0,
        keep: float = 0.9,
        gradient_space: str = "normalised",
    ) -> None:
        super().__init__()
        if gradient_space not in GRADIENT_SPACES:
            raise ConfigError(
                f"gradient_space: expected one of {', '.join(GRADIENT_SPACES)}, found "
                f"{gradient_space!r}."
            )
        self._asked = None if taps is None else tuple(taps)
        self.normalises_taps = normalises_taps
        self._options: dict[str, Any] = dict(
            channels=tuple(channels), fusion=fusion, hidden=hidden, activation=activation
        )
        self.gradient_weight = gradient_weight
        self.keep = keep
        self.gradient_space = gradient_space
        self.head: Any = None

    def bind(self, backbone: Any) -> None:
        """Make the head.

        Raises:
            ConfigError: If the tower has no such blocks.
        """
        config = backbone.config.vision_config
        number = config.num_hidden_layers
        found = self._asked or tuple(max(1, round(number * part / 4)) for part in range(1, 5))
        if len(found) != 4 or not all(0 < tap <= number for tap in found):
            raise ConfigError(
                f"taps: expected four blocks between 1 and {number}, found {list(found)}."
            )
        self.taps = found
        self.head = DepthHead(config.hidden_size, config.patch_size, **self._options)

    def loss(self, passes: Passes, samples: Sequence[Any], *, task: str) -> tuple[Tensor, Parts]:
        """``trimmed error + gradient_weight gradient matching``, mean over pictures with depth.

        The head runs on these alone.
        """
        rows = [row for row, sample in enumerate(samples) if sample is not None]
        found = self._losses(passes, rows, [samples[row] for row in rows], task=task)
        there = found.has_depth
        error, edges = valid_mean(found.error, there), valid_mean(found.edges, there)
        loss = error + self.gradient_weight * edges
        images = there.float().sum() / len(samples)
        return loss, detached(error=error, gradients=edges, images=images)

    def _losses(
        self, passes: Passes, rows: Sequence[int], samples: Sequence[Any], *, task: str
    ) -> DisparityLosses:
        """Of the pictures of some rows of the batch."""
        if not rows:
            none = torch.zeros(0, device=passes.images.device)
            return DisparityLosses(none, none, none.bool())
        places = torch.tensor(rows, device=passes.images.device)

        def tap(number: int) -> Tensor:
            return passes.tap(number).index_select(0, places)

        prediction = self.decode(tap, passes.backbone.vision_model, passes.grid)
        target, valid = _targets(samples, prediction, task=task)
        return disparity_losses(
            prediction, target, valid, keep=self.keep, gradient_space=self.gradient_space
        )

    def decode(self, tap: Callable[[int], Tensor], tower: Any, grid: tuple[int, int]) -> Tensor:
        """(B, H, W) float32 inverse depth of views.

        Args:
            tap: Gives the output (B, N, D) of a block, counted from 1.
            tower: The ``SiglipVisionModel`` of the block.
            grid: Rows and columns of patches.
        """
        taps = [tap(number) for number in self.taps]
        if self.normalises_taps:
            taps = [tower.post_layernorm(value) for value in taps]
        found: Tensor = self.head(taps, grid)
        return found


def _targets(samples: Sequence[Any], prediction: Tensor, *, task: str) -> tuple[Tensor, Tensor]:
    """Maps (B, H, W) and their valid pixels on the device."""
    size = prediction.shape[-2:]
    target = torch.zeros(prediction.shape)
    valid = torch.zeros(prediction.shape, dtype=torch.bool)
    for place, sample in enumerate(samples):
        if not isinstance(sample, Disparity):
            raise DataError(f"task {task!r} needs Disparity, found {type(sample).__name__}.")
        values = sample.values.float()
        mask = values.isfinite()
        if sample.valid is not None:
            mask = mask & sample.valid
        if values.shape != size:  # the nearest pixel, since a mean of two depths is neither
            values = F.interpolate(values[None, None], size, mode="nearest-exact")[0, 0]
            mask = F.interpolate(mask[None, None].float(), size, mode="nearest-exact")[0, 0] > 0
        target[place], valid[place] = values.where(mask, 0.0), mask
    return target.to(prediction.device), valid.to(prediction.device)
