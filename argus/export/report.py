"""What an export made and how near it is to the library."""

from dataclasses import dataclass, field
from pathlib import Path

from argus.export.check import Differences


@dataclass(frozen=True)
class ExportReport:
    """Result of :func:`argus.export.export_model`.

    Args:
        files: The graphs, each with a JSON file of the same name beside it.
        differences: Largest differences by file name, task and measure.
        tolerances: By task and measure.
        skipped: Reason by task that was asked for as one of all and cannot be exported.
    """

    files: tuple[Path, ...]
    differences: dict[str, Differences]
    tolerances: dict[str, dict[str, float]]
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def table(self) -> str:
        """The differences as Markdown."""
        lines = ["| file | task | measure | difference | at most |", "|---|---|---|---|---|"]
        for name, tasks in self.differences.items():
            lines += difference_rows(name, tasks, self.tolerances)
        return "\n".join(lines)


def difference_rows(
    name: str, differences: Differences, tolerances: dict[str, dict[str, float]]
) -> list[str]:
    """Rows of the table for one file."""
    return [
        f"| {name} | {task} | {measure} | {value:.2g} | {tolerances[task][measure]:.2g} |"
        for task, measures in differences.items()
        for measure, value in measures.items()
    ]
