"""The documents against the code: what they name exists, what exists is documented."""

import argparse
import ast
import copy
import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

import tests.toy  # noqa: F401  registers ToyBackbone
from argus.commands.config_options import add_common_arguments
from argus.commands.test import add_test_arguments
from argus.commands.train import add_training_arguments
from argus.engine import (
    CheckpointHook,
    EMAHook,
    MultitaskOptimWrapper,
    MultitaskRunner,
    MultitaskTrainLoop,
    MultitaskValLoop,
    PredictionPicturesHook,
    ProgressHook,
    ValidationPicturesHook,
)
from argus.engine.checks.all_settings import KEYS
from argus.models.backbones import (
    DinoVisionTransformer,
    SiglipVisionTransformer,
    ViTAdapter,
    trained_backbone,
)
from argus.tasks import EvalData, Task, TrainData, parse_tasks
from tests.docs.tables import tables
from tools.demo.scenes import BARS
from tools.install import checks

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
CONFIGURATION = ROOT / "docs/configuration.md"
TROUBLESHOOTING = ROOT / "docs/troubleshooting.md"
PAGES = [
    README,
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts),
]
# A file that the reader is told to write.
TO_BE_WRITTEN = {"configs/parts_semantic.py"}
# Folders of what commands make: a new clone has none of them.
PRODUCTS = tuple(
    line.removeprefix("/")
    for line in (ROOT / ".gitignore").read_text().splitlines()
    if line.endswith("/")
)
REQUIRED = "required"
# Where the top level of a config is read.
_READERS = (
    *("engine/runner.py", "engine/train_loop.py"),
    *("commands/config_options.py", "engine/evaluate.py"),
)


def code_in(page: Path) -> str:
    """Code blocks and inline code of a page, a line each."""
    text = page.read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return "\n".join([*blocks, *re.findall(r"`([^`]+)`", prose)])


