"""docs/recipes.md: every example expands and fits a decoder, the first one trains."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from argus.recipes import Recipe, expand_tasks
from argus.registry import RECIPES
from argus.tasks import parse_tasks
from tests.commands.command_line import CommandLine
from tests.docs.blocks import BLOCKS, ROOT
from tests.docs.tables import tables
from tests.recipes.small_data import write_all
from tests.tiny_model import tiny_model
from tests.toy import ToyBackbone

PAGE = ROOT / "docs/recipes.md"
TEXTS = [block.text for block in BLOCKS if block.page == "docs/recipes.md"]
TASKS = [text for text in TEXTS if re.match(r"\w+ = dict\(\s*type=\"\w+Task\"", text)]


@pytest.fixture
def argus(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capfd)


def tasks_in(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__builtins__": {"dict": dict}}
    exec(text, names)
    return {name: value for name, value in names.items() if not name.startswith("_")}


def test_examples__are_of_every_kind() -> None:
    RECIPES.import_from_location()
    shown = {task["type"] for text in TASKS for task in tasks_in(text).values()}
    own = {name for name, kind in RECIPES.module_dict.items() if kind.__module__[:6] == "argus."}
    assert own - shown == set()


@pytest.mark.parametrize("text", [t for t in TASKS if "KeypointsTask" not in t])
def test_example__expands(text: str) -> None:
    tasks = tasks_in(text)
    expanded = expand_tasks(tasks, dict(type=ToyBackbone))
    assert list(parse_tasks(expanded)) == list(tasks)


def test_keys__are_documented_with_their_defaults() -> None:
    documented = {
        key.strip("` "): default.strip("`")
        for keys, default, _ in tables(PAGE, "keys")["Recipe"]
        for key in keys.split(",")
    }
    for item in dataclasses.fields(Recipe):
        if item.name not in ("where", "ask_backbone"):
            default = item.default if item.default is not dataclasses.MISSING else {}
            written = "dict()" if default == {} else repr(default).replace("'", '"')
            assert documented.pop(item.name) == written, item.name
    assert not documented


def test_decoders__are_documented() -> None:
    rows = tables(PAGE, "decoders of the recipes")[""]
    documented = {
        kind.strip("` "): [name.strip("` ") for name in decoders.split(",")]
        for kinds, decoders in rows
        for kind in kinds.split(",")
    }
    for kind, decoders in documented.items():
        assert list(RECIPES.get(kind).DECODERS) == decoders
    assert {kind for text in TASKS for kind in re.findall(r"\w+Task", text)} == set(documented)


def test_first_example__prints_trains_and_is_the_same_as_its_expansion(
    argus: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    write_all(tmp_path / "data")["masks"].rename("data/plates")
    tiny_model("semantic").write(tmp_path / "work_dirs/demo/model")
    (tmp_path / "plates.py").write_text(TEXTS[0])
    options = ["tasks.plates.size=32", "tasks.plates.train.num_workers=0", "tasks.plates.test=None"]
    options.append("tasks.plates.val.num_workers=0")
    done = argus("config", "plates.py", "--cfg-options", *options)
    assert (done.status, done.err) == (0, "")
    (tmp_path / "whole_plates.py").write_text(done.out)
    assert argus("config", "whole_plates.py").out.split("\n", 1)[1] == done.out.split("\n", 1)[1]
    trained = []
    for name, changes in (("plates.py", options), ("whole_plates.py", [])):
        words = [*changes, "train_cfg.max_iters=2", f"work_dir=out/{name}"]
        assert argus("train", name, "--cfg-options", *words).status == 0
        trained.append(torch.load(tmp_path / "out" / name / "iter_2.pth")["state_dict"])
    first, second = trained
    assert first and all(value.equal(second[name]) for name, value in first.items())


def test_options__of_the_recipe_and_of_its_expansion(
    argus: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plates.py").write_text(
        TEXTS[0].replace('"data/plates"', '"x", classes=["a", "b"]')
    )
    tiny_model("semantic").write(tmp_path / "work_dirs/demo/model")
    (command,) = re.findall(r"^argus (config .* --cfg-options .*)$", PAGE.read_text(), re.M)
    done = argus(*command.split())
    assert (done.status, done.err) == (0, "")
    assert "type=SegformerHead" in done.out and "batch_size=8" in done.out
