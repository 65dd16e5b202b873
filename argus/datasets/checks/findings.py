"""What a check of data finds: errors that stop a run, warnings, and counts."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Findings:
    """The result of checking one data set of one task.

    Args:
        where: The data set, e.g. ``instance.train``.
        errors: What makes samples unusable or metrics wrong.
        warnings: What training survives, but a person should know.
        notes: What is as it may be, and could surprise.
        counts: Numbers by name, in the order of printing.
        classes: Objects, pixels or images of each class.
    """

    where: str
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    counts: dict[str, float] = field(default_factory=dict)
    classes: Counter[str] = field(default_factory=Counter)

    def count(self, name: str, number: float = 1) -> None:
        """Add to a count."""
        self.counts[name] = self.counts.get(name, 0) + number

    def add_judgement(self, judgement: tuple[list[str], list[str]]) -> None:
        """Add errors and warnings."""
        self.errors += judgement[0]
        self.warnings += judgement[1]

    def to_dict(self) -> dict[str, Any]:
        """As plain types, for JSON."""
        return dict(
            where=self.where,
            errors=self.errors,
            warnings=self.warnings,
            notes=self.notes,
            counts=self.counts,
            classes=dict(self.classes),
        )

    def to_text(self, *, max_lines: int = 10) -> str:
        """As lines for a person.

        Args:
            max_lines: Errors, warnings and notes printed at most, of each.
        """
        lines = [f"{self.where}: {'ERROR' if self.errors else 'ok'}"]
        for name, number in self.counts.items():
            shown = f"{number:,.2f}" if isinstance(number, float) else f"{number:,}"
            lines.append(f"  {name}: {shown}")
        if self.classes:
            lines.append(f"  classes: {_summary(self.classes)}")
        told = dict(error=self.errors, warning=self.warnings, note=self.notes)
        for kind, messages in told.items():
            lines += [f"  {kind}: {message}" for message in messages[:max_lines]]
            if len(messages) > max_lines:
                lines.append(f"  ... and {len(messages) - max_lines:,} more {kind}s")
        return "\n".join(lines)


def _summary(classes: Counter[str], num_shown: int = 3) -> str:
    total = sum(classes.values())
    ranked = classes.most_common()
    empty = sum(1 for _, number in ranked if number == 0)

    def show(items: list[tuple[str, int]]) -> str:
        return ", ".join(f"{name} {number / max(total, 1):.2%}" for name, number in items)

    text = f"{len(ranked)}, {empty} of them empty; most frequent {show(ranked[:num_shown])}"
    if len(ranked) > num_shown:
        text += f"; rarest {show([item for item in ranked if item[1]][-num_shown:])}"
    return text
