"""Losses far above what a task has shown lately, told with the pictures of the batch.

The scale is robust: the distance from the median in units of the median absolute deviation, which
is 0.6745 of the standard deviation of a normal distribution (Iglewicz and Hoaglin, 1993). Spikes do
not enter the window, so a few do not hide the next; a level that lasts does, after a while.
"""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from mmengine.dist import is_main_process
from mmengine.visualization import LocalVisBackend

from argus.errors import ConfigError

WINDOW = 200
_LEAST = 50
# A task whose loss hardly varies would have a spike at every breath.
_LEAST_SHARE = 0.02
_TO_DEVIATION = 0.6745
_LASTING = 20
# Steps after a spike of a task in which further ones are counted alone.
_QUIET = 50


@dataclass(frozen=True)
class Spike:
    """A loss far above what is usual.

    Args:
        step: Counted from 1.
        task: Whose.
        loss: Weighted, as in the log.
        median: Of late.
        score: Robust z-score.
        images: Of the batch, where samples name them.
        num_untold: Spikes of the task since the last one that was told.
    """

    step: int
    task: str
    loss: float
    median: float
    score: float
    images: list[str | None]
    num_untold: int

    def tell(self, runner: Any) -> None:
        """Warn, and write an event to the JSON log; TensorBoard has no place for texts."""
        more = f"; {self.num_untold} more since the last one told" if self.num_untold else ""
        runner.logger.warning(
            f"loss spike of {self.task} at step {self.step}: {self.loss:.4g}, {self.score:.0f} "
            f"deviations above {self.median:.4g}{more}; images: {', '.join(map(str, self.images))}"
        )
        for backend in runner.visualizer._vis_backends.values():
            if isinstance(backend, LocalVisBackend) and is_main_process():
                backend.add_scalars(
                    {"event": "loss_spike", **asdict(self)},
                    step=self.step,
                    file_path=f"{runner.timestamp}.json",
                )


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
        """Median of the losses of late; 0 before the first."""
        return median(self._window) if self._window else 0.0

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


class SpikeWatch:
    """The losses of all tasks of this process.

    Args:
        threshold: As of :class:`SpikeDetector`.

    Attributes:
        found: Spikes until the log takes them.
    """

    def __init__(self, threshold: float) -> None:
        SpikeDetector(threshold)  # a wrong threshold is an error here, not in step 1
        self.found: list[Spike] = []
        self._detectors = defaultdict[str, SpikeDetector](lambda: SpikeDetector(threshold))
        self._quiet_until: dict[str, int] = {}
        self._untold: dict[str, int] = defaultdict(int)

    def look(
        self, step: int, losses: Mapping[str, float], images: Mapping[str, Sequence[str | None]]
    ) -> None:
        """Take the finite losses of a step into account.

        Args:
            step: Counted from 1.
            losses: By task. One that is exactly 0 is of a batch without labels of the task.
            images: Paths by task.
        """
        for task, loss in losses.items():
            detector = self._detectors[task]
            score, centre = detector.score(loss), detector.centre
            if loss == 0.0 or not detector.is_spike(loss):
                continue
            if step < self._quiet_until.get(task, 0):
                self._untold[task] += 1
                continue
            self._quiet_until[task] = step + _QUIET
            untold = self._untold.pop(task, 0)
            self.found.append(Spike(step, task, loss, centre, score, list(images[task]), untold))
