"""The rows of all models as one table, and as a record."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from argus.analysis.transfer.measure import Protocol, Row
from argus.analysis.transfer.neighbours import REPORTED

FORM = "argus-transfer-1"


def transfer_table(rows: Sequence[Row]) -> str:
    """Markdown: a line for each kind of features of each model, two columns for each set.

    Percent. The neighbours are 20, as DINO reports, or the most there are below; their column says
    it.
    """
    sets = list(dict.fromkeys(row.images for row in rows))
    lines = list(dict.fromkeys((row.model, row.features) for row in rows))
    numbers = {name: _number(next(row for row in rows if row.images == name)) for name in sets}
    titles = ["model", "features"]
    for name in sets:
        titles += [f"{name}, {numbers[name]}-NN" if numbers[name] else f"{name}, NN"]
        titles += [f"{name}, linear"]
    by_place = {(row.model, row.features, row.images): row for row in rows}
    table = [titles]
    for model, features in lines:
        cells = [model, f"`{features}`"]
        for name in sets:
            row = by_place.get((model, features, name))
            value = None if row is None else row.neighbours.get(numbers[name])
            cells += [_percent(value), _percent(None if row is None else row.linear)]
        table.append(cells)
    rule = ["---", "---", *["---:"] * (2 * len(sets))]
    return "\n".join("| " + " | ".join(line) + " |" for line in (table[0], rule, *table[1:]))


def _number(row: Row) -> int:
    if REPORTED in row.neighbours:
        return REPORTED
    return max(row.neighbours, default=0)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def transfer_record(rows: Sequence[Row], protocol: Protocol) -> dict[str, Any]:
    """What is written: the protocol and every row, scores in [0, 1]."""
    return dict(format=FORM, protocol=asdict(protocol), rows=[row.to_dict() for row in rows])
