"""Every command and every piece of Python in the documents runs, or says why not."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import BLOCKS, ROOT, Block
from tests.docs.reader import Reader, commands
from tests.export.small_model import write_model
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
    write_model(root / "work_dirs/small")  # fewer layers to translate
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


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_block__with_commands_is_marked_as_bash(block: Block) -> None:
    first = re.findall(r"^(?:python|make|argus|pip|tools/[\w/]+\.(?:py|sh)) ", block.text, re.M)
    assert block.is_executable or not first or block.language.startswith("{"), block


@pytest.mark.parametrize("block", EXECUTABLE, ids=str)
def test_marker__is_one_that_is_understood(block: Block) -> None:
    if block.marker:
        known = (block.reason, block.tested_by, block.replacements, block.setup)
        assert any(known), block.marker
    assert not block.reason or len(block.reason.split()) > 1, "say why"
    # A reason may name the test that runs the like.
    for path in [*re.findall(r"tests/[\w/]+\.py", block.marker)]:
        assert (ROOT / path).is_file(), path
    if block.language == "bash":
        assert commands(block.text)


@pytest.mark.parametrize("page", RUN_PAGES)
def test_page__runs(page: str, reader: Reader) -> None:
    for block in RUN_HERE:
        if block.page == page:
            print(f"--- {block}")
            reader.run(block)
