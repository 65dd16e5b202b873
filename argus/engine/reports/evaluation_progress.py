"""How far an evaluation is, now and then: one of a full data set takes minutes."""

import datetime
import time
from collections.abc import Callable, Sequence
from typing import Any

from argus.names.wording import counted

EVERY = 30.0
"""Seconds between two lines; an evaluation that takes less says nothing."""


class EvaluationProgress:
    """Tell pictures and time of an evaluation.

    Args:
        logger: Where the lines go.
        part: ``val`` or ``test``.
        tasks: Evaluated together.
        num_pictures: Of the data set.
        clock: Seconds.
    """

    def __init__(
        self,
        logger: Any,
        part: str,
        tasks: Sequence[str],
        num_pictures: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = logger.info
        self._of = f"{part} of {', '.join(tasks)}"
        self._number = num_pictures
        self._pictures = counted(num_pictures, "picture")
        self._clock = clock
        self._started = self._told = clock()

    def update(self, done: int) -> None:
        """Tell, if it is time to.

        Args:
            done: Pictures that all processes have done by now, about.
        """
        now = self._clock()
        if now - self._told < EVERY or not 0 < done < self._number:
            return
        self._told = now
        left = (now - self._started) / done * (self._number - done)
        eta = datetime.timedelta(seconds=int(left))
        self._tell(f"{self._of}: {done:,} of {self._pictures}  eta {eta}")
