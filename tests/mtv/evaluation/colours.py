"""An encoder whose answers can be worked out by hand: the colour of a picture, and of words."""

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from argus.mtv.encoders.encoder import Encoder
from argus.mtv.encoders.preparation import Preparation

WORDS = dict(red=(1, 0, 0), green=(0, 1, 0), blue=(0, 0, 1), pale=(0.5, 0.5, 0.5), dark=(0, 0, 0))


class ColourEncoder(Encoder):
    """``pooled`` is the mean colour in [0, 1], that of a text the sum of the words it has."""

    def __init__(self, name: str = "colours", *, text: str = "words") -> None:
        preparation = Preparation(
            size=(4, 4),
            scale=(4, 4),
            resize="whole",
            interpolation="nearest",
            mean=(0.0,),
            std=(1.0,),
            text=text,
        )
        super().__init__(name=name, patch_size=2, preparation=preparation, device="cpu")

    def _pooled(self, batch: Tensor) -> Tensor:
        return batch.mean((2, 3))

    def _tokens(self, batch: Tensor, final_norm: bool) -> Tensor:
        return torch.nn.functional.avg_pool2d(batch, 2).flatten(2).transpose(1, 2)

    def _texts(self, texts: Sequence[str]) -> Tensor:
        rows = [torch.tensor([WORDS[w] for w in text.split() if w in WORDS]) for text in texts]
        return torch.stack([row.float().sum(0) for row in rows])


def paint(path: Path, *colour: int) -> Path:
    """A picture of one colour, without loss."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6, 5), colour).save(path)
    return path
