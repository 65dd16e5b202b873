"""What the values or colours of semantic maps mean: which of them occur, and their classes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import UnidentifiedImageError

from argus.datasets.label_palettes import Palettes, palettes_of
from argus.datasets.own.formats.names_files import ClassTable, Colour
from argus.datasets.own.record import MapValues
from argus.datasets.own.tree import Tree
from argus.datasets.transforms.colour_table import decode_colours
from argus.datasets.transforms.label_images import decode_label_map
from argus.datasets.transforms.reading import read_bytes
from argus.errors import DataError
from argus.files.pictures import open_picture
from argus.names.wording import counted, folded, listed

IGNORE = 255
_MOST_CLASSES = 255
_LOOKED_AT = 200
_VOID_NAMES = ("void", "ignore", "ignored", "unlabeled", "unlabelled", "ignorelabel")
_VOC_BORDER = (224, 224, 192)
_JPEG = b"\xff\xd8"
_SAVED_AS_JPEG = "saved as JPEG, which changes values between classes: save them as PNG"


@dataclass(kw_only=True)
class Seen:
    """What maps hold.

    Args:
        values: Pixels of each value, where maps have one channel or a palette.
        colours: Pixels of each colour, where they have three.
        num_maps: That were looked at.
        num_all: That there are.
        palettes: Of maps with one.
        has_jpeg: Whether any was saved as JPEG, which changes values.
    """

    values: Counter[int] = field(default_factory=Counter)
    colours: Counter[Colour] = field(default_factory=Counter)
    num_maps: int = 0
    num_all: int = 0
    palettes: Palettes = field(default_factory=Palettes)
    has_jpeg: bool = False


def look(tree: Tree, maps: Sequence[str], *, most: int = _LOOKED_AT) -> Seen:
    """Count the values of maps, of many those that are evenly spread.

    Raises:
        DataError: One cannot be read, or is neither of values nor of few colours.
    """
    chosen = list(maps)
    if len(chosen) > most:
        places = np.linspace(0, len(chosen) - 1, most).round().astype(int)
        chosen = [chosen[place] for place in places]
    seen = Seen(num_maps=len(chosen), num_all=len(maps))
    for name in chosen:
        path = tree.path(name)
        content = read_bytes(path)
        seen.has_jpeg |= content.startswith(_JPEG)
        try:
            if _mode_of(content) in ("RGB", "RGBA"):
                seen.colours.update(_colours(content))
            else:
                values, numbers = np.unique(decode_label_map(content), return_counts=True)
                if len(values) > 2 * _MOST_CLASSES:
                    raise DataError(f"{len(values):,} different values: no classes.")
                found = dict(zip(values.tolist(), numbers.tolist(), strict=True))
                seen.values.update(found)
                seen.palettes.add(palettes_of(content, list(found), str(path)))
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        if len(seen.colours) > 2 * _MOST_CLASSES:
            raise DataError(
                f"{path}: more than {2 * _MOST_CLASSES} colours in the maps up to this one: a "
                "picture, or saved as JPEG or scaled with interpolation, which makes colours that "
                "are no class."
            )
    return seen


def _mode_of(content: bytes) -> str:
    try:
        with open_picture(content) as picture:
            return str(picture.mode)
    except UnidentifiedImageError as error:
        raise DataError(f"no picture ({counted(len(content), 'byte')})") from error


def _colours(content: bytes) -> Counter[Colour]:
    pixels = decode_colours(content).astype(np.int64) @ np.array([65536, 256, 1])
    codes, numbers = np.unique(pixels, return_counts=True)
    return Counter(
        {
            (int(code) >> 16, int(code) >> 8 & 255, int(code) & 255): int(number)
            for code, number in zip(codes, numbers, strict=True)
        }
    )


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """The classes of semantic maps.

    Args:
        classes: Names by label.
        values: Which value or colour is which label.
        counts: Pixels of each class in the maps that were looked at.
        notes: What a person should know.
        sure: Whether the data say all of it.
    """

    classes: tuple[str, ...]
    values: MapValues
    counts: tuple[int, ...]
    notes: tuple[str, ...] = ()
    sure: bool = True


def meaning(seen: Seen, table: ClassTable | None) -> Meaning:
    """What the maps mean.

    Raises:
        DataError: Values or colours that the table does not have, or maps of both kinds.
    """
    if not (table and table.colours):
        _take_grey(seen)
    if seen.colours and seen.values:
        raise DataError(
            "some maps hold one value a pixel, others colours; save all of them in one way."
        )
    if seen.colours or (table and table.colours and seen.palettes.num_maps):
        return _of_colours(seen, table)
    return _of_values(seen, table)


def _take_grey(seen: Seen) -> None:
    """Colours of which every one is grey are values, written three times."""
    if all(red == green == blue for red, green, blue in seen.colours):
        seen.values.update({colour[0]: number for colour, number in seen.colours.items()})
        seen.colours.clear()


def _of_colours(seen: Seen, table: ClassTable | None) -> Meaning:
    found = seen.colours or Counter(
        {
            seen.palettes.colours[v][0]: n
            for v, n in seen.values.items()
            if v in seen.palettes.colours
        }
    )
    if table is None or not table.colours:
        if len(found) > _MOST_CLASSES:
            raise DataError(
                f"{counted(len(found), 'colour')} and no file that says which class each is."
            )
        if seen.has_jpeg:
            raise DataError(f"{counted(len(found), 'colour')} in maps {_SAVED_AS_JPEG}.")
        colours = tuple(sorted(found))
        names = tuple("#{:02x}{:02x}{:02x}".format(*colour) for colour in colours)
        note = (
            f"no file names the {counted(len(colours), 'colour')} of the maps, so classes are "
            "called by them; write labelmap.txt with a line name:red,green,blue for each"
            + (f" ({table.source} has names and no colours)" if table else "")
        )
        counts = tuple(found[colour] for colour in colours)
        return Meaning(
            classes=names,
            values=MapValues(colours=colours),
            counts=counts,
            notes=(note,),
            sure=False,
        )
    void = [number for number, name in table.names.items() if folded(name) in _VOID_NAMES]
    kept = [number for number in table.names if number not in void]
    colours = tuple(table.colours[number] for number in kept)
    voids = tuple(table.colours[number] for number in void)
    if _VOC_BORDER not in (*colours, *voids) and _VOC_BORDER in found:
        voids = (*voids, _VOC_BORDER)
    unknown = [colour for colour in found if colour not in (*colours, *voids)]
    if unknown:
        raise DataError(
            f"colours that {table.source} does not have: {listed(unknown)}; add a line for each."
        )
    notes = [f"{listed(table.names[n] for n in void)} is ignored"] if void else []
    return Meaning(
        classes=tuple(table.names[number] for number in kept),
        values=MapValues(colours=colours, void_colours=voids),
        counts=tuple(found[colour] for colour in colours),
        notes=tuple(notes),
    )


def _of_values(seen: Seen, table: ClassTable | None) -> Meaning:
    values = sorted(seen.values)
    binary = (set(values) <= {0, IGNORE} and IGNORE in values) or is_soft(seen)
    if table is None:
        return _unnamed(seen, values, binary)
    return _named(seen, values, binary, table)


def is_soft(seen: Seen) -> bool:
    """Whether maps are black and white with shades between, as scaling and JPEG leave them.

    Numbers of classes are many small ones, and perhaps 255; shades lie at both ends.
    """

    def pixels(least: int, most: int) -> int:
        return sum(number for value, number in seen.values.items() if least <= value <= most)

    def shades(least: int, most: int) -> int:
        return sum(least <= value <= most for value in seen.values)

    if len(seen.values) < 3 or max(seen.values) > IGNORE:
        return False
    total = pixels(0, IGNORE)
    if seen.has_jpeg:
        at_both = pixels(0, 63) > 0 and pixels(192, IGNORE) > 0
        return at_both and pixels(64, 191) <= 0.1 * total
    at_ends = pixels(0, 16) + pixels(239, IGNORE)
    # At least three shades each: near black, between, and near white.
    return min(shades(1, 63), shades(64, 191), shades(192, 254)) >= 3 and at_ends >= 0.8 * total


def _two_levels(seen: Seen) -> tuple[dict[int, int], str]:
    """The labels of maps of black and white, and what was taken for what."""
    if set(seen.values) <= {0, IGNORE}:
        return {0: 0, IGNORE: 1}, ""
    between = sum(number for value, number in seen.values.items() if 0 < value < IGNORE)
    share = between / sum(seen.values.values())
    labels = {value: int(value > IGNORE // 2) for value in range(IGNORE + 1)}
    return labels, (
        f"the maps are black and white with shades between in {share:.1%} of the pixels; what is "
        "above 127 counts as white"
    )


def _ignored(seen: Seen) -> str:
    """What is said of 255 in maps in which no class has it."""
    if not seen.values[IGNORE]:
        return ""
    share = seen.values[IGNORE] / sum(seen.values.values())
    return f"255 ({share:.1%} of the pixels) is taken for void, which is ignored"


def _unnamed(seen: Seen, values: Sequence[int], binary: bool) -> Meaning:
    whole = (
        ""
        if seen.num_maps == seen.num_all
        else f" in {seen.num_maps} of {counted(seen.num_all, 'map')}"
    )
    if set(values) <= {0, 1} or binary:
        top = IGNORE if binary else 1
        labels, shades = _two_levels(seen) if binary else ({0: 0, 1: 1}, "")
        note = (
            f"no file names the classes; the maps hold 0 and {top}{whole}, taken for background "
            "and foreground"
        )
        notes = [note, *([shades] if shades else [])]
        return _meaning(seen, ("background", "foreground"), labels, notes, sure=False)
    if seen.has_jpeg:
        raise DataError(f"{counted(len(values), 'value')} in maps {_SAVED_AS_JPEG}.")
    values = [value for value in values if value != IGNORE]
    if values[-1] > 2 * IGNORE or len(values) > _MOST_CLASSES:
        raise DataError(
            f"values up to {values[-1]:,}, {len(values):,} of them{whole}: no classes; depth? Then "
            "kind='depth'."
        )
    note = (
        f"no file names the classes, so they are called by their values {listed(values)}"
        f"{whole}; write classes.txt with a name a line, or give classes=[...]"
    )
    # Of maps that were not looked at others may come, which then are an error.
    labels = {value: label for label, value in enumerate(values)}
    notes = [text for text in (note, _ignored(seen)) if text]
    return _meaning(seen, tuple(map(str, values)), labels, notes, sure=False)


def _named(seen: Seen, values: Sequence[int], binary: bool, table: ClassTable) -> Meaning:
    notes: list[str] = []
    names = dict(table.names)
    most = max((value for value in values if value != IGNORE), default=0)
    if binary and table.is_from_zero and len(names) <= 2:
        listed_names = tuple(names.values())
        classes = listed_names if len(names) == 2 else ("background", *listed_names)
        labels, shades = _two_levels(seen)
        notes += [f"255 in the maps is {classes[1]!r}", *([shades] if shades else [])]
        return _meaning(seen, classes, labels, notes)
    if IGNORE not in names and _ignored(seen):
        notes.append(_ignored(seen))
    if table.is_from_zero and most == len(names):
        notes.append(
            f"{table.source} has {counted(len(names), 'name')} and the maps hold {values[0]} to "
            f"{most}: 0 is taken for void, and 1 for {names[0]!r}"
        )
        labels = {0: IGNORE} | {number + 1: number for number in names}
        return _meaning(seen, tuple(names.values()), labels, notes, sure=False)
    unknown = [value for value in values if value not in names and value != IGNORE]
    if unknown == [0] and min(names) == 1:
        notes.append(f"{table.source} has no name for 0, which is taken for void")
        labels = {0: IGNORE} | {number: label for label, number in enumerate(names)}
        return _meaning(seen, tuple(names.values()), labels, notes, sure=False)
    if unknown:
        raise DataError(
            f"values {listed(unknown)} in the maps, for which {table.source} has no name (it names "
            f"{min(names)} to {max(names)}); add what is missing"
            f"{f'; they are {_SAVED_AS_JPEG}' if seen.has_jpeg else ''}."
        )
    void = [number for number, name in names.items() if folded(name) in _VOID_NAMES]
    if void:
        notes.append(f"{listed(names[number] for number in void)} is ignored")
    kept = [number for number in names if number not in void]
    labels = {number: label for label, number in enumerate(kept)}
    labels |= {number: IGNORE for number in void}
    return _meaning(seen, tuple(names[number] for number in kept), labels, notes)


def _meaning(
    seen: Seen,
    classes: Sequence[str],
    labels: Mapping[int, int],
    notes: Sequence[str],
    *,
    sure: bool = True,
) -> Meaning:
    counts = [0] * len(classes)
    for value, number in seen.values.items():
        label = labels.get(value, IGNORE)
        if label != IGNORE:
            counts[label] += number
    if len(classes) > _MOST_CLASSES:
        raise DataError(f"{len(classes)} classes; a map of 8 bits tells {_MOST_CLASSES} apart.")
    return Meaning(
        classes=tuple(classes),
        values=MapValues(labels=dict(labels)),
        counts=tuple(counts),
        notes=tuple(notes),
        sure=sure,
    )
