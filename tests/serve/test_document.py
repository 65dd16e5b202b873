"""The code of docs/serve.md, on the running page."""

import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from tests.docs.blocks import ROOT, Block, blocks_of
from tests.serve.fake_model import FakeModel

BLOCKS = [
    block
    for block in blocks_of(ROOT / "docs" / "serve.md")
    if block.tested_by == "tests/serve/test_document.py"
]


@pytest.fixture
def folder(tmp_path: Path, photo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the code runs: it finds its photo there."""
    Image.open(photo).save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "bash"], ids=str)
def test_bash__answers(block: Block, url: str, folder: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    script = block.text.replace("http://127.0.0.1:7860", url).replace("curl ", "curl -sSf ")
    done = subprocess.run(["bash", "-euc", script], capture_output=True, check=True, timeout=60)
    if "-o depth.png" in script:
        assert Image.open(folder / "depth.png").format == "PNG"
    else:
        assert b'"depth"' in done.stdout


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "python"], ids=str)
def test_python__runs(
    block: Block, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argus.api import Argus
    from tests.serve.browser import free_port

    fake = classmethod(lambda cls, path: FakeModel("depth"))
    monkeypatch.setattr(Argus, "from_pretrained", fake)
    code = block.text.replace("http://127.0.0.1:7860", url)
    exec(compile(code.replace("port=7860", f"port={free_port()}"), str(block), "exec"), {})
