"""One table for all tasks: task, metric, measured value, and columns to compare with."""

from collections.abc import Mapping, Sequence


def results_table(
    columns: Mapping[str, Mapping[str, float]],
    *,
    names: Sequence[str],
    percent: Sequence[str] = (),
    markdown: bool = False,
) -> str:
    """Format values by ``<task>/<metric>``.

    Args:
        columns: Values by column title; a name that is absent shows as ``-``.
        names: The rows, in order.
        percent: Names shown times 100.
        markdown: Markdown instead of plain text.
    """
    titles = ["task", "metric", *columns]
    rows = []
    previous = None
    for name in names:
        task, metric = name.split("/", 1)
        cells = [_format(values.get(name), name in percent) for values in columns.values()]
        rows.append([task if markdown or task != previous else "", metric, *cells])
        previous = task
    widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(len(titles))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if index < 2 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "| " + " | ".join(padded) + " |" if markdown else "  ".join(padded).rstrip()

    rule = (
        "|" + "|".join("-" * (w + 1) + ("-" if i < 2 else ":") for i, w in enumerate(widths)) + "|"
        if markdown
        else "-" * (sum(widths) + 2 * len(widths) - 2)
    )
    return "\n".join([line(titles), rule, *map(line, rows)])


def _format(value: float | None, percent: bool) -> str:
    if value is None:
        return "-"
    return f"{100 * value:.1f}" if percent else f"{value:.4g}"
