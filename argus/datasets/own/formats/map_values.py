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


@dataclass(kw_only=True)
class Seen:
    """What maps hold.

    Args:
        values: Pixels of each value, where maps have one channel or a palette.
        colours: Pixels of each colour, where they have three.
        num_maps: That were looked at.
        num_all: That there are.
        palettes: Of maps with one.
    """

    values: Counter[int] = field(default_factory=Counter)
    colours: Counter[Colour] = field(default_factory=Counter)
    num_maps: int = 0
    num_all: int = 0
    palettes: Palettes = field(default_factory=Palettes)


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
    if seen.colours and seen.values:
        raise DataError(
            "some maps hold one value a pixel, others colours; save all of them in one way."
        )
    if seen.colours or (table and table.colours and seen.palettes.num_maps):
        return _of_colours(seen, table)
    return _of_values(seen, table)


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
        colours = tuple(sorted(found))
        names = tuple("#{:02x}{:02x}{:02x}".format(*colour) for colour in colours)
        note = (
            f"no file names the {counted(len(colours), 'colour')} of the maps, so classes are "
            "called by them; write labelmap.txt with a line name:red,green,blue for each"
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
    binary = set(values) <= {0, IGNORE} and IGNORE in values
    if table is None:
        return _unnamed(seen, values, binary)
    return _named(seen, values, binary, table)


def _unnamed(seen: Seen, values: Sequence[int], binary: bool) -> Meaning:
    whole = (
        ""
        if seen.num_maps == seen.num_all
        else f" in {seen.num_maps} of {counted(seen.num_all, 'map')}"
    )
    if set(values) <= {0, 1} or binary:
        top = IGNORE if binary else 1
        note = (
            f"no file names the classes; the maps hold 0 and {top}{whole}, taken for background "
            "and foreground"
        )
        labels, names = {0: 0, top: 1}, ("background", "foreground")
        return _meaning(seen, names, labels, (note,), sure=False)
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
    return _meaning(seen, tuple(map(str, values)), labels, (note,), sure=False)


def _named(seen: Seen, values: Sequence[int], binary: bool, table: ClassTable) -> Meaning:
    notes: list[str] = []
    names = dict(table.names)
    most = max((value for value in values if value != IGNORE), default=0)
    if binary and table.is_from_zero and len(names) <= 2:
        listed_names = tuple(names.values())
        classes = listed_names if len(names) == 2 else ("background", *listed_names)
        notes.append(f"255 in the maps is {classes[1]!r}")
        return _meaning(seen, classes, {0: 0, IGNORE: 1}, notes)
    if table.is_from_zero and most == len(names):
        notes.append(
            f"{table.source} has {counted(len(names), 'name')} and the maps hold 0 to {most}: 0 is "
            f"taken for void, and 1 for {names[0]!r}"
        )
        labels = {0: IGNORE} | {number + 1: number for number in names}
        return _meaning(seen, tuple(names.values()), labels, notes, sure=False)
    unknown = [value for value in values if value not in names and value != IGNORE]
    if unknown:
        raise DataError(
            f"values {listed(unknown)} in the maps, for which {table.source} has no name (it names "
            f"{min(names)} to {max(names)}); add what is missing."
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
