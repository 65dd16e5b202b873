"""KoLeo: embeddings spread out, each pushed off its nearest neighbour.

Source: "Spreading vectors for similarity search" (Sablayrolles et al., ICLR 2019), in the form of
DINOv2: per process, on normalised embeddings, the neighbour by the largest inner product.

What was changed: below a distance of ``floor`` the loss does not grow and has no gradient. Two
equal pictures in a batch would else have a gradient as large as 1 / eps, along a direction that
rounding chooses.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def koleo_loss(embeddings: Tensor, *, eps: float = 1e-8, floor: float = 1e-4) -> Tensor:
    """Minus the mean logarithm of the distance to the nearest other embedding.

    Args:
        embeddings: (B, D), of any length.
        eps: Added to distances.
        floor: Distance that is taken for all smaller ones.

    Returns:
        () float32; 0 for a single embedding.
    """
    with torch.autocast(embeddings.device.type, enabled=False):
        x = F.normalize(embeddings.float(), dim=-1)
        if len(x) < 2:
            return x.sum() * 0.0
        with torch.no_grad():
            nearest = (x @ x.T).fill_diagonal_(-2.0).argmax(dim=1)
        difference = x - x[nearest]
        # The root of 0 has no finite slope: those rows are left out before it is taken.
        squared = difference.square().sum(-1)
        far = squared > floor**2
        distance = squared.where(far, 1.0).sqrt().where(far, floor)
        return -(distance + eps).log().mean()
