"""The lists of configs/: they can be run as they are, and the paper's page names each of them."""

import re
from pathlib import Path

import pytest

from argus.ablation.rows import Listing, Row, read_listing
from argus.engine.config_files.options import parse_options
from argus.engine.config_files.reading import read_config_file
from tests.docs.tables import tables

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob("configs/tables/*.yaml")) + sorted(ROOT.glob("configs/small/*.yaml"))
OF_MTV = [
    *sorted(ROOT.glob("configs/mtv/*.yaml")),
    ROOT / "configs/scenes/mtv_trunk.yaml",
]  # of another paper
# Joint trainings of decoders that the tables have one by one, and what is of no table.
OF_NO_TABLE = re.compile(r"_joint|_13|_bins|_cosine|_draem|vitpose|mtv")


def lists() -> dict[str, Listing]:
    return {path.relative_to(ROOT).as_posix(): read_listing(path) for path in FILES}


@pytest.mark.parametrize("path", [*FILES, *OF_MTV], ids=lambda path: path.stem)
def test_list__its_configs_are_there_and_its_command_names_it(path: Path) -> None:
    read = set()
    for row in read_listing(path).rows:
        assert (ROOT / row.config).is_file(), row
        if row.options and row.options not in read:  # refuses what leads nowhere
            read_config_file(ROOT / row.config, parse_options(row.options))
        read.add(row.options)
    assert f"tools/ablate.py {path.relative_to(ROOT)}" in path.read_text()


def test_lists__rows_that_share_a_folder_are_the_same() -> None:
    shared: dict[tuple[str, str], Row] = {}
    for path, listing in lists().items():
        for row in listing.rows:
            place = (listing.runs_in or f"work_dirs/{path[len('configs/') : -len('.yaml')]}", row)
            assert shared.setdefault((place[0], row.folder), row) == row, f"{path}: {row.name}"


def test_tables__have_every_full_size_config_and_stand_on_the_page() -> None:
    listed = {
        row.config
        for path, listing in lists().items()
        if path.startswith("configs/tables/")
        for row in listing.rows
    }
    files = [*ROOT.glob("configs/stage1*.py"), *ROOT.glob("configs/stage[12]/**/*.py")]
    paths = {path.relative_to(ROOT).as_posix() for path in files}
    assert {path for path in paths - listed if not OF_NO_TABLE.search(path)} == set()
    page = (ROOT / "docs/paper.md").read_text()
    commands = [row[2] for row in tables(ROOT / "docs/paper.md", "paper, experiments")[""]]
    for path in lists():
        assert path in page, f"docs/paper.md does not name {path}"
    for tool in re.findall(r"`(tools/\S+)", " ".join(commands)):
        assert (ROOT / tool).is_file(), tool
