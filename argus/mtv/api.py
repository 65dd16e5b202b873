"""A pretrained MTV or SigLIP, in use: what a picture is, and where, in words that nobody listed.

from argus.mtv import MTV
mtv = MTV.from_pretrained("work_dirs/mtv/model")
mtv.classify(["photo.jpg"], ["a cat", "a dog"])
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from argus.errors import ConfigError
from argus.mtv.batch import normalised
from argus.mtv.class_texts import TEMPLATES, class_embeddings, class_texts
from argus.mtv.decoders import Depth, Grounding
from argus.mtv.heads_file import read_decoder
from argus.mtv.images import as_square, read_image
from argus.mtv.regions import boxes_tensor, painted, region_logits, windows
from argus.mtv.siglip import read_siglip
from argus.mtv.tokenizer import Tokenizer
from argus.mtv.vision import run_vision

_NO_HEAD = (
    "this model has no {}: released SigLIP and MTV folders have none. Train one with the {} task, "
    "and write its heads too."
)


class MTV:
    """A pair of encoders in eval mode, and the heads of regions and depth if there are any.

    Images are paths, Pillow pictures, or arrays (H, W, 3) uint8 RGB.

    Args:
        siglip: A ``SiglipModel``.
        tokenizer: Texts to tokens (n, L).
        depth: The depth decoder.
        grounding: That of regions.
        device: Where to compute; a GPU if there is one by default.
        batch_size: Images at a time.
    """

    def __init__(
        self,
        siglip: Any,
        tokenizer: Any,
        *,
        depth: Depth | None = None,
        grounding: Grounding | None = None,
        device: str | None = None,
        batch_size: int = 32,
    ) -> None:
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.siglip = siglip.to(self.device).eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self._depth = None if depth is None else depth.to(self.device).eval()
        self._grounding = None if grounding is None else grounding.to(self.device).eval()
        self.batch_size = batch_size

    @classmethod
    def from_pretrained(
        cls, source: str | Path, *, device: str | None = None, batch_size: int = 32
    ) -> "MTV":
        """Read a folder that a training or ``transformers`` wrote, or a name on the Hub.

        Raises:
            CheckpointError: If there is no such model, or no tokenizer beside it.
        """
        siglip = read_siglip(source)
        text_config: Any = siglip.config.text_config
        length = text_config.max_position_embeddings
        depth: Any = read_decoder(source, Depth, siglip)
        grounding: Any = read_decoder(source, Grounding, siglip)
        return cls(
            siglip,
            Tokenizer(source, length=length),
            depth=depth,
            grounding=grounding,
            device=device,
            batch_size=batch_size,
        )

    @property
    def side(self) -> int:
        """Height and width in pixels that pictures are resized to."""
        return int(self.siglip.config.vision_config.image_size)

    @torch.no_grad()
    def encode_image(self, images: Iterable[Any]) -> Tensor:
        """(B, D) float32 embeddings of length 1."""
        found = [
            run_vision(self.siglip.vision_model, batch, pools=True).pooled
            for batch in self._batches(images)
        ]
        return self._unit(found)

    @torch.no_grad()
    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """(n, D) float32 embeddings of length 1."""
        ids = self.tokenizer(list(texts)).to(self.device)
        found = [
            self.siglip.text_model(input_ids=rows).pooler_output
            for rows in ids.split(self.batch_size)
        ]
        return self._unit(found)

    def similarity(self, images: Iterable[Any], texts: Sequence[str]) -> Tensor:
        """(B, n) probabilities that a text goes with an image, each for itself, in [0, 1]."""
        return torch.sigmoid(self._logits(self.encode_image(images), self.encode_text(texts)))

    def classify(
        self, images: Iterable[Any], names: Sequence[str], *, templates: Sequence[str] = TEMPLATES
    ) -> Tensor:
        """(B, n) probabilities of the names, of which one is right; they add up to 1.

        Args:
            images: B of them.
            names: Of classes; there have to be two.
            templates: Sentences with ``{}`` for the name; their embeddings are averaged.

        Raises:
            ConfigError: If there are fewer than two names, or a template has no place for one.
        """
        texts = self.encode_text(class_texts(names, templates))
        classes = class_embeddings(texts, len(names))
        return self._logits(self.encode_image(images), classes).softmax(-1)

    @torch.no_grad()
    def patch_features(self, images: Iterable[Any]) -> Tensor:
        """(B, h, w, D) float32 patch tokens after the last normalisation."""
        found = []
        for batch in self._batches(images):
            tokens = run_vision(self.siglip.vision_model, batch, tokens=True).tokens
            assert tokens is not None
            found.append(tokens.float().unflatten(1, (self._grid, self._grid)))
        return torch.cat(found)

    @torch.no_grad()
    def depth(self, images: Iterable[Any]) -> list[np.ndarray]:
        """Inverse depth (H, W) float32 of each image at its size; larger is nearer.

        Scale and shift are of no meaning, and not the same in two pictures.

        Raises:
            ConfigError: If the model has no depth head.
        """
        if self._depth is None:
            raise ConfigError(_NO_HEAD.format("depth head", "depth"))
        maps = []
        for image in images:
            picture, view = self._view(image)
            taps = sorted(set(self._depth.taps))
            found = run_vision(self.siglip.vision_model, view, taps=taps).taps
            by_block = dict(zip(taps, found, strict=True))
            small = self._depth.decode(
                by_block.__getitem__, self.siglip.vision_model, (self._grid, self._grid)
            )
            maps.append(_full(small[0], picture))
        return maps

    @torch.no_grad()
    def name_regions(self, image: Any, boxes: Any, names: Sequence[str]) -> Tensor:
        """(R, n) probabilities of names for regions of one picture, which add up to 1 for each.

        Args:
            image: The picture.
            boxes: (R, 4) xyxy, as fractions of its width and height.
            names: Of which one is right.

        Raises:
            ConfigError: If the model has no prompter.
            DataError: If the boxes are none.
        """
        found = boxes_tensor(boxes)
        return self._regions(self._view(image)[1], found, names).softmax(-1)

    @torch.no_grad()
    def heat_map(self, image: Any, text: str) -> np.ndarray:
        """Where a picture shows what a text says: (H, W) float32 in [0, 1], at its size.

        The mean probability of the square boxes of several sizes that a pixel lies in.

        Raises:
            ConfigError: If the model has no prompter.
        """
        picture, view = self._view(image)
        boxes = windows(self._grid)
        values = self._regions(view, boxes, [text])[:, 0].sigmoid()
        return _full(painted(boxes, values, self._grid), picture)

    def _regions(self, view: Tensor, boxes: Tensor, texts: Sequence[str]) -> Tensor:
        if self._grounding is None:
            raise ConfigError(_NO_HEAD.format("prompter", "grounding"))
        return region_logits(self.siglip, self._grounding, view, boxes, self.encode_text(texts))

    def _view(self, image: Any) -> tuple[Image.Image, Tensor]:
        """A picture, and (1, 3, side, side) of it."""
        picture = read_image(image)
        return picture, normalised(as_square(picture, self.side)[None].to(self.device))

    @property
    def _grid(self) -> int:
        return self.side // int(self.siglip.config.vision_config.patch_size)

    def _batches(self, images: Iterable[Any]) -> Iterable[Tensor]:
        waiting: list[Tensor] = []
        for image in images:
            waiting.append(as_square(read_image(image), self.side))
            if len(waiting) == self.batch_size:
                yield normalised(torch.stack(waiting).to(self.device))
                waiting = []
        if waiting:
            yield normalised(torch.stack(waiting).to(self.device))

    def _unit(self, embeddings: Sequence[Any]) -> Tensor:
        if not embeddings:
            return torch.zeros(0, self.siglip.config.vision_config.hidden_size, device=self.device)
        return F.normalize(torch.cat(list(embeddings)).float(), dim=-1)

    def _logits(self, images: Tensor, texts: Tensor) -> Tensor:
        return self.siglip.logit_scale.exp() * images @ texts.T + self.siglip.logit_bias


def _full(values: Tensor, picture: Image.Image) -> np.ndarray:
    """A map (h, w) at the size of a picture, (H, W) float32."""
    size = picture.height, picture.width
    full = F.interpolate(values[None, None], size, mode="bilinear", align_corners=False)
    return full[0, 0].cpu().numpy()
