"""What every Argus backbone on a ViT shares: freezing, input size, decay and layer groups.

Paper: Argus (CVPR 2025): the ViT stays frozen and sees the image resized by 14/16, so that its
grid of 14-pixel patches is the stride-16 grid of the feature maps. One of 16-pixel patches sees the
image as it is.
"""

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from argus.errors import ConfigError
from argus.layers.resize import resize
from argus.models.backbones.feature_cache import FeatureCache
from argus.models.backbones.traits import BackboneTraits
from argus.models.backbones.vit import VisionTransformer
from argus.registry import MODELS

PATCH_STRIDE = 16  # pixels of the input image per ViT patch
RESIZE_MODES = ("bicubic", "bilinear")
Maps = tuple[Tensor, ...]


class VitBackbone(nn.Module):
    """A ViT, frozen or not, and the contract of a backbone of four feature maps.

    Args:
        vit: A :class:`DinoVisionTransformer`, a :class:`SiglipVisionTransformer`, or its config.
        freeze_vit: Keep the ViT as it is: no gradient for its parameters, always in eval mode.
            Gradients still flow through its blocks.
        resize_mode: Interpolation of the image for the ViT, with antialias.

    Attributes:
        embed_dim: C.
        out_channels: Channels of the four maps.
        strides: Their strides, pixels.
        size_divisor: The sides of an image must be multiples of it.
    """

    strides = (4, 8, 16, 32)
    size_divisor = 32

    def __init__(
        self,
        vit: dict[str, Any] | VisionTransformer,
        *,
        freeze_vit: bool = True,
        resize_mode: str = "bicubic",
    ) -> None:
        super().__init__()
        if resize_mode not in RESIZE_MODES:
            raise ConfigError(f"resize_mode expected one of {RESIZE_MODES}, found {resize_mode!r}.")
        self.vit: VisionTransformer = vit if isinstance(vit, nn.Module) else MODELS.build(vit)
        self.embed_dim = self.vit.embed_dim
        self.out_channels = (self.embed_dim,) * len(self.strides)
        self.freeze_vit = freeze_vit
        self.resize_mode = resize_mode
        self.frozen_name = ""
        self.cache: FeatureCache | None = None
        if freeze_vit:
            self.vit.requires_grad_(False)
            self.vit.eval()

    @classmethod
    def traits_of(cls, config: Mapping[str, Any]) -> BackboneTraits:
        """What a config of this class gives, without building it.

        Raises:
            ConfigError: The kind or the sizes of the ViT are not there, or unknown.
        """
        vit = config.get("vit")
        kind = vit.get("type") if isinstance(vit, Mapping) else None
        kind = MODELS.get(kind) if isinstance(kind, str) else kind
        if not (
            isinstance(vit, Mapping)
            and isinstance(kind, type)
            and issubclass(kind, VisionTransformer)
            and "arch" in vit
        ):
            raise ConfigError(
                f"backbone.vit: expected dict(type=DinoVisionTransformer, arch=...), found {vit!r}."
            )
        return BackboneTraits(
            channels=(kind.architecture(vit["arch"]).embed_dim,) * len(cls.strides),
            strides=cls.strides,
            size_divisor=cls.size_divisor,
            mean=kind.mean,
            std=kind.std,
        )

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Compute the feature pyramid, or read it where there is a cache.

        Args:
            images: (B, 3, H, W), RGB, normalised with the mean and deviation of the ViT; sides
                multiples of 32.

        Returns:
            F0, F1, F2, F3: (B, C, H/4, W/4) to (B, C, H/32, W/32).

        Raises:
            ValueError: If a side is not a multiple of 32.
        """
        if self.cache is None:
            return self.maps(images)
        return self.spread(self.cache.features(images, self.kept), images)

    def forward_packed(self, batches: Sequence[Tensor]) -> list[Maps]:
        """The pyramids of several batches at once, whose sizes may differ.

        The ViT's blocks run once over all tokens, and attention stays within each image, so that
        the numbers are those of :meth:`forward` batch by batch; so are the statistics of
        BatchNorm.

        Args:
            batches: As ``images`` of :meth:`forward`.

        Returns:
            The maps of each batch.
        """
        if self.cache is not None:  # what it has not is computed
            return [self(images) for images in batches]
        return self.packed_maps(batches)

    def maps(self, images: Tensor) -> Maps:
        """What :meth:`forward` computes."""
        return self.packed_maps([images])[0]

    @abstractmethod
    def packed_maps(self, batches: Sequence[Tensor]) -> list[Maps]:
        """What :meth:`forward_packed` computes."""

    def kept(self, images: Tensor) -> tuple[Tensor, ...]:
        """What a cache keeps of images: all that :meth:`spread` needs, and no more."""
        return self.maps(images)

    def spread(self, kept: tuple[Tensor, ...], images: Tensor) -> tuple[Tensor, ...]:
        """The maps of images by what :meth:`kept` gives for them."""
        return kept

    def use_cache(self, cache: FeatureCache) -> None:
        """Keep feature maps on disk from now on.

        Raises:
            ConfigError: If any part of the backbone is trained, so that its maps change.
        """
        if any(parameter.requires_grad for parameter in self.parameters()):
            raise ConfigError(
                "feature_cache: the backbone is trained, so its features change. Freeze it: "
                "backbone=dict(type=trained_backbone, ..., freeze=True); or remove feature_cache."
            )
        self.cache = cache

    @property
    def base_name(self) -> str:
        """Name of the frozen weights this backbone stands on: the ViT's, or its own if frozen."""
        return self.frozen_name or self.vit.base_name

    def freeze(self, name: str) -> None:
        """Keep all of the backbone as it is: no gradients, always in eval mode.

        Images need no gradient either, so autograd records nothing and keeps no memory.

        Args:
            name: What the frozen weights are called in checkpoints.
        """
        assert name, "a frozen backbone needs a name"
        self.frozen_name = name
        self.requires_grad_(False)
        self.eval()

    @property
    def num_layers(self) -> int:
        """Number of layer groups for layer-wise learning-rate decay: embeddings, blocks, rest."""
        return self.vit.depth + 2

    def layer_id(self, name: str) -> int:
        """Return the layer group of a parameter: 0 for the ViT's embeddings, i + 1 for block i.

        Args:
            name: As in ``named_parameters()`` of this backbone.

        Returns:
            0 to ``num_layers - 1``; the last is the ViT's final norm and all that is not the ViT.
        """
        block = re.match(r"vit\.blocks\.(\d+)\.", name)
        if block:
            return int(block.group(1)) + 1
        if name.startswith("vit.") and not name.startswith("vit.norm."):
            return 0
        return self.num_layers - 1

    def frozen_state(self) -> dict[str, Tensor]:
        """Return the frozen tensors by their name in ``state_dict()``; empty if none is frozen."""
        if self.frozen_name:
            return self.state_dict()
        if not self.freeze_vit:
            return {}
        return {f"vit.{name}": tensor for name, tensor in self.vit.state_dict().items()}

    def train(self, mode: bool = True) -> "VitBackbone":
        """Set the mode; what is frozen stays in eval mode."""
        super().train(mode and not self.frozen_name)
        if self.freeze_vit:
            self.vit.eval()
        return self

    def grid(self, images: Tensor) -> tuple[int, int]:
        """Check the size of (B, 3, H, W) and return the ViT's grid (H / 16, W / 16).

        Raises:
            ValueError: If a side is not a multiple of ``size_divisor``.
        """
        height, width = images.shape[-2:]
        if height % self.size_divisor or width % self.size_divisor or not height or not width:
            raise ValueError(
                f"{type(self).__name__} expected image sides that are multiples of "
                f"{self.size_divisor}, found {height} x {width} (height x width). Set "
                f"pad_size_divisor={self.size_divisor} in the data preprocessor."
            )
        return height // PATCH_STRIDE, width // PATCH_STRIDE

    @contextmanager
    def frozen_part(self) -> Iterator[None]:
        """Record no gradient inside the block when the ViT is frozen."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.freeze_vit):
            yield

    def embed(self, images: Tensor) -> Tensor:
        """Resize images (B, 3, H, W) for the ViT and return its tokens (B, P + N, C)."""
        rows, columns = self.grid(images)
        size = (rows * self.vit.patch_size, columns * self.vit.patch_size)
        with self.frozen_part():
            if size != tuple(images.shape[-2:]):
                images = resize(images, size, mode=self.resize_mode)
            return self.vit.prepare_tokens(images)
