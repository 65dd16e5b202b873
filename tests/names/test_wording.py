"""Numbers and their nouns agree, in every message."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from argus.names.wording import counted, counted_kind

ROOT = Path(__file__).parents[2]
NOUNS = re.compile(
    r" (?:(?!of|to|in|and|with|is|the)[a-z]+ )?(pictures|images|files|folders|objects|boxes|masks|"
    r"maps|people|instances|points|pixels|classes|categories|labels|names|samples|entries|rows|"
    r"lines|tasks|values|colours|ids|shapes|tensors|parameters|steps|batches|processes|inputs|"
    r"decoders|errors|shards|data sets)\b"
)
# What is never one: a bound of the code, or a number of a model that is in use.
NEVER_ONE = re.compile(
    r"[A-Z_]{4,}|num_(channels|heads|cells|maps|things|parameters)|height|_millions"
)


def test_counted__one_and_many() -> None:
    assert counted(1, "file") == "1 file" and counted(2000, "file") == "2,000 files"
    assert counted(1, "box is", "boxes are") == "1 box is"
    assert counted(0, "box is", "boxes are") == "0 boxes are"


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("crowd regions (ignored)", "1 crowd region (ignored)"),
        ("zero-area boxes (dropped)", "1 zero-area box (dropped)"),
        ("instances without keypoints", "1 instance without keypoints"),
        ("boxes are turned: as they have to", "1 box is turned: as they have to"),
        ("of categories that are no classes", "1 of categories that are no classes"),
    ],
)
def test_counted_kind__first_noun(plural: str, one: str) -> None:
    assert counted_kind(1, plural) == one and counted_kind(2, plural) == f"2 {plural}"


def counts_in(source: str) -> Iterator[tuple[int, str]]:
    """Numbers in f-strings with a noun in the plural behind them."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.JoinedStr):
            continue
        for value, after in zip(node.values, node.values[1:], strict=False):
            if not isinstance(value, ast.FormattedValue) or not isinstance(after, ast.Constant):
                continue
            code = ast.unparse(value.value)
            spec = ast.unparse(value.format_spec) if value.format_spec else ""
            is_number = "len(" in code or ":,'" in f":{spec[2:]}" or "num_" in code
            is_number &= "counted(" not in code
            if is_number and NOUNS.match(str(after.value)) and not NEVER_ONE.search(code):
                yield node.lineno, f"{{{code}}}{str(after.value)[:30]}"


def test_messages__take_the_noun_from_the_number() -> None:
    # In tables, in mistakes of the programmer, of models, and where one is no message.
    left_out = ("summary.py", "config_text.py", "sheet.py", "enclosure.py", "map_values.py")
    left_out += ("attentive_pool.py", "decoder.py", "mvtec.py", "repeats.py")
    files = [*ROOT.glob("argus/**/*.py"), *ROOT.glob("tools/data/*.py")]
    found = {
        f"{path.relative_to(ROOT)}:{line}": text
        for path in files
        if path.name not in left_out
        for line, text in counts_in(path.read_text())
    }
    assert list(counts_in('f"{len(x)} files"')) and list(counts_in('f"{x:,} more"')) == []
    assert found == {}, "use argus.names.wording.counted"
