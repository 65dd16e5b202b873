"""The backbone of every decoder: a reference to the one real backbone of the model."""

from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from argus.errors import ConfigError
from argus.names.wording import counted
from argus.registry import MODELS

T = TypeVar("T")


@MODELS.register_module()
class SharedBackbone(BaseModule):
    """Stands where a detector, segmentor, pose estimator or classifier has its backbone.

    It holds a reference, not a registered submodule: the real backbone appears once in the
    parameters and checkpoints of the multitask model. Given images it runs the backbone, which
    keeps flip tests and sliding windows of the decoder's library working; given feature maps it
    passes them through, so that several decoders can share one backbone pass.

    Args:
        levels: Which of the backbone's maps the decoder sees, counted from 0, the finest;
            ``(1, 2, 3)`` for one made for strides 8, 16 and 32. All of them by default.

    Raises:
        ConfigError: If ``levels`` are no increasing numbers.
    """

    def __init__(self, levels: Sequence[int] | None = None) -> None:
        super().__init__()
        check_levels(levels, where="SharedBackbone.levels")
        self.levels = None if levels is None else tuple(levels)
        self._reference: tuple[nn.Module, ...] = ()
        # Autocast (enabled, dtype) of the backbone where the decoder around it runs in float32.
        self.backbone_autocast: tuple[bool, torch.dtype] | None = None

    def bind(self, backbone: nn.Module) -> None:
        """Point at ``backbone``. The tuple keeps ``nn.Module`` from registering it as a child."""
        self._reference = (backbone,)

    def init_weights(self) -> None:
        """Do nothing: the real backbone initialises itself once."""

    def forward(self, inputs: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Feature maps of ``inputs``.

        Args:
            inputs: Normalised images (B, 3, H, W), or the backbone's feature maps, all of them.

        Returns:
            The chosen ones of four maps (B, C, H / s, W / s) with s = 4, 8, 16, 32.

        Raises:
            ConfigError: If the backbone has fewer maps than ``levels`` name.
        """
        if self.backbone_autocast is None:
            return self._maps(inputs)
        enabled, dtype = self.backbone_autocast
        device_type = inputs.device.type if isinstance(inputs, Tensor) else inputs[0].device.type
        with torch.autocast(device_type, dtype=dtype, enabled=enabled):
            maps = self._maps(inputs)
        return tuple(feature.float() for feature in maps)

    def _maps(self, inputs: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
        if not isinstance(inputs, Tensor):
            return choose_levels(inputs, self.levels, where="SharedBackbone.levels")
        assert self._reference, "SharedBackbone.bind(backbone) has to come before the first forward"
        maps = self._reference[0](inputs)
        return choose_levels(maps, self.levels, where="SharedBackbone.levels")


def choose_levels(items: Sequence[T], levels: Sequence[int] | None, *, where: str) -> tuple[T, ...]:
    """Those of one item per map that ``levels`` name; all without them.

    Args:
        items: The maps, or their channels or strides.
        levels: As of :class:`SharedBackbone`.
        where: Their place in the config, for messages.

    Raises:
        ConfigError: If they are no increasing numbers, or there are fewer maps.
    """
    if levels is None:
        return tuple(items)
    check_levels(levels, where=where)
    if levels[-1] >= len(items):
        raise ConfigError(
            f"{where}: expected numbers from 0 to {len(items) - 1}, since the backbone gives "
            f"{counted(len(items), 'map')}, found {tuple(levels)}."
        )
    return tuple(items[level] for level in levels)


def check_levels(levels: Any, *, where: str) -> None:
    """Refuse levels that are no increasing numbers.

    Raises:
        ConfigError: Naming their place.
    """
    if levels is None:
        return
    numbers = list(levels) if isinstance(levels, (list, tuple)) else []
    if not numbers or any(type(level) is not int or level < 0 for level in numbers):
        fits = False
    else:
        fits = numbers == sorted(set(numbers))
    if not fits:
        raise ConfigError(
            f"{where}: expected the numbers of the maps that the decoder sees, from fine to "
            f"coarse and counted from 0, e.g. (1, 2, 3); found {levels!r}."
        )
