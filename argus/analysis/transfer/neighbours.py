"""Weighted nearest neighbours.

Source: DINO (Caron et al., ICCV 2021, section 4 and appendix) and DINOv2, after Wu et al. (CVPR
2018): the k nearest training features by cosine similarity s vote for their classes with weight
exp(s / T), T = 0.07. DINO reports k = 20, which was best throughout, of 10, 20, 100 and 200.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

TEMPERATURE = 0.07
NUMBERS = (10, 20, 100, 200)
REPORTED = 20
# Similarities that are in memory at once, in numbers.
_MOST_AT_ONCE = 2**27


def neighbour_votes(
    train: Tensor,
    labels: Tensor,
    test: Tensor,
    *,
    num_classes: int,
    numbers: Sequence[int] = NUMBERS,
    temperature: float = TEMPERATURE,
) -> dict[int, Tensor]:
    """Votes for each class.

    Args:
        train: (N, D) features.
        labels: (N,) their classes, or (N, C) of 1 for those that a picture has.
        test: (M, D) features.
        num_classes: C.
        numbers: Values of k; those beyond N are left out.
        temperature: T.

    Returns:
        By k (M, C) float32: the share of the weight that votes for the class.
    """
    numbers = [number for number in numbers if number <= len(train)]
    train, test = F.normalize(train.float(), dim=1), F.normalize(test.float(), dim=1)
    step = max(_MOST_AT_ONCE // max(len(train), 1), 1)
    found: dict[int, list[Tensor]] = {number: [] for number in numbers}
    for chunk in test.split(step) if numbers else ():
        similar, index = (chunk @ train.T).topk(max(numbers), dim=1)
        # The largest is taken off, or exp would overflow at small temperatures.
        weights = ((similar - similar[:, :1]) / temperature).exp()
        for number, votes in found.items():
            weight = weights[:, :number] / weights[:, :number].sum(1, keepdim=True)
            chosen = labels[index[:, :number]]
            if labels.ndim == 2:
                votes.append(torch.einsum("mk,mkc->mc", weight, (chosen == 1).float()))
            else:
                empty = weight.new_zeros(len(chunk), num_classes)
                votes.append(empty.scatter_add(1, chosen, weight))
    return {number: torch.cat(votes) for number, votes in found.items()}
