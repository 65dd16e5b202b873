"""What a demo has to reach, and the table of what it did."""

from collections.abc import Mapping
from dataclasses import dataclass

from argus.evaluation.table import results_table

MAX_ERROR = 0.7
"""What an error may be at most, as a share of the untrained model's."""


@dataclass(frozen=True)
class Bar:
    """What a metric has to reach on scenes that were not trained on.

    Args:
        value: The bar.
        is_error: Whether less is better.
        in_percent: Whether tables show it times 100.
        min_gain: How far a share has to be above that of the untrained model.
    """

    value: float
    is_error: bool = False
    in_percent: bool = True
    min_gain: float = 0.1

    def is_reached(self, trained: float, untrained: float) -> bool:
        """Whether the bar is reached, and the untrained model is far behind."""
        if self.is_error:
            return trained <= min(self.value, MAX_ERROR * untrained)
        return trained >= max(self.value, untrained + self.min_gain)


def bars_table(bars: Mapping[str, Bar], columns: Mapping[str, Mapping[str, float]]) -> str:
    """Values of models by metric, and in the last column what is to be reached."""
    wanted = {name: bar.value for name, bar in bars.items()}
    in_percent = [name for name, bar in bars.items() if bar.in_percent]
    return results_table({**columns, "to reach": wanted}, names=list(bars), percent=in_percent)


def missed(
    bars: Mapping[str, Bar], trained: Mapping[str, float], untrained: Mapping[str, float]
) -> list[str]:
    """Names of the metrics that do not reach their bars."""
    return [
        name for name, bar in bars.items() if not bar.is_reached(trained[name], untrained[name])
    ]
