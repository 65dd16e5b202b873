"""The teacher: a slowly moving average of the student's vision tower and heads."""

import copy

import torch
from torch import Tensor, nn


class Teacher(nn.Module):
    """Copies of modules, never trained, that follow them step by step.

    Args:
        momentum: Share that stays per optimizer step; the paper's 0.994.
        **students: The modules, by the name that their copies get.
    """

    def __init__(self, *, momentum: float, **students: nn.Module) -> None:
        super().__init__()
        self.momentum = momentum
        for name, student in students.items():
            self.add_module(name, copy.deepcopy(student))
        self.requires_grad_(False)
        self.train(False)

    def train(self, mode: bool = True) -> "Teacher":
        """Stay as in use."""
        return super().train(False)

    @torch.no_grad()
    def follow(self, **students: nn.Module) -> None:
        """Move towards the students: ``teacher += (1 - momentum) (student - teacher)``."""
        own, others = self._paired(students)
        torch._foreach_lerp_(own, others, 1.0 - self.momentum)

    @torch.no_grad()
    def become(self, **students: nn.Module) -> None:
        """Take the students' weights as they are."""
        own, others = self._paired(students)
        torch._foreach_copy_(own, others)

    def _paired(self, students: dict[str, nn.Module]) -> tuple[list[Tensor], list[Tensor]]:
        assert set(students) == set(self._modules)
        own: list[Tensor] = [p for name in students for p in self.get_submodule(name).parameters()]
        others = [p.detach() for student in students.values() for p in student.parameters()]
        assert len(own) == len(others)
        return own, others
