"""Tables of the documents that a comment above them names."""

import re
from pathlib import Path


def tables(page: Path, marker: str) -> dict[str, list[list[str]]]:
    """Rows of the table below each ``<!-- MARKER: NAME -->``."""
    found = {}
    pattern = rf"<!-- {marker}(?:: ([\w ]+))? -->\n((?:\|.*\n)+)"
    for name, table in re.findall(pattern, page.read_text()):
        lines = [line.strip("|\n").split(" | ") for line in table.splitlines()[2:]]
        found[name] = [[cell.strip() for cell in cells] for cells in lines]
    return found
