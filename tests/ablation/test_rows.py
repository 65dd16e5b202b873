"""A list is read as it is written, and what it cannot mean is refused with its place."""

from pathlib import Path

import pytest

from argus.ablation.rows import Row, choose_rows, read_listing, with_options
from argus.engine.config_files.options import parse_options
from argus.errors import ConfigError, DataError

MAIN = "  - {name: main, config: a.py, options: x=1}\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "list.yaml"
    path.write_text(text)
    return path


def test_read_listing__rows_options_and_the_rows_they_need(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"title: Parts\nrows:\n{MAIN}"
        "  - {name: raw, checkpoint_of: main, options: eval_weights=raw}\n"
        "  - name: Stage 2\n    config: b.py\n    backbone_of: main\n"
        "    options: ['y=[1, 2]', z=3]\n",
    )
    found = read_listing(path)
    assert found.title == "Parts"
    assert found.rows == (
        Row(name="main", config="a.py", options=("x=1",)),
        Row(name="raw", config="a.py", options=("x=1", "eval_weights=raw"), checkpoint_of="main"),
        Row(name="Stage 2", config="b.py", options=("y=[1, 2]", "z=3"), backbone_of="main"),
    )
    assert [row.folder for row in found.rows] == ["main", "raw", "stage_2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "expected YAML with names and values"),
        ("title: A\n", "expected 'rows', a list of 1 to 500"),
        ("rows: []\n", "expected 'rows'"),
        ("seeds: 2\nrows:\n" + MAIN, "unknown seeds; expected title, metrics, runs_in, rows"),
        ("rows:\n  - {name: main}\n", "row 1: config is missing"),
        ("rows:\n  - {name: '-', config: a.py}\n", "row 1: expected a name with a letter"),
        ("rows:\n  - {name: m, config: a.py, optoins: x=1}\n", "row 1: unknown optoins"),
        ("rows:\n  - {name: m, config: a.py, options: x}\n", "expected KEY=VALUE"),
        ("rows:\n  - {name: m, config: a.py, options: randomness.seed=1}\n", "that of --seeds"),
        (f"rows:\n{MAIN}  - {{name: Main!, config: b.py}}\n", "would share the folder 'main'"),
        (f"rows:\n  - {{name: r, checkpoint_of: main}}\n{MAIN}", "no row 'main' before it"),
        (
            f"rows:\n{MAIN}  - {{name: r, checkpoint_of: main}}\n"
            "  - {name: s, checkpoint_of: r}\n",
            "say checkpoint_of: main",
        ),
        (f"rows:\n{MAIN}  - {{name: r, checkpoint_of: main, backbone_of: main}}\n", "exclude"),
    ],
)
def test_read_listing__what_it_cannot_mean(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises((ConfigError, DataError), match="list.yaml") as caught:
        read_listing(write(tmp_path, text))
    assert message in str(caught.value)


def test_choose_rows__keeps_the_first_and_what_they_need(tmp_path: Path) -> None:
    text = "".join(f"  - {{name: r{i}, config: a.py}}\n" for i in range(4))
    needing = "  - {name: late, config: a.py, backbone_of: r2}\n"
    listing = read_listing(write(tmp_path, f"rows:\n{text}{needing}"))
    assert [row.name for row in choose_rows(listing, ["late"])] == ["r0", "r2", "late"]
    assert choose_rows(listing, []) == listing.rows
    with pytest.raises(ConfigError, match="--rows: expected some of r0, r1.*found 'r9'"):
        choose_rows(listing, ["r9"])


def test_with_options__a_row_of_its_own_prevails() -> None:
    rows = (Row(name="a", config="a.py", options=("x=1",)), Row(name="b", config="b.py"))
    found = with_options(rows, ["x=2", "y=3"])
    assert [row.options for row in found] == [("x=2", "y=3", "x=1"), ("x=2", "y=3")]
    assert parse_options(found[0].options) == {"x": 1, "y": 3}
    with pytest.raises(ConfigError, match="--cfg-options: expected KEY=VALUE"):
        with_options(rows, ["x"])
    with pytest.raises(ConfigError, match="the seed is that of --seeds"):
        with_options(rows, ["randomness.seed=3"])
