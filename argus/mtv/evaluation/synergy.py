"""Do two tasks help each other more than the better of them helps alone? Eq. 4 of the paper.

S(A, B) = (d_AB - max(d_A, d_B)) / max(d_A, d_B), where d is what a metric gains over training on
captions alone (VL); in percent. For a metric of which less is better, the gain is what it falls by.
Where neither task gains anything, S means nothing and is NaN.
"""

import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from argus.errors import ConfigError, DataError
from argus.mtv.evaluation.paper import (
    LOWER_IS_BETTER,
    SYNERGY_COLUMNS,
    TABLE_3,
    TABLE_4,
    TASKS,
)
from argus.mtv.evaluation.protocols import NAMES, Evaluation, find_evaluation
from argus.names.wording import listed

BASE = "vl"
"""Name of the training on captions alone."""
_METRICS = {"retrieval": "image_to_text_r1"}  # of Table 4, where it is not the headline
_ROUNDING = 0.5


def synergy(alone_a: float, alone_b: float, together: float) -> float:
    """Eq. 4 in percent; NaN if neither task gains.

    Args:
        alone_a: Gain of one task over the training without both.
        alone_b: That of the other.
        together: That of both.
    """
    best = max(alone_a, alone_b)
    return 100.0 * (together - best) / best if best > 0 else math.nan


@dataclass(frozen=True)
class Spread:
    """A number over several seeds.

    Args:
        values: Of each seed; NaN where it is not defined.
    """

    values: tuple[float, ...]

    @property
    def defined(self) -> tuple[float, ...]:
        """The values that mean something."""
        return tuple(value for value in self.values if not math.isnan(value))

    @property
    def mean(self) -> float:
        """Of the defined ones; NaN if there are none."""
        return statistics.fmean(self.defined) if self.defined else math.nan

    @property
    def deviation(self) -> float:
        """Standard deviation of the defined ones; NaN of fewer than two."""
        return statistics.stdev(self.defined) if len(self.defined) > 1 else math.nan

    def __str__(self) -> str:
        """For a table: ``12.3 +- 4.5``, and how many seeds that is of, if not of all."""
        if not self.defined:
            return "none gains"
        spread = "" if math.isnan(self.deviation) else f" +- {self.deviation:.1f}"
        few = len(self.defined) < len(self.values)
        of = f" ({len(self.defined)} of {len(self.values)} seeds)" if few else ""
        return f"{self.mean:.1f}{spread}{of}"


Pair = tuple[str, str]
Row = dict[str, Spread]


def synergies(
    runs: Sequence[Sequence[Mapping[str, Any]]], names: Mapping[str, str] | None = None
) -> dict[Pair, Row]:
    """Eq. 4 of every pair of tasks and metric, over seeds.

    Args:
        runs: Entries of a file of results for each seed.
        names: What the models are called in the files, by what they were trained on: ``vl`` for
            captions alone, ``ssl`` for captions and self-supervision, ``ssl+grounding`` or
            ``ssl_grounding`` for these three; by default the names are these.

    Returns:
        By pair of tasks, ``evaluation/metric`` and ``average``, which is over the metrics that are
        defined.

    Raises:
        ConfigError: If a name is no model of a file.
        DataError: If a seed lacks a model, or no pair has all that it takes.
    """
    tables = [_values(entries, names) for entries in runs]
    if not tables:
        raise ConfigError("expected a file of results for each seed, found none.")
    shared = frozenset.intersection(*(frozenset(table) for table in tables))
    for place, table in enumerate(tables):
        if left_over := [_joined(key) for key in table.keys() - shared]:
            raise DataError(
                f"results of {listed(left_over)} are in file {place + 1} and not in all: every "
                "seed needs the same models."
            )
    pairs = _pairs(shared)
    metrics = _metrics(tables)
    found: dict[Pair, Row] = {}
    for one, other in pairs:
        per_seed = [
            {name: _of_table(table, one, other, evaluation, name) for name, evaluation in metrics}
            for table in tables
        ]
        row = {name: Spread(tuple(seed[name] for seed in per_seed)) for name, _ in metrics}
        averages = (Spread(tuple(seed.values())).mean for seed in per_seed)
        found[one, other] = row | {"average": Spread(tuple(averages))}
    return found


def _values(
    entries: Iterable[Mapping[str, Any]], names: Mapping[str, str] | None
) -> dict[frozenset[str], dict[str, float]]:
    """By tasks beyond captions, the value of each ``evaluation/metric``."""
    by_name: dict[str, dict[str, float]] = {}
    for item in entries:
        own = by_name.setdefault(item["model"], {})
        for metric, value in item["metrics"].items():
            key = f"{item['evaluation']}/{metric}"
            if key in own:
                raise DataError(
                    f"model {item['model']!r} has two values of {key}, by different options or "
                    "from two folders: expected one. Name models apart with NAME=MODEL, and write "
                    "other options to another file."
                )
            own[key] = value
    chosen = dict(names or {name: name for name in by_name})
    if unknown := sorted(set(chosen.values()) - set(by_name)):
        raise ConfigError(f"no model {listed(unknown)}; there are {listed(sorted(by_name))}.")
    return {_tasks(tasks): by_name[name] for tasks, name in chosen.items()}


