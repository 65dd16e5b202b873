"""A hook that fails in some of the processes of a training."""

from collections.abc import Sequence
from typing import Any

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from argus.errors import DataError


@HOOKS.register_module()
class FailingHook(Hook):
    """Raise after the first step, where the other processes wait in the next."""

    def __init__(self, ranks: Sequence[int], *, unexpected: bool) -> None:
        self.ranks = ranks
        self.unexpected = unexpected

    def after_train_iter(self, *args: Any, **kwargs: Any) -> None:
        if get_rank() in self.ranks:
            raise KeyError("a defect") if self.unexpected else DataError("a bad label")
