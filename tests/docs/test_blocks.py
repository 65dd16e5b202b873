"""Every command and every piece of Python in the documents runs, or says why not."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from torch.utils.data import DataLoader
from yapf.yapflib import yapf_api

from argus.engine import watched_loader
from tests.docs.blocks import BLOCKS, ROOT, Block
from tests.docs.reader import Reader, commands

EXECUTABLE = [block for block in BLOCKS if block.is_executable]
RUN_HERE = [block for block in EXECUTABLE if not block.reason and not block.tested_by]
RUN_PAGES = sorted({block.page for block in RUN_HERE})
FEW = "--num-train 2 --num-val 2 --num-classification 10 10 --num-anomaly 2 2"


class LoaderWithoutProcesses(DataLoader):
    """Reads its few samples in this process: starting others takes longer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | dict(num_workers=0, timeout=0))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, tiny_model_folder: Path) -> Iterator[Reader]:
    """A reader in a clone with the demo's scenes and model, few and random, and own pictures."""
    root = tmp_path_factory.mktemp("clone")
    for folder in ("configs", "tools", "docs"):
        (root / folder).symlink_to(ROOT / folder)
    command = [sys.executable, "-m", "argus.datasets.scenes", root / "data/scenes", *FEW.split()]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    pictures = sorted((root / "data/scenes").rglob("*.jpg"))[:2]
    (root / "photos").mkdir()
    for index, picture in enumerate(pictures):
        shutil.copy(picture, root / f"photos/{index}.jpg")
    shutil.copy(pictures[0], root / "photo.jpg")
    for model in ("work_dirs/demo/model", "work_dirs/argus_base"):
        shutil.copytree(tiny_model_folder, root / model)
    with pytest.MonkeyPatch.context() as patch:
        # mmengine formats the config at every start and checkpoint, for seconds.
        patch.setattr(yapf_api, "FormatCode", lambda text, **_: (text, True))
        patch.setattr(watched_loader, "DataLoader", LoaderWithoutProcesses)
        patch.chdir(root)
        yield Reader(patch)


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
