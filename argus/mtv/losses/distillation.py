"""Cross-entropy of a student's prototype scores against the sharpened ones of its teacher.

Source: "Emerging Properties in Self-Supervised Vision Transformers" (Caron et al., ICCV 2021), and
for masked patches "iBOT" (Zhou et al., ICLR 2022). The paper prints a KL divergence behind a minus
sign; minimised is the cross-entropy, which differs from the divergence by what no gradient reaches.
"""

import torch
from torch import Tensor


def prototype_loss(student: Tensor, target: Tensor, *, temperature: float) -> Tensor:
    """``-sum_k target_k log softmax(student / temperature)_k`` of every row.

    Args:
        student: (..., K) scores.
        target: (..., K) probabilities of the teacher; dimensions of size 1 are repeated.
        temperature: tau_s > 0.

    Returns:
        (...) float32.
    """
    with torch.autocast(student.device.type, enabled=False):
        scores = student.float() / temperature
        target = target.float()
        # Not log_softmax, which would keep a third tensor of this size for the backward pass.
        return scores.logsumexp(-1) * target.sum(-1) - (target * scores).sum(-1)


def entropy(probabilities: Tensor) -> Tensor:
    """(..., K) to (...), in nats: ln K if all are alike, 0 if one has all."""
    return -torch.special.xlogy(probabilities, probabilities).sum(-1)
