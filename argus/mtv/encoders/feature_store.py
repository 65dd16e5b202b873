"""Frozen features that are kept in memory as long as they fit, and else computed again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from torch import Tensor


class FeatureStore:
    """The last features that were asked for.

    Args:
        max_mb: Most megabytes that are kept; 0 for none.
    """

    def __init__(self, max_mb: float) -> None:
        self.max_bytes = max_mb * 1e6
        self.num_bytes = 0
        self._kept: OrderedDict[Hashable, tuple[Tensor, Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, compute: Callable[[], tuple[Tensor, Any]]) -> tuple[Tensor, Any]:
        """Features, and what belongs to them.

        Args:
            key: Of the picture.
            compute: Called if they are not kept.
        """
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        found = compute()
        self._kept[key] = found
        self.num_bytes += found[0].nbytes
        while self.num_bytes > self.max_bytes and self._kept:
            _, (oldest, _) = self._kept.popitem(last=False)
            self.num_bytes -= oldest.nbytes
        return found
