"""ViTs of timm, by name."""

import math
from pathlib import Path
from typing import Any

from torch import Tensor

from argus.errors import CheckpointError, ConfigError
from argus.mtv.encoders.encoder import TIMM, Encoder, short_name
from argus.mtv.encoders.preparation import RESAMPLING, Preparation


class TimmEncoder(Encoder):
    """A ViT of timm; ``pooled`` is what its classifier would read.

    Args:
        name: Of timm, such as ``vit_base_patch16_clip_224.openai``, or a folder that its
            ``save_for_hf`` wrote.
        device: Where it computes.

    Raises:
        ConfigError: If timm is not there, or the model is no ViT that takes any size.
        CheckpointError: If it cannot be read.
    """

    def __init__(self, name: str, *, device: str) -> None:
        self._model = _read(name).to(device).eval().requires_grad_(False)
        patch: Any = self._model.patch_embed.patch_size
        super().__init__(
            name=TIMM + short_name(name),
            patch_size=patch[0],
            preparation=_preparation(name, self._model),
            device=device,
        )

    def _pooled(self, batch: Tensor) -> Tensor:
        features = self._model.forward_features(batch)
        found: Tensor = self._model.forward_head(features, pre_logits=True)
        return found

    def _tokens(self, batch: Tensor, final_norm: bool) -> Tensor:
        found: list[Tensor] = self._model.forward_intermediates(
            batch, indices=1, norm=final_norm, output_fmt="NLC", intermediates_only=True
        )
        return found[-1]


def _read(name: str) -> Any:
    try:
        import timm
    except ImportError as error:
        raise ConfigError(
            f"{TIMM}{name} needs timm: python -m pip install 'timm>=1.0.20,<2'."
        ) from error
    if Path(name).is_dir() and not list(Path(name).glob("*.safetensors")):
        raise CheckpointError(
            f"{name} has no weights in safetensors: write them with timm's save_for_hf."
        )
    source = f"local-dir:{name}" if Path(name).is_dir() else name
    try:
        # Positions that are interpolated for any size.
        model = timm.create_model(source, pretrained=True, num_classes=0, dynamic_img_size=True)
    except TypeError as error:
        raise ConfigError(
            f"{TIMM}{name}: expected a ViT that takes pictures of any size, found a model that "
            f"does not ({error})."
        ) from error
    except (OSError, ValueError, KeyError, RuntimeError, AssertionError) as error:
        raise CheckpointError(
            f"{TIMM}{name} cannot be read: {' '.join(str(error).split())[:300]} Names are those of "
            "timm.list_models('vit*', pretrained=True)."
        ) from error
    if not hasattr(model, "forward_intermediates") or not hasattr(model, "patch_embed"):
        raise ConfigError(f"{TIMM}{name}: expected a ViT, found {type(model).__name__}.")
    return model


def _preparation(name: str, model: Any) -> Preparation:
    from timm.data import resolve_model_data_config

    config = resolve_model_data_config(model)
    _, height, width = config["input_size"]
    mode = config.get("crop_mode") or "center"
    scale = tuple(math.floor(side / config["crop_pct"]) for side in (height, width))
    # Pictures that are not square would be cropped after a resize that is neither of ours.
    if mode not in ("center", "squash") or (mode == "center" and height != width):
        raise ConfigError(
            f"{TIMM}{name}: its pictures are prepared by {mode!r} to {height} x {width}; expected "
            "a centre crop to a square, or 'squash'."
        )
    interpolation = config["interpolation"]
    return Preparation(
        size=(height, width),
        scale=(scale[0], scale[1]),
        resize="crop" if mode == "center" else "whole",
        interpolation=interpolation if interpolation in RESAMPLING else "bicubic",
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
        rounds_half_to_even=True,
    )
