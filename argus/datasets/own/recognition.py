"""Which format a data folder has, how sure that is, and why. Nothing is guessed in silence."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from argus.datasets.own import parts as division
from argus.datasets.own.format_choice import best_of, clues_of, refuse_nothing
from argus.datasets.own.formats import FORMATS, Clue
from argus.datasets.own.reading import in_order, read_own
from argus.datasets.own.record import OwnData, OwnPicture
from argus.datasets.own.tree import Tree, folder_of
from argus.datasets.own.twins import twin_notes
from argus.names.wording import counted, folded, listed

# Formats whose files name the pictures that are labelled.
_NAMING = ("coco", "labelme", "cvat", "label_studio", "voc", "csv")


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """What a data folder was found to be.

    Args:
        format: Name of the format; empty if none, or several, fit.
        title: What a person calls it.
        kinds: What its labels are good for, the likeliest first.
        kind: The one that was asked for, or the likeliest.
        classes: Names by label for that kind.
        counts: Objects, pictures or pixels of each class, by name.
        unit: What was counted: ``object``, ``picture`` or ``pixel``.
        pictures: Number of pictures with labels.
        parts: Pictures of ``train``, ``val`` and ``test``.
        parts_text: The same for a person, and where a part comes from.
        sizes: Smallest and largest width and height in pixels, where the data state them.
        sure: Whether format, classes and kind follow from the data without an assumption.
        why: What was seen, in sentences without a stop.
        oddities: What a person should look at, likewise.
        candidates: Formats that fit, by name, with the reason for each.
        data: All of it; ``None`` if it was not read.
    """

    format: str
    title: str
    kinds: tuple[str, ...] = ()
    kind: str = ""
    classes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    unit: str = ""
    pictures: int = 0
    parts: Mapping[str, int] = field(default_factory=dict)
    parts_text: str = ""
    sizes: tuple[tuple[int, int], tuple[int, int]] | None = None
    sure: bool
    why: tuple[str, ...]
    oddities: tuple[str, ...] = ()
    candidates: Mapping[str, str] = field(default_factory=dict)
    data: OwnData | None = None


def recognise(
    path: str | Path,
    kind: str | None = None,
    *,
    format: str | None = None,
    seed: int = 0,
    group: str | None = None,
    unit: float | None = None,
    classes: Sequence[str] | None = None,
) -> Recognition:
    """Look at a data folder.

    Args:
        path: The folder, or a file of labels in it.
        kind: What the labels are to be good for; ``None`` for the likeliest.
        format: What it is, if a person says so.
        seed: Of the validation part, where the data name none.
        group: Pattern of pictures that stay together, as for :func:`~.parts.group_of`.
        unit: Of depth, if a person says it.
        classes: Their names or which of them, as for :func:`~.reading.read_own`.

    Returns:
        Where several formats fit and none is certain, the candidates alone, with ``sure=False``.

    Raises:
        DataError: There is nothing that Argus reads, with the name of what it is if that is known;
            or a file of labels is wrong.
    """
    tree = Tree(path)
    clues = clues_of(tree) if format is None else {format: Clue(sure=True, why="format= says so")}
    best = best_of(clues, kind)
    if best is None:
        refuse_nothing(tree, clues)
        return Recognition(
            format="",
            title="",
            sure=False,
            why=tuple(f"{FORMATS[name].title}: {clue.why}" for name, clue in clues.items()),
            candidates={name: clue.why for name, clue in clues.items()},
        )
    data = read_own(path, format=best, kind=kind, unit=unit, classes=classes)
    clue = clues[best]
    chosen = kind or data.kinds[0]
    found = division.parts(data, seed=seed, group=group)
    counts, counted = count(data, chosen)
    open_kinds = kind is None and set(data.kinds[:2]) == {"semantic", "saliency"}
    others = [FORMATS[name].title for name in clues if name != best]
    doubts = [
        *([f"it could also be {listed(others)}: format= says which"] if others else []),
        *([] if clue.sure else ["the format is the only one that fits, and nothing proves it"]),
        *data.doubts,
        *(["maps of two values are good for semantic and for saliency"] if open_kinds else []),
    ]
    return Recognition(
        format=best,
        title=FORMATS[best].title,
        kinds=data.kinds,
        kind=chosen,
        classes=in_order(data, chosen, classes),
        counts=counts,
        unit=counted,
        pictures=len(data.pictures),
        parts={part: len(pictures) for part, pictures in found.items()},
        parts_text=division.told(data, found, seed=seed),
        sizes=_sizes(data.pictures),
        sure=not doubts,
        why=(clue.why,),
        oddities=(
            *doubts,
            *data.notes,
            *_without_labels(tree, data),
            *_empty(data, chosen, counts),
            *_alike(counts),
            *twin_notes(data.root, found),
        ),
        candidates={name: each.why for name, each in clues.items()},
        data=data,
    )


def count(data: OwnData, kind: str) -> tuple[dict[str, int], str]:
    """Objects, pictures or pixels of each class that a task of a kind tells apart, and which."""
    classes = data.classes_of(kind)
    if kind in ("classification", "tags"):
        found = Counter(name for picture in data.pictures for name in picture.labels or ())
        return {name: found[name] for name in classes}, "picture"
    if kind == "anomaly":
        return dict(Counter(str(picture.defect) for picture in data.pictures)), "picture"
    if kind == "panoptic":
        found = Counter(
            segment["name"] for picture in data.pictures for segment in picture.segments
        )
        return {name: found[name] for name in classes}, "segment"
    if kind == "semantic" and any(picture.class_maps for picture in data.pictures):
        found = Counter(name for picture in data.pictures for name in picture.class_maps)
        return {name: found[name] for name in classes if name != "background"}, "mask"
    if data.pixels:
        return dict(zip(data.classes, data.pixels, strict=True)), "pixel"
    found = Counter(one.name for picture in data.pictures for one in picture.objects)
    return {name: found[name] for name in data.classes if found or classes}, "object"


def _without_labels(tree: Tree, data: OwnData) -> list[str]:
    """Pictures beside those that files of labels name; of maps the reader says it."""
    if data.format not in _NAMING:
        return []
    used = {name for one in data.pictures for name in (one.path, *one.maps.values())}
    folders = {folder_of(one.path) for one in data.pictures}
    others = sorted(
        name for folder in folders for name in tree.picture_folders[folder] if name not in used
    )
    if not others:
        return []
    are = counted(len(others), "picture beside them is", "pictures beside them are")
    return [f"{are} in no file of labels, and left out: {listed(others[:5])}"]


def _empty(data: OwnData, kind: str, counts: Mapping[str, int]) -> list[str]:
    never = [name for name, number in counts.items() if not number]
    if not never or not counts:
        return []
    seen = ", in the maps that were looked at" if data.pixels else ""
    return [
        f"{len(never)} of {counted(len(counts), 'class', 'classes')} never occur{seen}: "
        f"{listed(never)}"
    ]


def _alike(names: Iterable[str]) -> list[str]:
    """Names that are one class, probably, which two people wrote in two ways."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        found[folded(name)].append(name)
    return [
        f"{listed(same)} are different classes, and differ in writing alone"
        for key, same in found.items()
        if key and len(same) > 1
    ]


def _sizes(
    pictures: tuple[OwnPicture, ...],
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    sizes = [picture.size for picture in pictures if picture.size is not None]
    if not sizes:
        return None
    widths, heights = zip(*sizes, strict=True)
    return (min(widths), min(heights)), (max(widths), max(heights))
