"""Every command and every piece of Python in the documents runs, or says why not."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import BLOCKS, ROOT
from tests.docs.reader import Reader, commands
from tests.in_process import InProcess

EXECUTABLE = [block for block in BLOCKS if block.is_executable]
RUN_HERE = [block for block in EXECUTABLE if not block.reason and not block.tested_by]
RUN_PAGES = sorted({block.page for block in RUN_HERE})
FEW = "--num-train 2 --num-val 2 --num-classification 10 10 --num-anomaly 2 2 2 --workers 1"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, tiny_model_folder: Path) -> Iterator[Reader]:
    """A reader in a clone with the demo's scenes and model, few and random, and own pictures."""
    root = tmp_path_factory.mktemp("clone")
    for folder in ("configs", "tools", "docs"):
        (root / folder).symlink_to(ROOT / folder)
    for model in ("work_dirs/demo/model", "work_dirs/argus_base"):
        shutil.copytree(tiny_model_folder, root / model)
    with pytest.MonkeyPatch.context() as patch:
        in_process = InProcess(patch, root)
        render = ["python", "-m", "argus.datasets.scenes", "data/scenes", *FEW.split()]
        assert in_process.call(render) == 0
        pictures = sorted((root / "data/scenes").rglob("*.jpg"))[:2]
        (root / "photos").mkdir()
        for index, picture in enumerate(pictures):
            shutil.copy(picture, root / f"photos/{index}.jpg")
        shutil.copy(pictures[0], root / "photo.jpg")
        yield Reader(in_process)


def test_pages__have_blocks() -> None:
    assert len(EXECUTABLE) > 40
    assert len(RUN_HERE) > 15


def test_blocks__with_commands_are_marked_as_bash() -> None:
    for block in BLOCKS:
        pattern = r"^(?:python|make|argus|pip|tools/[\w/]+\.(?:py|sh)) "
        first = re.findall(pattern, block.text, re.M)
        assert block.is_executable or not first or block.language.startswith("{"), str(block)


def test_markers__are_ones_that_are_understood() -> None:
    for block in EXECUTABLE:
        if block.marker:
            known = (block.reason, block.tested_by, block.replacements, block.setup)
            assert any(known), f"{block}: {block.marker}"
        assert not block.reason or len(block.reason.split()) > 1, f"{block}: say why"
        # A reason may name the test that runs the like.
        for path in [*re.findall(r"tests/[\w/]+\.py", block.marker)]:
            assert (ROOT / path).is_file(), f"{block}: {path}"
        if block.language == "bash":
            assert commands(block.text), str(block)


@pytest.mark.parametrize("page", RUN_PAGES)
def test_page__runs(page: str, reader: Reader) -> None:
    for block in RUN_HERE:
        if block.page == page:
            print(f"--- {block}")
            reader.run(block)
