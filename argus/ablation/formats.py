"""The table as Markdown and as LaTeX."""

from argus.ablation.runs import Metric
from argus.ablation.table import Cell, Table
from argus.names.wording import counted

_LATEX = str.maketrans(
    {
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)


def to_markdown(table: Table) -> str:
    """A heading, the table, and what it shows in words."""
    titles = ["", *(_heading(metric) for metric in table.metrics)]
    rows = [
        [name, *(_markdown_cell(cells.get(m.name), table) for m in table.metrics)]
        for name, cells in table.rows.items()
    ]
    texts = [[cell.replace("|", r"\|") for cell in row] for row in [titles, *rows]]
    widths = [max(len(row[column]) for row in texts) for column in range(len(titles))]
    lines = [
        "| "
        + " | ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        + " |"
        for row in texts
    ]
    rule = "|".join(f"{'-' * (width + 1)}{':' if i else '-'}" for i, width in enumerate(widths))
    parts = [f"## {table.title}", "\n".join([lines[0], f"|{rule}|", *lines[1:]]), _caption(table)]
    if table.failed:
        parts.append("\n".join(f"- **{name}**: {why}" for name, why in table.failed.items()))
    return "\n\n".join(parts) + "\n"


def to_latex(table: Table) -> str:
    """A ``tabular`` with the rules of the package booktabs, in a ``table`` with its caption."""
    titles = ["", *(_heading(metric).translate(_LATEX) for metric in table.metrics)]
    rows = [
        [name.translate(_LATEX), *(_latex_cell(cells.get(m.name), table) for m in table.metrics)]
        for name, cells in table.rows.items()
    ]
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{table.title.translate(_LATEX)}. {_caption(table).translate(_LATEX)}}}",
        rf"\begin{{tabular}}{{l{'r' * len(table.metrics)}}}",
        r"\toprule",
        " & ".join(titles) + r" \\",
        r"\midrule",
        *(" & ".join(row) + r" \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _heading(metric: Metric) -> str:
    task, name = metric.name.split("/", 1)
    remarks = [metric.unit] if metric.unit else []
    remarks += ["less is better"] if metric.less_is_better else []
    return f"{task} {name}" + (f" ({', '.join(remarks)})" if remarks else "")


def _caption(table: Table) -> str:
    first = next(iter(table.rows))
    over = f"{counted(len(table.seeds), 'seed')} ({', '.join(map(str, table.seeds))})"
    text = "Percent, unless a unit is stated. "
    if len(table.seeds) > 1:
        text += f"Mean and standard deviation over {over}; "
    else:
        text += f"One training each, of seed {table.seeds[0]}; "
    return text + f"in brackets the difference to {first}; the best of a column is bold."


def _parts(cell: Cell, table: Table) -> tuple[str, str, str]:
    """Mean, spread, and what stands behind them."""
    spread = "" if cell.spread is None else cell.shown(cell.spread)
    behind = "" if cell.difference is None else f" ({cell.shown(cell.difference, sign=True)})"
    if len(cell.values) < len(table.seeds):
        behind += f" [{len(cell.values)} of {len(table.seeds)}]"
    return cell.shown(cell.mean), spread, behind


def _markdown_cell(cell: Cell | None, table: Table) -> str:
    if cell is None:
        return "-"
    mean, spread, behind = _parts(cell, table)
    return (f"**{mean}**" if cell.is_best else mean) + (spread and f" +- {spread}") + behind


def _latex_cell(cell: Cell | None, table: Table) -> str:
    if cell is None:
        return "--"
    mean, spread, behind = _parts(cell, table)
    mean = rf"\textbf{{{mean}}}" if cell.is_best else mean
    return mean + (spread and rf" $\pm$ {spread}") + behind.translate(_LATEX).replace("-", "$-$")
