"""Losses far above what a task has shown lately, told with the pictures of the batch.

The scale is robust: the distance from the median in units of the median absolute deviation, which
is 0.6745 of the standard deviation of a normal distribution (Iglewicz and Hoaglin, 1993). Spikes do
not enter the window, so a few do not hide the next; a level that lasts does, after a while.
"""

from collections import deque
from statistics import median

from argus.errors import ConfigError

WINDOW = 200
_LEAST = 50
# A task whose loss hardly varies would have a spike at every breath.
_LEAST_SHARE = 0.02
_TO_DEVIATION = 0.6745
_LASTING = 20


class SpikeDetector:
    """The losses of one task.

    Args:
        threshold: Robust z-score above which a loss is a spike; 0 finds none.
    """

    def __init__(self, threshold: float) -> None:
        if not isinstance(threshold, (int, float)) or threshold < 0:
            raise ConfigError(
                f"train_cfg.spike_threshold: expected a number >= 0, found {threshold!r}."
            )
        self.threshold = threshold
        self._window: deque[float] = deque(maxlen=WINDOW)
        self._num_in_a_row = 0

    @property
    def centre(self) -> float:
        """Median of the losses of late."""
        return median(self._window)

    def score(self, loss: float) -> float:
        """Robust z-score of a finite loss, positive above the median; 0 with too few before it."""
        if len(self._window) < _LEAST:
            return 0.0
        centre = self.centre
        spread = median(abs(value - centre) for value in self._window) / _TO_DEVIATION
        return (loss - centre) / max(spread, _LEAST_SHARE * abs(centre), 1e-12)

    def is_spike(self, loss: float) -> bool:
        """Take a finite loss into account; whether it is a spike."""
        spike = bool(self.threshold) and self.score(loss) > self.threshold
        self._num_in_a_row = self._num_in_a_row + 1 if spike else 0
        if self._num_in_a_row == _LASTING:  # the level has changed: begin anew
            self._window.clear()
        if not spike or self._num_in_a_row >= _LASTING:
            self._window.append(loss)
        return spike
