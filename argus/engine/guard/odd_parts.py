"""Parts of a loss that are not finite in a step that is, and so was taken.

Such a part counts nothing in what is trained: it is logged alone. No step is held up for it, but it
is told, and left out of the means of the log.
"""

import math
from collections.abc import Mapping
from typing import Any

from argus.engine.distributed import gather_lists
from argus.names.wording import counted


class OddParts:
    """Count the steps with such a part, by its name ``<task>/<part>``.

    Attributes:
        counts: In all processes, as of the last :meth:`tell`.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._new: dict[str, list[int]] = {}

    def look(self, step: int, parts: Mapping[str, float]) -> None:
        """Take the parts of a step that was taken into account.

        Args:
            step: Counted from 1.
            parts: By name, of this process.
        """
        for name, value in parts.items():
            if not math.isfinite(value):
                self._new.setdefault(name, []).append(step)

    def tell(self, runner: Any) -> None:
        """Count, and warn of a part at its first step and whenever the count has a digit more.

        All processes must call it.
        """
        found: dict[str, set[int]] = {}
        for new in gather_lists([self._new]):
            for name, own in new.items():
                found.setdefault(name, set()).update(own)
        self._new = {}
        for name, steps in sorted(found.items()):
            before = self.counts.get(name, 0)
            self.counts[name] = before + len(steps)
            if not before or len(str(before)) < len(str(self.counts[name])):
                runner.logger.warning(
                    f"{name} was not finite in {counted(self.counts[name], 'step')} so far, last "
                    f"in step {max(steps)}. The loss that is trained is, so they were taken; this "
                    "part is left out of the log's means there."
                )

    def state_dict(self) -> dict[str, int]:
        """The counts, for the checkpoint."""
        return dict(self.counts)

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Restore :meth:`state_dict`."""
        self.counts = dict(state)
