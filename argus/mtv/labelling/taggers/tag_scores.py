"""Tags of a list that a pair of encoders, SigLIP or MTV, finds in a picture.

Texts of the tags are encoded once, for all pictures. The probabilities of such encoders are each
for itself and low: a tag that fits may have a few percent, and which bar is right depends on the
model and on the list.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from argus.errors import ConfigError
from argus.mtv.batch import normalised
from argus.mtv.images import as_square
from argus.mtv.labelling.labeller import Picture
from argus.mtv.labelling.registry import TAGGERS
from argus.mtv.labelling.taggers.tagger import Tagger, listed_as, read_tags
from argus.mtv.labelling.teachers import (
    check_precision,
    computing,
    device,
    on_device,
    record_of,
)
from argus.mtv.siglip import read_siglip
from argus.mtv.tokenizer import Tokenizer
from argus.mtv.vision import run_vision

_TEXTS = 256  # at a time


@TAGGERS.register_module()
class TagScores(Tagger):
    """Tags of a list whose text goes with a picture.

    Args:
        model: Folder, or name on the Hub, of SigLIP, SigLIP 2 at a fixed resolution, or MTV.
        tags: File with the tags, one a line.
        prompt: What a tag is put into, at ``{}``. Not stated in paper.
        min_score: Probability in [0, 1) of a tag. Not stated in paper.
        most: Tags of a picture, the best ones. Not stated in paper.
        precision: ``fp32``, ``bf16`` or ``fp16``. Not stated in paper.

    Raises:
        ConfigError: The list cannot be read, or a value is out of range.
        CheckpointError: The model or its tokenizer cannot be read.
    """

    name = "tag_scores"

    def __init__(
        self,
        *,
        model: str,
        tags: str,
        prompt: str = "a photo of a {}.",
        min_score: float = 0.05,
        most: int = 20,
        precision: str = "fp32",
    ) -> None:
        check_precision(precision, where="TagScores")
        if "{}" not in prompt or not 0 <= min_score < 1 or most < 1:
            raise ConfigError(
                "TagScores: expected a prompt with {}, min_score in [0, 1) and most >= 1, found "
                f"{prompt!r}, {min_score} and {most}."
            )
        self.vocabulary = read_tags(tags)
        siglip: Any = read_siglip(model)
        self._siglip = siglip.to(device()).eval().requires_grad_(False)
        self._side = int(siglip.config.vision_config.image_size)
        self.min_score, self.most, self.precision = min_score, most, precision
        length = siglip.config.text_config.max_position_embeddings
        ids = Tokenizer(model, length=length)(
            [prompt.replace("{}", tag) for tag in self.vocabulary]
        )
        with computing(precision):
            found = [
                siglip.text_model(input_ids=rows).pooler_output.float()
                for rows in ids.to(device()).split(_TEXTS)
            ]
        self._texts = F.normalize(torch.cat(found), dim=-1)
        self.teachers = (record_of(model, role="tags", model=siglip),)
        self.settings = dict(
            tags=listed_as(self.vocabulary),
            prompt=prompt,
            min_score=min_score,
            most=most,
            precision=precision,
        )

    def prepare(self, picture: Picture) -> Any:
        """(3, S, S) uint8; the picture is squeezed to a square."""
        return as_square(Image.fromarray(np.ascontiguousarray(picture.pixels)), self._side)

    def tags(self, batch: Sequence[Any]) -> list[list[str]]:
        """The best ones above the bar."""
        with computing(self.precision):
            pooled = run_vision(
                self._siglip.vision_model, normalised(on_device(list(batch))), pools=True
            ).pooled
            assert pooled is not None
            fit = F.normalize(pooled.float(), dim=-1) @ self._texts.T
            logits = self._siglip.logit_scale.exp() * fit + self._siglip.logit_bias
            best, order = logits.float().sigmoid().sort(descending=True, stable=True)
        return [
            [
                self.vocabulary[tag]
                for tag, score in zip(ranks, scores, strict=True)
                if score >= self.min_score
            ][: self.most]
            for ranks, scores in zip(order.tolist(), best.tolist(), strict=True)
        ]
