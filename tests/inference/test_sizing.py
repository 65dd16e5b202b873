"""Sizes that a caller asks for, before anything of that size is made."""

import pytest

from argus.errors import ConfigError
from argus.inference.sizing import short_side_size


@pytest.mark.parametrize(
    ("size", "side"), [((100, 100), 20_000), ((100, 1_600), 5_000), ((1, 1), 10**9)]
)
def test_short_side_size__too_large(size: tuple[int, int], side: int) -> None:
    with pytest.raises(ConfigError, match=r"size: a short side of \d+ makes .* at most 67,108,864"):
        short_side_size(size, side)


def test_short_side_size__large_picture_may_keep_its_size() -> None:
    assert short_side_size((10_000, 20_000), 10_000) == (10_000, 20_000)
