"""What a data set has to learn from, class by class, and the judgement of it.

A class that never occurs drops out of the loss and of the mean of a metric without a word, and a
task whose labels are all ignored has a loss of nearly 0. Training before its first step and
``argus check`` judge by the same numbers, and by this module alone.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from argus.names.wording import counted, counted_kind, listed

NOTHING_TO_MEASURE = "nothing to measure by"


@dataclass(kw_only=True)
class Census:
    """Numbers of one kind of label in a data set.

    Args:
        unit: What is counted, e.g. ``object``; the plural adds an s.
        names: Of the classes, by label.
        num_all: Samples of the data set.
        what: What the names are of.
        needs_two: Whether there is nothing to learn from one class alone, as where a softmax
            chooses among classes.
        num_seen: Samples that were counted.
        counts: Units by label.
        ignored: Units that nothing is learned from, by the reason.
        wrong: Values that cannot be such a label, in words.
        causes: What may be behind a class that never occurs, as sentences without a stop.
        notes: What else a person should know.
    """

    unit: str
    names: Sequence[str]
    num_all: int
    what: str = "classes"
    needs_two: bool = False
    num_seen: int = 0
    counts: Counter[int] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    causes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether every sample was counted."""
        return self.num_seen >= self.num_all

    @property
    def occurring(self) -> list[int]:
        """The labels within the range that occur."""
        return [label for label in range(len(self.names)) if self.counts[label]]

    @property
    def can_be_learned(self) -> bool:
        """Whether there is something to learn."""
        return len(self.occurring) >= (2 if self.needs_two else 1)


def judge(census: Census, *, learns: bool) -> tuple[list[str], list[str]]:
    """What is wrong with the labels of a data set, and what a person should know.

    Args:
        census: Their numbers.
        learns: Whether a training learns from them; else they are what it is measured by.

    Returns:
        Errors, and warnings. Nothing to learn is an error once every sample was counted; nothing to
        measure by is a warning.
    """
    errors = _wrong(census)
    warnings = list(census.notes)
    if census.is_whole and not errors:
        if learns and not census.can_be_learned:
            errors.append(f"nothing to learn: {_reason(census)}")
            return errors, warnings
        if not learns and census.names and not census.occurring:
            warnings.append(f"{NOTHING_TO_MEASURE}: {_reason(census)}")
            return errors, warnings
    missing = [label for label in range(len(census.names)) if not census.counts[label]]
    if missing:
        seen = (
            ""
            if census.is_whole
            else f" in the {census.num_seen:,} of {counted(census.num_all, 'sample')} that "
            "were counted"
        )
        warnings.append(
            f"{len(missing)} of {len(census.names)} {census.what} have no {census.unit}{seen}: "
            f"{listed([census.names[label] for label in missing])}{_causes(census)}"
        )
    num_ignored = census.ignored.total()
    if num_ignored > census.counts.total():
        number = num_ignored + census.counts.total()
        verb = "is" if number == 1 else "are"
        whole = counted(number, census.unit)
        warnings.append(f"{num_ignored:,} of {whole} {verb} {_ignored(census)}")
    return errors, warnings


def choice_without_value(text: str, names: Sequence[str]) -> str:
    """The error of validation data by which nothing can be measured, where a choice is made by it.

    Args:
        text: What :func:`judge` says of the data.
        names: The metrics that are chosen by.
    """
    return (
        f"{text}. {', '.join(names)} would have no value, by which a checkpoint is chosen or the "
        "training ends (save_best, monitor, baseline): label validation data, or choose by another "
        "metric"
    )


def _wrong(census: Census) -> list[str]:
    expected = f"expected 0..{len(census.names) - 1}"
    labels = sorted(label for label in census.counts if not 0 <= label < len(census.names))
    return [
        f"label out of range: class {label} of {counted(census.counts[label], census.unit)}, "
        f"{expected}"
        for label in labels
    ] + [
        f"{text} ({number:,} times)" if number > 1 else text
        for text, number in census.wrong.items()
    ]


def _reason(census: Census) -> str:
    number = sum(census.counts[label] for label in census.occurring)
    if number:
        (only,) = census.occurring
        text = f"{_all(census, number)} of one class, {census.names[only]!r}"
        if len(census.names) == 1:
            text += ", and there is no other to tell it from. What it is not needs a class, too"
            if census.unit == "pixel":
                text += f": metainfo=dict(classes=('background', {census.names[0]!r}))"
        return text + _causes(census)
    if census.ignored:
        return f"{_all(census, census.ignored.total())} {_ignored(census)}{_causes(census)}"
    # A picture without any is one that may have several classes.
    unit = "class" if census.unit == "image" else census.unit
    article = "an" if unit[0] in "aeiou" else "a"
    if census.num_all == 1:
        return f"its only sample has no {unit}{_causes(census)}"
    return f"none of its {counted(census.num_all, 'sample')} has {article} {unit}{_causes(census)}"


def _all(census: Census, number: int) -> str:
    """``all 3 objects are``, or of a single one ``the only object is``."""
    if number == 1:
        return f"the only {census.unit} is"
    return f"all {counted(number, census.unit)} are"


def _ignored(census: Census) -> str:
    reasons = ", ".join(counted_kind(number, kind) for kind, number in census.ignored.items())
    return f"ignored: {reasons}"


def _causes(census: Census) -> str:
    return "".join(f". {cause}" for cause in census.causes)
