"""Norm scaling of ViT tokens around the interaction with the adapter.

Paper: Argus (CVPR 2025), section on the adapter. The tokens of each image are multiplied by
``s = sqrt(d) / mean_i ||x_i||``, so their mean length is that of a normalised token, and what the
injector adds is divided by the same factor: the injected residual grows with the token norm
instead of fading as the norm grows from layer to layer. The paper does not say whether gradients
pass through the factor (here they do not) nor how it avoids a division by zero (here 1e-6).
"""

import torch
from torch import Tensor


def token_scale(tokens: Tensor, eps: float = 1e-6) -> Tensor:
    """Compute the factor of each image, in float32, without gradient.

    Args:
        tokens: (B, N, C), the patch tokens alone.
        eps: Added to the mean length.

    Returns:
        (B, 1, 1), float32 (float64 for float64 tokens).
    """
    with torch.no_grad(), torch.autocast(tokens.device.type, enabled=False):
        wide = tokens.to(torch.promote_types(tokens.dtype, torch.float32))
        mean_length = torch.linalg.vector_norm(wide, dim=-1).mean(dim=1)
        scale: Tensor = tokens.shape[-1] ** 0.5 / (mean_length + eps)
        return scale[:, None, None]


def scale_tokens(tokens: Tensor, scale: Tensor) -> Tensor:
    """Multiply (B, N, C) by (B, 1, 1), in the wider of the two types."""
    return tokens * scale


def unscale_tokens(tokens: Tensor, scale: Tensor) -> Tensor:
    """Undo :func:`scale_tokens`; linear, so it also undoes the scale of a residual alone."""
    return tokens / scale
