"""What tests of several tools need."""

from pathlib import Path

import pytest

from tests.tools.checkout import copy_checkout
from tests.tools.scripts import FakePrograms
from tests.tools.tool_line import ToolLine


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return copy_checkout(tmp_path)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> ToolLine:
    return ToolLine(monkeypatch, capfd)


@pytest.fixture
def fake(tmp_path: Path) -> FakePrograms:
    return FakePrograms(tmp_path / "bin")
