"""What the layouts of weights have in common: a conversion, and names that a table translates."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class Conversion:
    """A converted state and what did not map one to one.

    Attributes:
        state: Name to tensor, in the target layout.
        unused: Names of the source that are no part of the ViT (a classifier, for example).
        missing: Names of our own that the source should hold and does not.
        dropped: Names of our own that the target layout has no place for.
        filled: Names of our own that the source layout does not hold, written as zeros.
    """

    state: dict[str, Tensor]
    unused: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)


def rename(name: str, table: Mapping[str, str]) -> str | None:
    """Translate a name, or its layer if the table lists layers; None if it is not in the table.

    Args:
        name: Of a tensor.
        table: Names, or layers; ``N`` stands for the number of a block.
    """
    block = re.search(r"\.(\d+)\.", name)
    number = block.group(1) if block else ""
    generic = re.sub(r"\.\d+\.", ".N.", name, count=1)
    layer, _, leaf = generic.rpartition(".")
    if generic in table:
        return table[generic].replace(".N.", f".{number}.")
    if layer in table and leaf in ("weight", "bias"):
        return table[layer].replace(".N.", f".{number}.") + f".{leaf}"
    return None