def slugs(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_paths__exist() -> None:
    pattern = r"(?<![\w/.])((?:configs|tools|argus|docs|tests|\.ci)/[\w./-]*\w/?)(?![\w<*{])"
    for page in PAGES:
        named = set(re.findall(pattern, code_in(page))) - TO_BE_WRITTEN
        # `tests/datasets/test_<name>.py` leaves a stump that ends in an underscore.
        expected = [p for p in named if not p.endswith("_") and not p.startswith(PRODUCTS)]
        assert not sorted(p for p in expected if not (ROOT / p).exists()), page


def test_links__lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            if "://" in target:
                continue
            path, _, anchor = target.partition("#")
            linked = (page.parent / path).resolve() if path else page
            assert linked.exists(), f"{page}: {target}"
            assert not anchor or anchor in slugs(linked), f"{page}: {target}"


def test_make_targets__exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        assert set(re.findall(r"^make ([a-z-]+)", code_in(page), re.MULTILINE)) <= targets, page


def test_modules__exist() -> None:
    for page in PAGES:
        for module in re.findall(r"python -m (argus[\w.]*)", code_in(page)):
            path = ROOT / module.replace(".", "/")
            is_there = path.with_suffix(".py").exists() or (path / "__main__.py").exists()
            assert is_there, f"{page}: {module}"


def test_python_blocks__parse() -> None:
    for page in PAGES:
        blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
        for block in blocks:
            ast.parse(block, filename=str(page))


def test_environment_variables__are_read_by_the_code() -> None:
    files = [*(ROOT / "argus").rglob("*.py"), *(ROOT / "tools").glob("*.sh"), ROOT / "Makefile"]
    source = "\n".join(file.read_text() for file in files)
    for page in PAGES:
        named = set(re.findall(r"\bARGUS_\w+|\b[A-Z_]+(?==)", code_in(page)))
        unread = sorted(name for name in named if not re.search(rf"\b{name}\b", source))
        assert not unread, page


def leads_somewhere(path: str, config: Any) -> bool:
    """Whether a path of keys and indices, with dots between them, is in a config."""
    for part in path.split("."):
        if isinstance(config, list):
            config = config[int(part)]
        elif part in config:
            config = config[part]
        else:
            return False
    return True


def test_config_paths__exist_in_a_config() -> None:
    names = ("stage1_5task", "stage2/nyuv2_depth", "small/stage1_4task")
    configs = [Config.fromfile(ROOT / f"configs/{name}.py").to_dict() for name in names]
    pattern = r"(?<![\w.])((?:train_cfg|backbone|tasks|param_scheduler)(?:\.(?!py\b)\w+)+)"
    for page in PAGES:
        # The tasks of that page are its own; tests/recipes/test_page.py runs its options.
        paths = [] if page.name == "recipes.md" else re.findall(pattern, code_in(page))
        for path in paths:
            assert any(leads_somewhere(path, config) for config in configs), path


TABLES = tables(CONFIGURATION, "keys")


def documented(name: str) -> dict[str, str]:
    """Default by key, as documented."""
    return {cells[0].strip("`"): cells[1].strip("`") for cells in TABLES[name]}


def shown(default: Any) -> str:
    """A default as the tables write it."""
    if default in (inspect.Parameter.empty, dataclasses.MISSING):
        return REQUIRED
    if default == {}:
        return "dict()"
    return f'"{default}"' if isinstance(default, str) else repr(default)


def arguments(function: Callable[..., Any], *, without: tuple[str, ...] = ()) -> dict[str, str]:
    """Default by argument of a function."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: shown(p.default) for p in parameters if p.name not in (*without, "self")}


@pytest.mark.parametrize("kind", [Task, TrainData, EvalData])
def test_task_keys__are_documented_with_their_defaults(kind: type) -> None:
    expected = {}
    for item in dataclasses.fields(kind):
        has_factory = item.default_factory is not dataclasses.MISSING
        expected[item.name] = shown(item.default_factory() if has_factory else item.default)
    expected.pop("name", None)  # the key in ``tasks``
    assert documented(kind.__name__) == expected


@pytest.mark.parametrize(
    ("name", "function", "without"),
    [
        ("ViTAdapter", ViTAdapter.__init__, ()),
        ("DinoVisionTransformer", DinoVisionTransformer.__init__, ()),
        ("SiglipVisionTransformer", SiglipVisionTransformer.__init__, ()),
        ("trained_backbone", trained_backbone, ()),
        ("MultitaskTrainLoop", MultitaskTrainLoop.__init__, ("runner", "dataloader")),
        ("MultitaskValLoop", MultitaskValLoop.__init__, ("runner", "dataloader", "evaluator")),
        ("CheckpointHook", CheckpointHook.__init__, ()),
        ("EMAHook", EMAHook.__init__, ()),
        ("ProgressHook", ProgressHook.__init__, ()),
        ("PredictionPicturesHook", PredictionPicturesHook.__init__, ()),
        ("ValidationPicturesHook", ValidationPicturesHook.__init__, ()),
    ],
)
def test_arguments__are_documented_with_their_defaults(
    name: str, function: Callable[..., Any], without: tuple[str, ...]
) -> None:
    assert documented(name) == arguments(function, without=without)


def test_optim_wrapper__keys_are_documented() -> None:
    expected = arguments(MultitaskOptimWrapper.__init__) | {"paramwise_cfg": "None"}
    assert documented("optim_wrapper") == expected
    source = (ROOT / "argus/engine/optim.py").read_text()
    keys = set(re.findall(r'paramwise\.pop\("(\w+)"', source))
    assert {cells[0].strip("`") for cells in TABLES["paramwise_cfg"]} == keys


def test_top_level__keys_are_those_the_code_reads() -> None:
    read = {"work_dir", "resume", "load_from"}
    for file in _READERS:
        source = (ROOT / "argus" / file).read_text()
        read |= set(re.findall(r'\b(?:cfg|config)(?:\.get\(|\[)"(\w+)"', source))
        read |= set(re.findall(r'"(\w+_cfg)", cfg\)', source))
        read |= set(re.findall(r"\bconfig\.(\w+) = ", source))
    named = {key for cells in TABLES["top level"] for key in re.findall(r"`(\w+)`", cells[0])}
    assert named == read


def test_top_level__keys_are_those_the_runner_knows() -> None:
    named = {key for cells in TABLES["top level"] for key in re.findall(r"`(\w+)`", cells[0])}
    assert len(KEYS) == len(set(KEYS))
    assert set(KEYS) == named | {"default_scope"}, "which the text below the table names"


def test_tables__belong_to_a_test() -> None:
    kinds = {"Task", "TrainData", "EvalData", "ViTAdapter", "DinoVisionTransformer", "EMAHook"}
    kinds |= {"MultitaskTrainLoop", "MultitaskValLoop", "ProgressHook", "PredictionPicturesHook"}
    kinds |= {
        "SiglipVisionTransformer",
        "trained_backbone",
        "ValidationPicturesHook",
        "CheckpointHook",
    }
    assert set(TABLES) == kinds | {"optim_wrapper", "paramwise_cfg", "top level"}


def options_of(add_arguments: Callable[[argparse.ArgumentParser], None]) -> set[str]:
    """Options that are shown in the help."""
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    shown_ones = [a for a in parser._actions if a.option_strings and a.help != argparse.SUPPRESS]
    return {action.option_strings[0] for action in shown_ones}


def test_options__are_those_of_the_tools() -> None:
    common = options_of(add_common_arguments)
    expected = {(option, "both") for option in common}
    for tool, add in (("train", add_training_arguments), ("test", add_test_arguments)):
        expected |= {(option, tool) for option in options_of(add) - common}
    rows = tables(CONFIGURATION, "options")[""]
    assert {(cells[0].strip("`"), cells[1]) for cells in rows} == expected


def message_templates() -> Iterator[list[str]]:
    """Constant parts of every text in the code, f-strings split at their placeholders."""
    for file in [*(ROOT / "argus").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield [node.value]
            elif isinstance(node, ast.JoinedStr):
                parts = [""]
                for value in node.values:
                    if isinstance(value, ast.Constant):
                        parts[-1] += str(value.value)
                    elif isinstance(value, ast.FormattedValue):
                        parts.append(noun_of(value.value))
                yield parts


def noun_of(value: ast.expr) -> str:
    """What stands behind a number: the plural that ``counted`` is told, if the value is such."""
    if not isinstance(value, ast.Call) or ast.unparse(value.func) != "counted":
        return ""
    words = [word.value for word in value.args[1:] if isinstance(word, ast.Constant)]
    return "" if not words else f" {words[-1] if len(words) > 1 else f'{words[0]}s'}"


def is_part_of(message: str, template: list[str]) -> bool:
    """Whether the pieces of a message between ``...`` are in a template, in order."""
    text, position = "\0".join(template), 0
    for piece in filter(None, (piece.strip() for piece in message.split("..."))):
        position = text.find(piece, position)
        if position < 0:
            return False
        position += len(piece)
    return True


def test_messages__are_those_of_the_code() -> None:
    bold = re.findall(r"\*\*(`.+?`)\*\*", TROUBLESHOOTING.read_text(), re.DOTALL)
    messages = [message.strip("`").replace("\n", " ") for message in bold]
    templates = list(message_templates())
    for module in ("argus", "mmcv._ext"):
        messages.remove(f"No module named {module!r}")  # Python's own
    unknown = [m for m in messages if not any(is_part_of(m, t) for t in templates)]
    assert len(messages) > 30
    assert not unknown


def test_sizes__are_those_of_the_backbone_configs() -> None:
    section = README.read_text().split("## The paper's numbers")[1].split("##")[0]
    counts = re.findall(r"\d+,\d{3},\d{3}", section)
    folder = ROOT / "configs/_base_/backbones"
    for name, stated in (("argus_base", counts[:2]), ("argus_large", counts[2:])):
        # tests/models/backbones/test_configs.py holds the configs against the models.
        text = (folder / f"{name}.py").read_text()
        assert len(stated) == 2 and all(count in text for count in stated)


def test_demo__has_to_reach_what_the_readme_says() -> None:
    rows = tables(README, "bars of the demo")[""]
    stated = {f"{task}/{metric}".replace("`", ""): bar for task, metric, bar, _ in rows}
    expected = {
        name: f"{100 * bar.value:.0f}" if bar.in_percent else f"{bar.value:.0f}"
        for name, bar in BARS.items()
    }
    assert {name: re.search(r"\d+", bar)[0] for name, bar in stated.items()} == expected


@pytest.mark.parametrize("page", [README, TROUBLESHOOTING], ids=lambda page: page.name)
def test_disk_space__is_what_the_installer_asks_for(page: Path) -> None:
    needed = checks.DISK_GB
    assert f"about {needed:.0f} GB" in page.read_text()


def task_example(folder: Path) -> Config:
    """The config that the README shows, read from beside a copy of the configs it builds on."""
    pattern = r"<!-- task example.*?-->\n```python\n(.*?)^```"
    found = re.search(pattern, README.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    for file in (ROOT / "configs/_base_").rglob("*.py"):
        copied = folder / "configs" / file.relative_to(ROOT / "configs")
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_text(file.read_text())
    path = folder / "configs/parts_semantic.py"
    path.write_text(found[1])
    return Config.fromfile(path)


def write_parts(root: Path) -> None:
    """Four pictures whose colour is their label."""
    rng = np.random.default_rng(0)
    for part in ("train", "val"):
        for kind in ("images", "labels"):
            (root / kind / part).mkdir(parents=True)
        for index in range(4):
            labels = np.repeat(rng.integers(0, 3, 64, dtype=np.uint8)[:, None], 64, axis=1)
            cv2.imwrite(str(root / f"labels/{part}/{index}.png"), labels)
            picture = np.repeat(labels[..., None] * 80, 3, axis=2)
            cv2.imwrite(str(root / f"images/{part}/{index}.jpg"), picture)


def test_task_example__meets_the_contract(tmp_path: Path) -> None:
    config = task_example(tmp_path)
    tasks = parse_tasks(config.tasks)
    assert tasks["parts"].reported == ("parts/mIoU",)
    assert config.backbone["type"] is trained_backbone
    assert config.backbone["backbone"]["type"] is ViTAdapter


def test_task_example__trains_and_leaves_the_backbone_as_it_is(tmp_path: Path) -> None:
    config = task_example(tmp_path)
    write_parts(tmp_path / "data")
    config.backbone.update(checkpoint="random")
    config.backbone["backbone"] = dict(type="ToyBackbone", channels=768)
    config.tasks.parts.decoder.data_preprocessor.size = (64, 64)
    for part in ("train", "val"):
        config.tasks.parts[part].dataset.data_root = str(tmp_path / "data")
        config.tasks.parts[part].num_workers = 0
    config.merge_from_dict(
        dict(work_dir=str(tmp_path / "out"), load_from=None, precision="fp32", visualizer=None)
    )
    config.train_cfg = dict(max_iters=2)
    runner = MultitaskRunner.from_cfg(config)
    states = []
    call_hook = runner.call_hook

    def record(name: str, **kwargs: Any) -> None:
        call_hook(name, **kwargs)
        if name in ("before_train", "after_train"):
            states.append(copy.deepcopy(runner.raw_model.state_dict()))

    runner.call_hook = record
    runner.train()
    before, after = states
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert {name.split(".")[0] for name in changed} == {"decoders"}
    weights = {name for name, _ in runner.raw_model.decoders.named_parameters(prefix="decoders")}
    assert changed == weights
    assert (tmp_path / "out/iter_2.pth").is_file()
