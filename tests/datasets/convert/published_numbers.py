"""Smaller numbers in the place of the published ones, for tests."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from argus.datasets.convert.published import PUBLISHED


def publish(
    monkeypatch: pytest.MonkeyPatch, data_set: str, numbers: Mapping[str, int], rest: int = 0
) -> None:
    """Let these numbers be published of a data set, and another one of all other counts."""
    counts = PUBLISHED[data_set]
    assert numbers.keys() <= counts.keys()
    smaller = {name: replace(c, number=numbers.get(name, rest)) for name, c in counts.items()}
    monkeypatch.setitem(PUBLISHED, data_set, smaller)
