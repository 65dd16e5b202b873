"""Any vision model behind one face: what a picture is, what its patches are, and texts if it reads.

``load_encoder`` takes a folder or a name on the Hub of ``transformers`` (SigLIP, SigLIP 2 at a
fixed resolution, CLIP, DINOv2, DINOv3, MTV), or ``timm:NAME``. Everything computes in float32.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from argus.errors import CheckpointError, ConfigError
from argus.mtv.encoders.preparation import NO_TEXTS, Preparation

TIMM = "timm:"


class MissingPart(ConfigError):
    """A model lacks what an evaluation needs: a text encoder, a depth head, features."""


class Encoder(ABC):
    """A frozen model in eval mode.

    Args:
        name: For tables.
        patch_size: Height and width of a patch in pixels.
        preparation: Of pictures and texts.
        device: Where it computes.
    """

    def __init__(
        self, *, name: str, patch_size: int, preparation: Preparation, device: str | torch.device
    ) -> None:
        self.name = name
        self.patch_size = patch_size
        self.preparation = preparation
        self.device = torch.device(device)

    @property
    def has_texts(self) -> bool:
        """Whether there is a text tower."""
        return self.preparation.text != NO_TEXTS

    def prepare(
        self, pictures: Sequence[Image.Image], size: tuple[int, int] | None = None
    ) -> Tensor:
        """(B, 3, H, W) float32 on the device.

        Args:
            pictures: Upright, of any size and mode.
            size: Height and width in pixels, multiples of the patch, that the whole pictures are
                squeezed to; the model's own resize and crop by default.

        Raises:
            ConfigError: If the size is no multiple of the patch.
        """
        if size is not None and any(side < 1 or side % self.patch_size for side in size):
            raise ConfigError(
                f"{self.name}: expected a height and width that are multiples of its patch of "
                f"{self.patch_size} pixels, found {size[0]} x {size[1]}."
            )
        pixels = torch.stack([self.preparation.pixels(picture, size) for picture in pictures])
        return self.preparation.normalised(pixels.to(self.device))

    @torch.no_grad()
    def pooled(self, batch: Tensor) -> Tensor:
        """(B, D) float32 embeddings, not normalised: what is compared with texts where there are.

        Args:
            batch: Of :meth:`prepare`.
        """
        return self._pooled(batch).float()

    @torch.no_grad()
    def patches(self, batch: Tensor, *, final_norm: bool = True) -> Tensor:
        """(B, D, h, w) float32 patch tokens of the last block.

        Args:
            batch: Of :meth:`prepare`, of any size; positions are interpolated.
            final_norm: Whether after the last normalisation.
        """
        height, width = (side // self.patch_size for side in batch.shape[-2:])
        tokens = self._tokens(batch, final_norm)
        assert tokens.shape[1] == height * width
        return tokens.float().transpose(1, 2).unflatten(2, (height, width)).contiguous()

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> Tensor:
        """(n, D) float32 embeddings, not normalised.

        Raises:
            MissingPart: If the model has no text tower.
        """
        if not self.has_texts:
            raise MissingPart(
                f"{self.name} has no text encoder, which this evaluation needs: expected SigLIP, "
                "CLIP or MTV with both encoders."
            )
        return self._texts(texts).float()

    @torch.no_grad()
    def depth(self, picture: Image.Image) -> np.ndarray:
        """(H, W) float32 inverse depth at the size of a picture, of any scale and shift.

        Raises:
            MissingPart: If the model has no depth head.
        """
        return self._depth(picture)

    @abstractmethod
    def _pooled(self, batch: Tensor) -> Tensor:
        """(B, D)."""

    @abstractmethod
    def _tokens(self, batch: Tensor, final_norm: bool) -> Tensor:
        """(B, N, D) patch tokens, row by row."""

    def _texts(self, texts: Sequence[str]) -> Tensor:
        """(n, D), of a model that has a text tower."""
        raise AssertionError(f"{type(self).__name__} says that it reads texts, and has no way to")

    def _depth(self, picture: Image.Image) -> np.ndarray:
        """(H, W) float32, of a model that has a depth head."""
        raise MissingPart(
            f"{self.name} has no depth head, which this evaluation needs: expected an MTV folder "
            "with its heads, or a depth model of transformers such as "
            "depth-anything/Depth-Anything-V2-Small-hf."
        )


def load_encoder(source: str, *, device: str | None = None) -> Encoder:
    """Read a model.

    Args:
        source: A folder that ``save_pretrained`` wrote or a name on the Hub of ``transformers``;
            ``timm:NAME`` for one of timm, by its name there or the folder of ``save_for_hf``.
        device: A GPU if there is one by default.

    Raises:
        CheckpointError: If there is no such model, or it cannot be read.
        ConfigError: If it is of a kind that is not known here, or timm is not there.
    """
    where = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if source.startswith(TIMM):
        from argus.mtv.encoders.timm_encoder import TimmEncoder

        return TimmEncoder(source.removeprefix(TIMM), device=where)
    kinds = _kinds()
    kind = model_type(source)
    if kind not in kinds:
        more = (
            " SigLIP 2 of any resolution (NaFlex) has no pictures of one size; take a fixed one."
            if kind == "siglip2"
            else ""
        )
        raise ConfigError(
            f"{source}: expected a model of type {', '.join(kinds)}, found {kind!r}.{more}"
        )
    return kinds[kind](source, device=where)


def _kinds() -> dict[str, Callable[..., Encoder]]:
    """Classes by the ``model_type`` of a folder."""
    from argus.mtv.encoders.clip_encoder import ClipEncoder
    from argus.mtv.encoders.depth_model import DepthModel
    from argus.mtv.encoders.dino_encoder import DinoEncoder
    from argus.mtv.encoders.siglip_encoder import SiglipEncoder

    return {
        "siglip": SiglipEncoder,
        "siglip_vision_model": SiglipEncoder,
        "clip": ClipEncoder,
        "dinov2": DinoEncoder,
        "dinov2_with_registers": DinoEncoder,
        "dinov3_vit": DinoEncoder,
        "depth_anything": DepthModel,
        "dpt": DepthModel,
    }


def model_type(source: str) -> str:
    """The ``model_type`` in the ``config.json`` of a folder or of a name on the Hub.

    Raises:
        CheckpointError: If there is none.
    """
    from transformers import PreTrainedConfig

    try:
        config, _ = PreTrainedConfig.get_config_dict(source, local_files_only=Path(source).is_dir())
        return str(config["model_type"])
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"{source} is no model that can be read: {' '.join(str(error).split())[:300]} Give a "
            "folder with config.json and model.safetensors, a name on the Hub such as "
            "google/siglip-base-patch16-224, or timm:NAME."
        ) from error


def short_name(source: str) -> str:
    """The last part of a path or of a name on the Hub, for tables."""
    return Path(source).resolve().name if Path(source).is_dir() else source
