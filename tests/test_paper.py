"""The paper's numbers: docs/paper.md has them; every config and the README agree with it."""

import ast
import functools
import re
from pathlib import Path

import pytest
from mmengine.config import Config

from argus.tasks import Task, parse_tasks
from tests.docs.tables import tables

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "configs"
PAGE = ROOT / "docs/paper.md"
FILES = {
    path.relative_to(CONFIGS).with_suffix("").as_posix(): path
    for path in sorted(CONFIGS.rglob("*.py"))
    # MTV is another paper, and nobody's trunk in this one: tests/mtv, tests/test_trunks.py.
    if not {"_base_", "mtv", "scenes", "small"} & set(path.relative_to(CONFIGS).parts)
    and "mtv" not in path.stem
}
STAGE1_METRICS = (
    "instance/bbox_mAP",
    "instance/segm_mAP",
    "keypoints/AP",
    "semantic/mIoU",
    "classification/top1",
)

# What the paper prints, as text, by task and metric; and the number of the table it prints it in.
Numbers = dict[str, dict[str, str]]
Row = tuple[dict[str, str], Numbers]


def printed(cells: dict[str, str], table_of: dict[str, str]) -> Row:
    """The numbers of one row or column of the page by task, without the absent ones."""
    numbers: Numbers = {}
    places = {}
    for name, cell in cells.items():
        task, metric = name.strip("`").split("/")
        places[task] = table_of[name]
        numbers.setdefault(task, {})
        if cell != "-":
            numbers[task][metric] = cell
    return places, numbers


@functools.cache
def models() -> dict[str, Row]:
    """By column of the first table: Base, Large, DINOv2 and tuned."""
    rows = tables(PAGE, "paper")[""]
    own = {name: table for name, table, *_ in rows}
    columns = {"Base": own, "Large": dict.fromkeys(own, "7")}
    columns |= {"DINOv2": own, "tuned": dict.fromkeys(own, "9")}
    return {
        column: printed({row[0]: row[2 + index] for row in rows}, table_of)
        for index, (column, table_of) in enumerate(columns.items())
    }


@functools.cache
def ablations() -> dict[str, Row]:
    """By name of a config of stage 1."""
    return {
        path.strip("`").removeprefix("configs/").removesuffix(".py"): printed(
            dict(zip(STAGE1_METRICS, cells, strict=True)), dict.fromkeys(STAGE1_METRICS, table)
        )
        for path, table, *cells in tables(PAGE, "paper, ablations")[""]
    }


@functools.cache
def core_sets() -> dict[str, Row]:
    """By name of a config of stage 1 that no number is known of."""
    return {
        path.strip("`").removeprefix("configs/").removesuffix(".py"): (
            dict.fromkeys(tasks.split(", "), table),
            {task: {} for task in tasks.split(", ")},
        )
        for path, table, tasks in tables(PAGE, "paper, core sets")[""]
    }


def row_of(config: str) -> Row:
    """What the paper prints for a config, and perhaps for tasks that the config lacks."""
    if config in core_sets():
        return core_sets()[config]
    if config.startswith("stage2/left_out/"):
        return ablations()[f"stage1/without_{config.rsplit('/', 1)[1]}"]
    if config in ablations():
        return ablations()[config]
    column = {"dinov2_adapted": "DINOv2", "tuned_adapter": "tuned"}
    parts = config.split("/")
    (found,) = {column[part] for part in parts if part in column} or {"Base"}
    return models()["Large" if config.endswith("_large") else found]


@functools.cache
def tasks_of(config: str) -> dict[str, Task]:
    return parse_tasks(Config.fromfile(FILES[config]).tasks)


def as_printed(task: Task, metric: str) -> str:
    """A number of a config in the paper's form: percent or degrees with one digit, metres three."""
    value, unit = task.paper[metric], task.units.get(metric)
    return f"{value:.3f}" if unit == "m" else f"{value if unit else 100 * value:.1f}"


every_config = pytest.mark.parametrize("config", FILES)


@every_config
def test_config__has_the_numbers_of_the_paper_and_their_table(config: str) -> None:
    places, numbers = row_of(config)
    for name, task in tasks_of(config).items():
        assert {metric: as_printed(task, metric) for metric in task.paper} == numbers[name]
        assert task.table == f"Paper, Table {places[name]}"


@every_config
def test_config__its_description_says_the_same(config: str) -> None:
    text = ast.get_docstring(ast.parse(FILES[config].read_text())) or ""
    assert "not known" not in text
    for task in tasks_of(config).values():
        for metric in task.paper:
            assert re.search(rf"(?<![\d.]){as_printed(task, metric)}(?!\d)", text), metric
    found = re.findall(r"Tables? (\d+(?: and \d+)*)", text)
    named = {number for numbers in found for number in re.findall(r"\d+", numbers)}
    tables_of_tasks = {task.table.split()[-1] for task in tasks_of(config).values()}
    assert not named or tables_of_tasks <= named


def test_config__hours_are_those_of_the_seven_tasks() -> None:
    with_hours = {name for name, path in FILES.items() if "12 hours" in path.read_text()}
    assert with_hours and not {name for name in with_hours if "coco" in name}


def test_page__every_number_is_that_of_a_config() -> None:
    """No row of the page without a config that aims at it, but for what the copy lacks."""
    for row, of_config in [*models().items(), *ablations().items()]:
        aimed: Numbers = {}
        for config in FILES:
            if row_of(config) is of_config:
                for name, task in tasks_of(config).items():
                    aimed.setdefault(name, {}).update({m: as_printed(task, m) for m in task.paper})
        expected = {name: numbers for name, numbers in of_config[1].items() if numbers}
        assert {name: numbers for name, numbers in aimed.items() if numbers} == expected, row


def test_readme__numbers_of_stage_1_are_those_of_the_page() -> None:
    rows = tables(ROOT / "README.md", "paper, stage 1")[""]
    names = [name for name, *_ in tables(PAGE, "paper")[""]][: len(rows)]
    for column, index in (("Base", 3), ("Large", 4), ("DINOv2", 5)):
        numbers = models()[column][1]
        for name, cells in zip(names, rows, strict=True):
            task, metric = name.strip("`").split("/")
            assert cells[index] == numbers[task].get(metric, "-")


def test_readme__numbers_of_stage_2_are_those_of_the_page() -> None:
    rows = tables(ROOT / "README.md", "paper, stage 2")[""]
    assert len(rows) == 11
    for *_, frozen, tuned, dinov2, file in rows:
        (name,) = tasks_of("stage2/" + file.strip("`").removesuffix(".py"))
        for column, number in (("Base", frozen), ("tuned", tuned), ("DINOv2", dinov2)):
            numbers = models()[column][1][name]
            assert number == next(iter(numbers.values()), "-"), file
