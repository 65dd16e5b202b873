"""Labels of many pictures in numbers, so that a person can judge them before a training."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from argus.mtv.corpus.labelled import Labelled
from argus.names.wording import counted

NUM_BINS = 10
_MOST_NAMES = 25
# Of the picture: a box that is the picture says nothing of where.
WHOLE = 0.9
_BAR = 40


class LabelStatistics:
    """Counts labels, picture by picture.

    Attributes:
        pictures: That were looked at.
        names: How often each name has a box.
        scores: (10,) how many boxes have a score in each tenth of [0, 1].
    """

    def __init__(self) -> None:
        self.pictures = 0
        self.names: Counter[str] = Counter()
        self.scores = np.zeros(NUM_BINS, np.int64)
        self._boxes: list[int] = []
        self._distinct: list[int] = []
        self._tags: list[int] = []
        self._unboxed = 0
        self._whole = 0
        self._with_depth = 0
        self._faulty = 0

    def add(self, labels: Labelled) -> None:
        """Count the labels of a picture."""
        self.pictures += 1
        self._faulty += bool(labels.faults)
        self._with_depth += labels.has_depth
        if labels.tags is not None:
            boxed = set() if labels.regions is None else {n.lower() for n in labels.regions.names}
            self._tags.append(len(labels.tags))
            self._unboxed += sum(tag.lower() not in boxed for tag in labels.tags)
        if labels.regions is None:
            return
        self._boxes.append(len(labels.regions))
        self._distinct.append(len(set(labels.regions.names)))
        self.names.update(labels.regions.names)
        bins = np.minimum((labels.regions.scores * NUM_BINS).astype(int), NUM_BINS - 1)
        self.scores += np.bincount(bins, minlength=NUM_BINS)
        sides = labels.regions.boxes[:, 2:] - labels.regions.boxes[:, :2]
        self._whole += int((sides.prod(1) > WHOLE).sum())

    def to_dict(self) -> dict[str, Any]:
        """All numbers as plain values; ``None`` where there is nothing to say it of."""
        boxes, distinct = sum(self._boxes), sum(self._distinct)
        return dict(
            pictures=self.pictures,
            with_faults=self._faulty,
            without_depth=self.pictures - self._with_depth,
            without_regions=self.pictures - sum(number > 0 for number in self._boxes),
            tags_per_picture=_spread(self._tags),
            tags_without_a_box=_share(self._unboxed, sum(self._tags)),
            boxes_per_picture=_spread(self._boxes),
            names_per_picture=_spread(self._distinct),
            boxes_per_name=_share(boxes, distinct),
            boxes_of_the_whole_picture=_share(self._whole, boxes),
            scores=self.scores.tolist(),
            distinct_names=len(self.names),
            most_frequent_names=dict(self.names.most_common(_MOST_NAMES)),
        )

    def __str__(self) -> str:
        return text_of(self.to_dict())


def counted_labels(labels: Iterable[Labelled]) -> LabelStatistics:
    """The statistics of many pictures."""
    found = LabelStatistics()
    for own in labels:
        found.add(own)
    return found


def text_of(numbers: Mapping[str, Any]) -> str:
    """The statistics for people.

    Args:
        numbers: As :meth:`LabelStatistics.to_dict` gives them.
    """
    total = numbers["pictures"]

    def share(key: str) -> str:
        return f"{numbers[key]:,} ({100 * numbers[key] / max(total, 1):.1f} %)"

    lines = [
        f"pictures looked at:    {total:,}",
        f"without any region:    {share('without_regions')}",
        f"without depth:         {share('without_depth')}",
        f"with faults:           {share('with_faults')}",
        f"tags per picture:      {_told(numbers['tags_per_picture'])}",
        f"tags without a box:    {_percent(numbers['tags_without_a_box'])}",
        f"boxes per picture:     {_told(numbers['boxes_per_picture'])}",
        f"names per picture:     {_told(numbers['names_per_picture'])}",
        f"boxes per name:        {_number(numbers['boxes_per_name'])} in a picture that has it",
        f"boxes of the whole:    {_percent(numbers['boxes_of_the_whole_picture'])} cover more than "
        f"{WHOLE:.0%} of the picture",
    ]
    scores = numbers["scores"]
    if sum(scores):
        lines.append("scores:")
        for place, number in enumerate(scores):
            low = place / NUM_BINS
            bar = "#" * round(_BAR * number / max(scores))
            lines.append(f"  {low:.1f} to {low + 1 / NUM_BINS:.1f} {number:>10,} {bar}".rstrip())
    names = numbers["most_frequent_names"]
    if names:
        told = ", ".join(f"{name} {number:,}" for name, number in names.items())
        lines.append(f"most frequent of {counted(numbers['distinct_names'], 'name')}: {told}")
    return "\n".join(lines)


def _spread(values: list[int]) -> dict[str, float] | None:
    if not values:
        return None
    low, middle, high = np.percentile(values, (5, 50, 95))
    return dict(mean=float(np.mean(values)), p5=float(low), median=float(middle), p95=float(high))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _told(spread: Mapping[str, float] | None) -> str:
    if spread is None:
        return "-"
    ends = f"{spread['p5']:g} to {spread['p95']:g}"
    return f"{spread['mean']:.2f} (median {spread['median']:g}, nine in ten {ends})"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
