"""What keeps a self-distilling pair from collapsing: a running centre and a temperature.

Source: "Emerging Properties in Self-Supervised Vision Transformers" (Caron et al., ICCV 2021,
section 3.1). Momentum and temperatures are the paper's; it calls the centred scores the student's
in one place and the teacher's in its formula.
"""

import torch
import torch.distributed as dist
from torch import Tensor, nn


class Centre(nn.Module):
    """Running mean of scores over all processes; it moves after the step that it was used in.

    Args:
        num_prototypes: K.
        momentum: Share of the centre that stays, per optimizer step.
    """

    centre: Tensor

    def __init__(self, num_prototypes: int, *, momentum: float = 0.9) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("centre", torch.zeros(num_prototypes, dtype=torch.float32))
        self.begin()

    def begin(self) -> None:
        """Forget what was seen and not used, that of a step that was not taken."""
        self._sum: Tensor | None = None
        self._number = 0

    def probabilities(self, scores: Tensor, *, temperature: float) -> Tensor:
        """(..., K) scores of the teacher to its float32 targets."""
        with torch.autocast(scores.device.type, enabled=False):
            return torch.softmax((scores.float() - self.centre) / temperature, dim=-1)

    @torch.no_grad()
    def see(self, scores: Tensor) -> None:
        """Take scores (..., K) of a batch into account, when the step will be taken."""
        rows = scores.detach().float().flatten(0, -2)
        self.see_sum(rows.sum(0), len(rows))

    @torch.no_grad()
    def see_sum(self, total: Tensor, number: int) -> None:
        """The same of the sum (K,) of so many rows of scores."""
        self._sum = total if self._sum is None else self._sum + total
        self._number += number

    @torch.no_grad()
    def move(self) -> None:
        """Move towards the mean of what all processes have seen in the step, which must call it."""
        assert self._sum is not None, "a step was taken without a forward pass"
        seen = torch.cat([self._sum, self._sum.new_tensor([float(self._number)])])
        if dist.is_initialized() and dist.get_world_size() > 1:
            dist.all_reduce(seen)
        self.centre.lerp_(seen[:-1] / seen[-1], 1.0 - self.momentum)
        self.begin()


class Temperature:
    """A temperature that rises linearly over the first steps, and stays.

    Args:
        start: At the first step.
        end: After the rise.
        share: Share of the training's steps that it takes.
    """

    def __init__(self, start: float, end: float, *, share: float) -> None:
        self.start, self.end, self.share = start, end, share
        self.value = start

    def follow(self, step: int, max_steps: int) -> None:
        """Take the value of a step (0-based)."""
        rise = self.share * max_steps
        done = min(1.0, step / rise) if rise else 1.0
        self.value = self.start + (self.end - self.start) * done
