"""What tests of several tools need: a copy of the set-up script."""

from pathlib import Path

import pytest

from tests.tools.checkout import copy_checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return copy_checkout(tmp_path)
