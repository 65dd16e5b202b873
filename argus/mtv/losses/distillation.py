"""Cross-entropy of a student's prototype scores against the sharpened ones of its teacher.

Source: "Emerging Properties in Self-Supervised Vision Transformers" (Caron et al., ICCV 2021), and
for masked patches "iBOT" (Zhou et al., ICLR 2022). The paper prints a KL divergence behind a minus
sign; minimised is the cross-entropy, which differs from the divergence by what no gradient reaches.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint


@dataclass(frozen=True, kw_only=True)
class Distilled:
    """The loss of some rows, and sums over them that centres and logs take.

    Args:
        loss: () mean over the rows.
        rows: How many there are.
        student_scores: (K,) sum of the student's scores.
        teacher_scores: (K,) that of the teacher's.
        entropy: () mean of the teacher's answers, nats.
        target: (K,) mean of the teacher's answers.
    """

    loss: Tensor
    rows: int
    student_scores: Tensor
    teacher_scores: Tensor
    entropy: Tensor
    target: Tensor


def distil(
    student: Tensor,
    teacher: Tensor,
    *,
    student_head: Callable[[Tensor], Tensor],
    teacher_head: Callable[[Tensor], Tensor],
    probabilities: Callable[[Tensor], Tensor],
    temperature: float,
    chunk: int | None,
) -> Distilled:
    """:func:`prototype_loss` of embeddings, whose scores are in memory for some rows at a time.

    A picture of 196 patches has 98 masked ones, each with 32,768 scores of student and teacher: a
    batch of 128 would take 1.6 GB for every tensor of that size. What is not kept is computed
    again in the backward pass.

    Args:
        student: (n, D) embeddings.
        teacher: (n, D) those that they learn from.
        student_head: Embeddings to scores (n, K).
        teacher_head: The same of the teacher.
        probabilities: Scores of the teacher to its answers.
        temperature: tau_s.
        chunk: Rows at a time; ``None`` for all, and nothing is computed again.
    """

    def part(student: Tensor, teacher: Tensor) -> tuple[Tensor, ...]:
        with torch.no_grad():
            given = teacher_head(teacher)
            target = probabilities(given)
        scores = student_head(student)
        loss = prototype_loss(scores, target, temperature=temperature).sum()
        sums = (scores.detach().sum(0), given.sum(0), entropy(target).sum(), target.sum(0))
        return (loss, *sums)

    rows = len(student)
    if chunk is None or rows <= chunk:
        found = part(student, teacher)
    else:
        parts = [
            checkpoint(part, *given, use_reentrant=False)
            for given in zip(student.split(chunk), teacher.split(chunk), strict=True)
        ]
        found = tuple(torch.stack(values).sum(0) for values in zip(*parts, strict=True))
    loss, student_scores, teacher_scores, entropies, targets = found
    return Distilled(
        loss=loss / rows,
        rows=rows,
        student_scores=student_scores,
        teacher_scores=teacher_scores,
        entropy=entropies / rows,
        target=targets / rows,
    )


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
