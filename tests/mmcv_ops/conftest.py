"""The package's operators behind ``mmcv.ops``, for one test."""

import pytest

from tests.mmcv_ops.modules import ours, use


@pytest.fixture
def our_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    use(ours(), monkeypatch)
