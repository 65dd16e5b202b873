"""Folders of pictures and of semantic maps: indices, palettes, colours with a table."""

from argus.datasets.own.formats import class_masks, good_defect, voc
from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.formats.map_values import look, meaning
from argus.datasets.own.formats.names_files import ClassTable, class_table
from argus.datasets.own.formats.paired import Pairs, folders_text, pairs
from argus.datasets.own.record import OwnData, OwnPicture, sorted_pictures
from argus.datasets.own.tree import Tree, folder_of, part_of
from argus.errors import DataError
from argus.names.wording import counted, listed


def _clue(tree: Tree) -> Clue | None:
    found = pairs(tree, "semantic")
    # VOC's maps are read with its XML files and lists, masks of defects with what is good.
    others = (voc.FORMAT, good_defect.FORMAT, class_masks.FORMAT)
    if found is None or any(form.clue(tree) for form in others):
        return None
    share = len(found.maps) / (len(found.maps) + len(found.without))
    why = (
        f"{counted(len(found.maps), 'picture has a map', 'pictures have a map')} of the same name "
        f"({folders_text(tree, found)})"
    )
    return Clue(sure=share >= 0.5, why=why)


def _read(tree: Tree, options: Options) -> OwnData:
    found = pairs(tree, "semantic")
    if found is None:
        raise DataError(
            f"{tree.given}: no pictures with maps of the same names; expected folders such as "
            "images/ and masks/."
        )
    table = class_table(tree)
    # Names of numbers alone are what unnamed classes are called.
    if table is None and not all(name.isdecimal() for name in options.names):
        table = ClassTable(names=dict(enumerate(options.names)), colours={}, source="classes")
    seen = look(tree, sorted(found.maps.values()), most=200 if table else 2000)
    try:
        meant = meaning(seen, table)
    except DataError as error:
        raise DataError(f"{tree.given}: {error}") from error
    pictures = [
        OwnPicture(path=name, part=part_of(folder_of(name)), maps={"semantic": target})
        for name, target in found.maps.items()
    ]
    kinds = ("semantic", "saliency") if len(meant.classes) == 2 else ("semantic",)
    return OwnData(
        format=FORMAT.name,
        root=tree.root,
        pictures=sorted_pictures(pictures),
        classes=meant.classes,
        kinds=kinds,
        values=meant.values,
        pixels=meant.counts,
        notes=(*(meant.notes if meant.sure else ()), *stray_notes(found)),
        doubts=() if meant.sure else meant.notes,
    )


def stray_notes(found: Pairs) -> list[str]:
    """What a person should know of files without a partner."""
    notes = []
    if found.without:
        notes.append(
            f"{counted(len(found.without), 'picture has no map', 'pictures have no map')}: "
            f"{listed(found.without[:5])}"
        )
    if found.strays:
        notes.append(
            f"{counted(len(found.strays), 'map has no', 'maps have no')} picture: "
            f"{listed(found.strays[:5])}"
        )
    return notes


FORMAT = Format(
    name="masks", title="folders of masks", clue=_clue, read=_read, kinds=("semantic", "saliency")
)
