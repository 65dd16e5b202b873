"""How much of each data set its owner published, and who says so: ``published.toml``."""

import tomllib
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, kw_only=True)
class PublishedCount:
    """A number that was published.

    Args:
        number: How many there are.
        source: Who says so.
        optional: Whether none at all is right as well.
        read: Whether annotation files have to be read to count.
    """

    number: int
    source: str
    optional: bool = False
    read: bool = False


def _read() -> dict[str, dict[str, PublishedCount]]:
    text = resources.files(__package__).joinpath("published.toml").read_text("ascii")
    published: dict[str, dict[str, PublishedCount]] = {}
    for data_set, tables in tomllib.loads(text).items():
        counts = published.setdefault(data_set, {})
        for table in tables:
            numbers = table.pop("counts")
            assert not numbers.keys() & counts.keys(), (data_set, numbers.keys() & counts.keys())
            counts.update(
                {name: PublishedCount(number=number, **table) for name, number in numbers.items()}
            )
    return published


PUBLISHED = _read()
"""By the name of the converter and what is counted."""
