"""What the palettes of label maps say of the meaning of their indices.

An index is a label only if it means the same in all files. A tool that makes a palette for each
file (Pillow's ADAPTIVE, ImageMagick, pngquant) orders it by what is in that file; training would
learn from mixed-up classes, and nothing would show it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from argus.files.pictures import open_picture
from argus.names.wording import counted

Colour = tuple[int, int, int]
_BLACK: Colour = (0, 0, 0)


@dataclass(kw_only=True)
class Palettes:
    """The colours of the indices that label maps use.

    Args:
        colours: By index, with the first file that has it.
        first_conflict: Of an index with another colour in another file, in words.
        num_conflicts: Files that do not agree with those before.
        num_maps: Files with a palette.
        num_plain: Files without one.
        plain: The first of these.
    """

    colours: dict[int, tuple[Colour, str]] = field(default_factory=dict)
    first_conflict: str = ""
    num_conflicts: int = 0
    num_maps: int = 0
    num_plain: int = 0
    plain: str = ""

    def add(self, other: "Palettes") -> None:
        """Add those of other files."""
        clashes = [
            index
            for index in other.colours
            if self.colours.get(index, other.colours[index])[0] != other.colours[index][0]
        ]
        if clashes and not self.first_conflict:
            here, there = self.colours[clashes[0]], other.colours[clashes[0]]
            self.first_conflict = (
                f"index {clashes[0]} is {here[0]} in {here[1]}, and {there[0]} in {there[1]}"
            )
        self.first_conflict = self.first_conflict or other.first_conflict
        self.num_conflicts += other.num_conflicts + bool(clashes)
        self.num_maps += other.num_maps
        self.num_plain += other.num_plain
        self.plain = self.plain or other.plain
        self.colours = {**other.colours, **self.colours}

    @property
    def problem(self) -> str:
        """What is wrong, in words; empty if nothing is."""
        if not self.first_conflict:
            return self._beside_plain() if self._is_inverted() else ""
        return (
            f"the palettes of {counted(self.num_conflicts, 'label map')} do not agree with those "
            f"before: "
            f"{self.first_conflict}, so an index is no class. Say which colour is which class with "
            "LoadSegMap(colours=...), and palettes of any order are read; if the indices are the "
            "labels nevertheless, save them as grey pictures"
        )

    def _is_inverted(self) -> bool:
        """Whether index 0 is used and not black, but a later one is."""
        used = {index: colour for index, (colour, _) in self.colours.items()}
        return any(used.get(0, _BLACK)) and _BLACK in used.values()

    def _beside_plain(self) -> str:
        """What to say of maps with a palette beside others without one; empty if they agree."""
        used = sorted((i, *found) for i, found in self.colours.items() if found[0] != (i, i, i))
        if not used or not self.num_plain:
            return ""
        index, colour, path = used[0]
        have = counted(self.num_maps, "label map has", "label maps have")
        others = "has" if self.num_plain == 1 else "have"
        return (
            f"{have} a palette, {self.num_plain:,} {others} none ({self.plain}): index "
            f"{index} is {colour} in {path}, and whether it means what the grey value {index} "
            "means, no file says. Save all of them as grey pictures of the "
            "labels, or all with colours, and set LoadSegMap(colours=...)"
        )

    def doubt(self, palette: Sequence[Sequence[int]], names: Sequence[str], first: int) -> str:
        """Whether the indices seem to mean something else than the classes; in words, or empty.

        They may be in another order, or there are maps without a palette beside these, and the
        colours are not those of the classes.

        Args:
            palette: RGB of each class.
            names: Of the classes.
            first: Index of the first class.
        """
        classes = {tuple(colour): label for label, colour in enumerate(palette)}
        if len(classes) < len(palette) or len(palette) != len(names):
            return self._beside_plain()
        used = {index: colour for index, (colour, _) in self.colours.items()}
        found = [(i, classes[c]) for i, c in used.items() if c in classes]
        wrong = [(index, label) for index, label in found if index != label + first]
        # A single colour may be the same by chance; a palette in another order shares most.
        if len(found) < max(2, len(used) / 2):
            return self._beside_plain()
        if not wrong:
            return ""
        index, label = min(wrong)
        return (
            f"index {index} of the label maps has the colour {used[index]}, which is that of class "
            f"{label + first}, {names[label]!r}, in metainfo.palette: are colours meant, not "
            "indices? Then set LoadSegMap(colours='palette')"
        )


def palettes_of(content: bytes, used: Sequence[int], path: str) -> Palettes:
    """The colours of the indices that a label map uses; none if it has no palette.

    A picture of one bit is one without: its values are 0 and 1.

    Args:
        content: The file's bytes, which decode.
        used: Its indices.
        path: The file, for messages.
    """
    with open_picture(content) as picture:
        if picture.mode != "P":
            return Palettes(num_plain=1, plain=path)
        picture.load()
        palette = np.array(picture.getpalette("RGB"), np.uint8).reshape(-1, 3).tolist()
    known: Mapping[int, Any] = {
        int(index): (tuple(palette[index]), path) for index in used if index < len(palette)
    }
    return Palettes(colours=dict(known), num_maps=1)
