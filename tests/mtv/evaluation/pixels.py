"""An encoder whose tokens are the pixels of the patches: what it finds can be told beforehand."""

import torch
import torch.nn.functional as F
from torch import Tensor

from argus.mtv.encoders.encoder import Encoder
from argus.mtv.encoders.preparation import Preparation


class Pixels(Encoder):
    """Tokens (3 patch^2 values), their mean as the pooled ones; off by ``shift`` after the norm."""

    shift = 1.0

    def __init__(self, patch_size: int = 4, size: int = 16) -> None:
        preparation = Preparation(
            size=(size, size),
            scale=(size, size),
            resize="whole",
            interpolation="bicubic",
            mean=(0.5, 0.5, 0.5),
            std=(0.5, 0.5, 0.5),
        )
        super().__init__(
            name="pixels", patch_size=patch_size, preparation=preparation, device="cpu"
        )

    @property
    def width(self) -> int:
        return 3 * self.patch_size**2

    def _tokens(self, batch: Tensor, final_norm: bool) -> Tensor:
        tokens = F.unfold(batch, self.patch_size, stride=self.patch_size).mT
        return tokens + self.shift * final_norm

    def _pooled(self, batch: Tensor) -> Tensor:
        return self._tokens(batch, False).mean(1)


def noise(height: int, width: int, seed: int = 0) -> torch.Tensor:
    """(height, width, 3) uint8."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (height, width, 3), generator=generator, dtype=torch.uint8)
