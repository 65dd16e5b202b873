"""Code blocks of the documents, and what the comment above each says about running it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "data/README.md",
        *(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts),
    ]
)
EXECUTABLE = ("bash", "python")
_FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<language>[^\n`]*)$")
_COMMENT = re.compile(r"^<!-- (.*) -->$")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block.

    Args:
        page: Path of its page from the root of the repository.
        line: Of the opening fence, from 1 on.
        language: What stands behind the fence.
        text: The lines between the fences.
        marker: The comment directly above, without its brackets; empty if there is none.
    """

    page: str
    line: int
    language: str
    text: str
    marker: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_executable(self) -> bool:
        return self.language in EXECUTABLE

    @property
    def reason(self) -> str:
        """Why it is not run; empty if it is."""
        return self.marker.removeprefix("not run: ") if self.marker.startswith("not run: ") else ""

    @property
    def tested_by(self) -> str:
        """Path of the test that runs or reads it, instead of the reader of this folder."""
        found = re.search(r"\b(?:run|read) by (tests/[\w/]+\.py)$", self.marker)
        return found[1] if found else ""

    @property
    def setup(self) -> str:
        """Python that a fragment of a larger file needs before it."""
        found = self.marker.startswith("run after: ")
        return self.marker.removeprefix("run after: ") if found else ""

    @property
    def replacements(self) -> list[tuple[str, str]]:
        """What is to be replaced before it is run, in this order."""
        if not self.marker.startswith("run with: "):
            return []
        pairs = self.marker.removeprefix("run with: ").split("; ")
        return [tuple(pair.split(" -> ")) for pair in pairs]

    def text_to_run(self) -> str:
        """The text after the replacements, each of which has to find something."""
        text = self.text
        for old, new in self.replacements:
            assert old in text, f"{self}: {old!r} is not in the block"
            text = text.replace(old, new)
        return text


def blocks_of(page: Path) -> Iterator[Block]:
    """Fenced blocks of a page, in their order."""
    lines = page.read_text().splitlines()
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        if opening is None:
            number += 1
            continue
        end = lines.index(opening["ticks"], number + 1)
        comment = _COMMENT.match(lines[number - 1]) if number else None
        yield Block(
            page=page.relative_to(ROOT).as_posix(),
            line=number + 1,
            language=opening["language"].strip(),
            text="\n".join(lines[number + 1 : end]) + "\n",
            marker=comment[1] if comment else "",
        )
        number = end + 1


BLOCKS = [block for page in PAGES for block in blocks_of(page)]
