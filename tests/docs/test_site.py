"""The parts of the guide that are made from the code and from files outside ``docs/``."""

import ast
import re
from pathlib import Path

import pytest

from argus import registry
from docs.extensions.public_names import public_names
from docs.extensions.repository_links import INCLUDED, rewrite
from tests.docs.blocks import BLOCKS, ROOT

CONTRIBUTING = Path("CONTRIBUTING.md")
# What the runner builds by itself.
INTERNAL = {"argus.models.multitask"}


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[a](docs/add_a_task.md)", "[a](add_a_task.md)"),
        ("[a](docs/configuration.md#tasks)", "[a](configuration.md#tasks)"),
        ("[a](README.md)", "[a](index.md)"),
        ("[a](data/README.md#weights)", "[a](data_sets.md#weights)"),
        ("[`a`](CHANGELOG.md) and [b](LICENSE)", "[`a`](changelog.md) and b"),
        ("[a](https://example.org/b.md)", "[a](https://example.org/b.md)"),
        ("[a](#commits)", "[a](#commits)"),
        ("![a](docs/images/b.jpg)", "![a](docs/images/b.jpg)"),
    ],
)
def test_links__of_an_included_file_lead_to_pages(link: str, expected: str) -> None:
    assert rewrite(link, source=CONTRIBUTING, page=Path("docs/contributing.md")) == expected


def test_links__of_a_page_in_a_folder() -> None:
    page = Path("docs/reference/tasks.md")
    text = "[a](../configuration.md), [b](../../CONTRIBUTING.md), [c](../../configs/x.py)"
    expected = "[a](../configuration.md), [b](../contributing.md), c"
    assert rewrite(text, source=page, page=page) == expected


@pytest.mark.parametrize("file", INCLUDED)
def test_included_files__and_their_pages_exist(file: str) -> None:
    assert (ROOT / file).is_file()
    page = (ROOT / "docs" / INCLUDED[file]).read_text()
    assert file == "README.md" or f"{{include}} ../{file}" in page


def documented_objects() -> set[object]:
    """Every class and function that the reference renders."""
    found: set[object] = set()
    for block in BLOCKS:
        if block.language.startswith("{public-names}"):
            for module in block.language.split()[1:]:
                for path, _ in public_names(module):
                    parent, _, name = path.rpartition(".")
                    found.add(getattr(__import__(parent, fromlist=[name]), name))
    return found


def test_reference__has_everything_that_a_config_can_name() -> None:
    objects = documented_objects()
    assert len(objects) > 60
    kinds = (registry.MODELS, registry.HOOKS, registry.METRICS, registry.TRANSFORMS)
    missing = []
    for kind in (*kinds, registry.DATASETS, registry.LOOPS, registry.OPTIM_WRAPPERS):
        kind.import_from_location()
        for item in kind.module_dict.values():
            is_own = item.__module__.startswith("argus.") and item.__module__ not in INTERNAL
            if is_own and item not in objects:
                missing.append(f"{item.__module__}.{item.__qualname__}")
    assert not missing, "export it in __all__ of its package"


def test_conf__is_strict_and_needs_no_network() -> None:
    text = (ROOT / "docs/conf.py").read_text()
    extensions = next(
        ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "extensions"
    )
    assert "sphinx.ext.intersphinx" not in extensions
    assert "nitpicky = True" in text
    assert not re.search(r"https?://", text)
    (rule,) = re.findall(r"^docs:.*\n\t(.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert " -W " in rule and " --keep-going " in rule
