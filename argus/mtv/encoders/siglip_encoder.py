"""SigLIP, SigLIP 2 at a fixed resolution, and MTV, which all are one class of ``transformers``."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor
from transformers import SiglipModel, SiglipVisionModel
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from argus.mtv.api import MTV
from argus.mtv.encoders.encoder import Encoder, model_type, short_name
from argus.mtv.encoders.preparation import NO_TEXTS
from argus.mtv.encoders.processors import read_preparation
from argus.mtv.tokenizer import Tokenizer
from argus.mtv.transformers_models import read_for_use
from argus.mtv.vision import run_vision


class SiglipEncoder(Encoder):
    """Both encoders, or the vision tower alone; ``pooled`` is its attention pooling.

    Args:
        source: Folder or name on the Hub.
        device: Where it computes.

    Raises:
        CheckpointError: If it cannot be read, or both encoders are there and no tokenizer.
    """

    def __init__(self, source: str, *, device: str) -> None:
        self._source = source
        self._with_heads: MTV | None = None
        has_texts = model_type(source) == "siglip"
        model: Any = read_for_use(
            SiglipModel if has_texts else SiglipVisionModel,
            source,
            what="SigLIP",
            example="google/siglip-base-patch16-224",
        ).to(device)
        self._model = model
        self._tower = getattr(model, "vision_model", model)
        config = model.config.vision_config if has_texts else model.config
        self._tokenizer, text = None, NO_TEXTS
        if has_texts:
            length = model.config.text_config.max_position_embeddings
            self._tokenizer = Tokenizer(source, length=length)
            text = self._tokenizer.description
        super().__init__(
            name=short_name(source),
            patch_size=config.patch_size,
            preparation=read_preparation(
                source,
                text=text,
                default=SiglipImageProcessorPil(
                    size=dict(height=config.image_size, width=config.image_size)
                ),
            ),
            device=device,
        )

    def _pooled(self, batch: Tensor) -> Tensor:
        pooled = run_vision(self._tower, batch, pools=True).pooled
        assert pooled is not None
        return pooled

    def _tokens(self, batch: Tensor, final_norm: bool) -> Tensor:
        if not final_norm:
            (last,) = run_vision(self._tower, batch, taps=[len(self._tower.encoder.layers)]).taps
            return last
        tokens = run_vision(self._tower, batch, tokens=True).tokens
        assert tokens is not None
        return tokens

    def _texts(self, texts: Sequence[str]) -> Tensor:
        assert self._tokenizer is not None
        ids = self._tokenizer(texts).to(self.device)
        found: Tensor = self._model.text_model(input_ids=ids).pooler_output
        return found

    def _depth(self, picture: Image.Image) -> np.ndarray:
        if not self.has_texts:  # a vision tower by itself has no heads
            return super()._depth(picture)
        if self._with_heads is None:
            self._with_heads = MTV.from_pretrained(self._source, device=str(self.device))
        return self._with_heads.depth([picture])[0]
