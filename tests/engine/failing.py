"""A hook that fails in some of the processes of a training."""

from collections.abc import Sequence
from typing import Any

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class FailingHook(Hook):
    """Raise after the third step, where the other processes wait in the next."""

    def __init__(self, ranks: Sequence[int]) -> None:
        self.ranks = ranks

    def after_train_iter(self, runner: Any, batch_idx: int, *args: Any, **kwargs: Any) -> None:
        if get_rank() in self.ranks and batch_idx == 2:
            raise KeyError("a defect")