def _tasks(words: str) -> frozenset[str]:
    return frozenset(re.split("[+_]", words.lower())) - {BASE}


def _joined(tasks: frozenset[str]) -> str:
    return "+".join(sorted(tasks)) or BASE


def _pairs(known: frozenset[frozenset[str]]) -> list[Pair]:
    """The pairs of tasks of which there are both alone, both together, and captions alone."""
    tasks = sorted({task for key in known for task in key})
    found = [
        (one, other)
        for one, other in combinations(tasks, 2)
        if {frozenset({one}), frozenset({other}), frozenset({one, other})} <= known
    ]
    if frozenset() not in known or not found:
        raise DataError(
            f"expected models named {BASE}, A, B and A+B for two tasks A and B, found "
            f"{listed(sorted(map(_joined, known)))}. Say which model is which with --models "
            f"{BASE}=NAME A=NAME B=NAME A+B=NAME."
        )
    return found


def _metrics(
    tables: Sequence[Mapping[frozenset[str], Mapping[str, float]]],
) -> list[tuple[str, Evaluation]]:
    """``evaluation/metric`` of Table 4, or the headline, of the evaluations that there are."""
    models = [values for table in tables for values in table.values()]
    found = []
    for name in NAMES:
        if any(key.startswith(f"{name}/") for values in models for key in values):
            evaluation = find_evaluation(name)
            key = f"{name}/{_METRICS.get(name, next(iter(evaluation.metrics)))}"
            if not all(key in values for values in models):
                raise DataError(f"{key} is missing for some of the models; evaluate all of them.")
            found.append((key, evaluation))
    return found


def _of_table(
    table: Mapping[frozenset[str], Mapping[str, float]],
    one: str,
    other: str,
    evaluation: Evaluation,
    key: str,
) -> float:
    sign = 1 if evaluation.metrics[key.partition("/")[2]].higher_is_better else -1
    base = table[frozenset()][key]
    gains = [sign * (table[frozenset(of)][key] - base) for of in ({one}, {other}, {one, other})]
    return synergy(*gains)


def table_of(found: Mapping[Pair, Row]) -> str:
    """The synergies as a table of Markdown."""
    columns = list(next(iter(found.values())))
    lines = [["synergy, %", *columns], ["---", *("---:" for _ in columns)]]
    lines += [[f"{one} x {other}", *map(str, row.values())] for (one, other), row in found.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True, kw_only=True)
class FromTable3:
    """What Table 3 says about a cell of Table 4's rows SSL x Ground.

    Table 3 adds one task after the other, so that it has SSL alone and both together, and not
    grounding alone. If SSL is the better one alone, that is enough; if not, S is below it.

    Args:
        block: Model and pairs, such as ``B/16 10M``.
        column: Of the metric.
        printed: In Table 4.
        value: Eq. 4 with SSL as the better one, from the rounded numbers.
        lowest: The least that it may be, since they are rounded.
        highest: The most.
    """

    block: str
    column: str
    printed: float
    value: float
    lowest: float
    highest: float

    @property
    def verdict(self) -> str:
        """``reproduced``, ``grounding is better alone``, or ``contradicts Table 3``."""
        if self.printed < self.lowest:
            return "grounding is better alone"
        return "reproduced" if self.printed <= self.highest else "contradicts Table 3"


def from_table_3() -> list[FromTable3]:
    """Table 4's rows SSL x Ground., as far as Table 3 has them; of other pairs it has nothing."""
    found = []
    for block, rows in TABLE_3.items():
        base, ssl, both = (rows[tasks] for tasks in TASKS[:3])
        printed = dict(zip(SYNERGY_COLUMNS, TABLE_4[block]["SSL", "Ground."], strict=False))
        for column in SYNERGY_COLUMNS:
            sign, digit = (-1, 0.001) if column in LOWER_IS_BETTER else (1, 0.1)
            alone, together = (sign * (row[column] - base[column]) for row in (ssl, both))
            # Every number is within half a digit, what is printed too. SSL's own is in both parts
            # of the fraction, so that the widest is with the others moved against it.
            error, own = 2 * _ROUNDING * digit, _ROUNDING * 0.1
            found.append(
                FromTable3(
                    block=block,
                    column=column,
                    printed=printed[column],
                    value=synergy(alone, -math.inf, together),
                    lowest=synergy(alone + error, -math.inf, together) - own,
                    highest=synergy(alone - error, -math.inf, together) + own,
                )
            )
    return found
