"""Scores of an embedding against prototypes: DINO's head.

Source: "Emerging Properties in Self-Supervised Vision Transformers" (Caron et al., ICCV 2021,
appendix C), in DINOv2's form. Of the sizes the paper gives "32k" prototypes; its parameter table is
met by a hidden width of 2,048, a bottleneck of 256, 32,768 prototypes, and a trained gain of their
weight normalisation, which others freeze.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm


class ProjectionHead(nn.Module):
    """Three layers to a bottleneck, of length 1, and its products with normalised prototypes.

    Args:
        width: Of the embeddings.
        num_prototypes: K.
        hidden: Width of the two hidden layers.
        bottleneck: Width of what is compared with the prototypes.
    """

    def __init__(self, width: int, num_prototypes: int, *, hidden: int, bottleneck: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(width, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, bottleneck),
        )
        for layer in self.mlp:
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)
        prototypes = nn.Linear(bottleneck, num_prototypes, bias=False)
        nn.init.trunc_normal_(prototypes.weight, std=0.02)
        # Not the older nn.utils.weight_norm, of which the teacher could not be copied.
        self.prototypes = weight_norm(prototypes)
        self.prototypes.parametrizations.weight.original0.data.fill_(1.0)

    def forward(self, embeddings: Tensor) -> Tensor:
        """(..., width) to float32 scores (..., K) in [-gain, gain]."""
        found = self.mlp(embeddings)
        # Scores are divided by temperatures as small as 0.04: bfloat16 would be too coarse.
        with torch.autocast(found.device.type, enabled=False):
            scores: Tensor = self.prototypes(F.normalize(found.float(), dim=-1))
            return scores
