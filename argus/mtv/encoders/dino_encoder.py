"""DINOv2, with and without registers, and DINOv3 of ``transformers``."""

from typing import Any

from torch import Tensor
from transformers import Dinov2Model, Dinov2WithRegistersModel, DINOv3ViTModel
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.dinov3_vit.image_processing_dinov3_vit import DINOv3ViTImageProcessor

from argus.mtv.encoders.encoder import Encoder, model_type, short_name
from argus.mtv.encoders.preparation import NO_TEXTS
from argus.mtv.encoders.processors import read_preparation
from argus.mtv.transformers_models import read_for_use

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CLASSES = {
    "dinov2": (Dinov2Model, "facebook/dinov2-base"),
    "dinov2_with_registers": (Dinov2WithRegistersModel, "facebook/dinov2-with-registers-base"),
    "dinov3_vit": (DINOv3ViTModel, "facebook/dinov3-vitb16-pretrain-lvd1689m"),
}


class DinoEncoder(Encoder):
    """A vision model alone; ``pooled`` is its normalised class token.

    Args:
        source: Folder or name on the Hub.
        device: Where it computes.

    Raises:
        CheckpointError: If it cannot be read.
    """

    def __init__(self, source: str, *, device: str) -> None:
        kind = model_type(source)
        family, example = _CLASSES[kind]
        self._model: Any = read_for_use(family, source, what="DINO", example=example).to(device)
        config = self._model.config
        self._norm = self._model.norm if kind == "dinov3_vit" else self._model.layernorm
        self._num_prefix = 1 + getattr(config, "num_register_tokens", 0)
        super().__init__(
            name=short_name(source),
            patch_size=config.patch_size,
            preparation=read_preparation(source, text=NO_TEXTS, default=_default(kind)),
            device=device,
        )

    def _pooled(self, batch: Tensor) -> Tensor:
        found: Tensor = self._model(pixel_values=batch).pooler_output
        return found

    def _tokens(self, batch: Tensor, final_norm: bool) -> Tensor:
        inputs: list[Tensor] = []
        # The model gives what comes out of its last normalisation; this is what goes in.
        handle = self._norm.register_forward_pre_hook(lambda _, given: inputs.append(given[0]))
        try:
            tokens: Tensor = self._model(pixel_values=batch).last_hidden_state
        finally:
            handle.remove()
        return (tokens if final_norm else inputs[0])[:, self._num_prefix :]


def _default(kind: str) -> Any:
    """The processor of the released models, which take 224 px of any resolution they know."""
    if kind == "dinov3_vit":
        return DINOv3ViTImageProcessor()
    return BitImageProcessorPil(
        size=dict(shortest_edge=256),
        crop_size=dict(height=224, width=224),
        image_mean=_MEAN,
        image_std=_STD,
    )
