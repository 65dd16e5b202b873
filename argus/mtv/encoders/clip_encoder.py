"""CLIP of ``transformers``: OpenAI's, and what others trained in its shape."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from transformers import CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from argus.mtv.encoders.encoder import Encoder, short_name
from argus.mtv.encoders.processors import read_preparation
from argus.mtv.tokenizer import Tokenizer
from argus.mtv.transformers_models import read_for_use


class ClipEncoder(Encoder):
    """Both encoders; ``pooled`` is the projected class token, which texts are compared with.

    CLIP normalises its class token alone; with ``final_norm`` that norm is applied to patches too.

    Args:
        source: Folder or name on the Hub.
        device: Where it computes.

    Raises:
        CheckpointError: If it or its tokenizer cannot be read.
    """

    def __init__(self, source: str, *, device: str) -> None:
        self._model: Any = read_for_use(
            CLIPModel, source, what="CLIP", example="openai/clip-vit-base-patch32"
        ).to(device)
        config = self._model.config
        self._tokenizer = Tokenizer(source, length=config.text_config.max_position_embeddings)
        side = config.vision_config.image_size
        super().__init__(
            name=short_name(source),
            patch_size=config.vision_config.patch_size,
            preparation=read_preparation(
                source,
                text=self._tokenizer.description,
                default=CLIPImageProcessorPil(
                    size=dict(shortest_edge=side), crop_size=dict(height=side, width=side)
                ),
            ),
            device=device,
        )

    def _vision(self, batch: Tensor) -> Any:
        return self._model.vision_model(pixel_values=batch, interpolate_pos_encoding=True)

    def _pooled(self, batch: Tensor) -> Tensor:
        found: Tensor = self._model.visual_projection(self._vision(batch).pooler_output)
        return found

    def _tokens(self, batch: Tensor, final_norm: bool) -> Tensor:
        tokens: Tensor = self._vision(batch).last_hidden_state[:, 1:]
        if final_norm:
            tokens = self._model.vision_model.post_layernorm(tokens)
        return tokens

    def _texts(self, texts: Sequence[str]) -> Tensor:
        ids = self._tokenizer(texts).to(self.device)
        # It reads the place of the first end of a text, and no token sees those after it.
        found: Tensor = self._model.text_projection(
            self._model.text_model(input_ids=ids).pooler_output
        )
        return found
