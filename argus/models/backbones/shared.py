"""The backbone of every decoder: a reference to the one real backbone of the model."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from argus.registry import MODELS


@MODELS.register_module()
class SharedBackbone(BaseModule):
    """Stands where a detector, segmentor, pose estimator or classifier has its backbone.

    It holds a reference, not a registered submodule: the real backbone appears once in the
    parameters and checkpoints of the multitask model. Given images it runs the backbone, which
    keeps flip tests and sliding windows of the decoder's library working; given feature maps it
    passes them through, so that several decoders can share one backbone pass.
    """

    def __init__(self) -> None:
        super().__init__()
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
            inputs: Normalised images (B, 3, H, W), or the feature maps themselves.

        Returns:
            Four maps (B, C, H / s, W / s) with s = 4, 8, 16, 32.
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
            return tuple(inputs)
        assert self._reference, "SharedBackbone.bind(backbone) has to come before the first forward"
        return tuple(self._reference[0](inputs))
