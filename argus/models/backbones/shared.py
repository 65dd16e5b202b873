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
        if not isinstance(inputs, torch.Tensor):
            return tuple(inputs)
        assert self._reference, "SharedBackbone.bind(backbone) has to come before the first forward"
        return self._reference[0](inputs)
