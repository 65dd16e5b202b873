"""Say by which rule the pictures of a data set are read that a camera has turned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argus.datasets.transforms.loading import LoadImage
from argus.datasets.transforms.orientation import TURNED, UPRIGHT, orientation_of
from argus.datasets.transforms.reading import read_bytes
from argus.names.wording import counted

_MAX_NAMES = 3
_ANNOTATED = ("height", "width")


@dataclass(kw_only=True)
class Turned:
    """Pictures with an EXIF orientation other than 1, by how they are read.

    Args:
        shown: As they are shown; their size tells.
        stored: As they are stored, since their annotation has that size.
        undecided: Square, mirrored or upside down: no size tells what labels were made on.
    """

    shown: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)

    def add(self, other: "Turned") -> None:
        """Add those of other samples."""
        self.shown += other.shown
        self.stored += other.stored
        self.undecided += other.undecided


@dataclass(frozen=True, kw_only=True)
class StockLoader:
    """mmcv's loader of pictures, or one derived of it, which looks at no annotated size.

    Args:
        name: Of its class.
        reads: ``shown`` or ``stored``, as its options say.
    """

    name: str
    reads: str


class TurnedByLoader:
    """Turned pictures by how they are read: the parts of a joined data set may have other loaders.

    Args:
        loaders: By the number of the part: its loader, or one as by default, and the loader that
            the task has where that is none of ours.
    """

    def __init__(self, loaders: Sequence[tuple[LoadImage, StockLoader | None]]) -> None:
        self.loaders = loaders
        self._found: dict[tuple[str | None, StockLoader | None], Turned] = {}

    def add(self, number: int, turned: Turned) -> None:
        """Add pictures of a part."""
        load, stock = self.loaders[number]
        self._found.setdefault((load.orientation, stock), Turned()).add(turned)

    def notes(self) -> list[str]:
        """What a person should know, in a sentence for each way to load."""
        return [text for key, turned in self._found.items() for text in told(turned, *key)]

    def in_doubt(self) -> list[str]:
        """Those of :meth:`notes` where neither the config nor the size of annotations decides."""
        return [
            text
            for (orientation, stock), turned in self._found.items()
            if orientation is None and _is_in_doubt(turned, stock)
            for text in told(turned, orientation, stock)
        ]


def _is_in_doubt(turned: Turned, stock: StockLoader | None) -> bool:
    if turned.undecided or stock is None:
        return bool(turned.undecided)
    return bool(turned.stored if stock.reads == "shown" else turned.shown)


def look_at(sample: Mapping[str, Any], load: LoadImage) -> Turned:
    """How a sample's picture is read, if it is turned and has labels that have a place in it.

    Args:
        sample: With ``img`` as ``load`` has read it.
        load: The loader of the task.
    """
    path = sample["img_path"]
    tag = orientation_of(read_bytes(path, load.backend_args))
    is_annotated = all(key in sample for key in _ANNOTATED)
    has_map = any(
        key.endswith("_path") and key != "img_path" and value is not None
        for key, value in sample.items()
    )
    if tag == UPRIGHT or not (is_annotated or has_map):
        return Turned()
    name = f"{path}: {tag}"
    height, width = sample["img"].shape[:2]
    if tag not in TURNED or height == width:
        return Turned(undecided=[name])
    if load.orientation is None and is_annotated and _is_stored(sample, load):
        return Turned(stored=[name])
    return Turned(shown=[name])


def _is_stored(sample: Mapping[str, Any], load: LoadImage) -> bool:
    shown = LoadImage(orientation="shown", backend_args=load.backend_args)
    free = {key: value for key, value in sample.items() if key not in (*_ANNOTATED, "img")}
    return shown.transform(free)["img"].shape[:2] != sample["img"].shape[:2]


def told(turned: Turned, orientation: str | None, stock: StockLoader | None = None) -> list[str]:
    """What a person should know about the turned pictures of a data set, in a sentence or none.

    Args:
        turned: All of them.
        orientation: Of the loader of the task; ``None`` by default.
        stock: The loader of the task, where that is none of ours.
    """
    names = [*turned.shown, *turned.stored, *turned.undecided]
    if not names:
        return []
    more = ", ..." if len(names) > _MAX_NAMES else ""
    have = counted(len(names), "picture has", "pictures have")
    text = f"{have} an EXIF orientation ({', '.join(names[:_MAX_NAMES])}{more})"
    if stock is not None:
        return [text + _of_stock(turned, stock)]
    if orientation is not None:
        return [
            f"{text}; pictures are read as they are {orientation}, as LoadImage(orientation="
            f"{orientation!r}) says, and labels have to be made on that"
        ]
    text += "; pictures are read as they are shown, turned, and labels have to be made on that"
    if turned.stored:
        text += (
            f". Except for {len(turned.stored):,}, of whose annotations the size is that of the "
            "stored pixels, which are used"
        )
    if turned.undecided:
        text += (
            f". Of {len(turned.undecided):,} no size tells what the labels were made on (square, "
            f"mirrored or upside down: {turned.undecided[0]}): look at them, and if it was the "
            "stored pixels"
        )
        text += ", as of the others," if turned.stored else ""
        text += " set orientation='stored' of LoadImage, for the whole data set"
    return [text]


def _of_stock(turned: Turned, stock: StockLoader) -> str:
    text = (
        f"; {stock.name} reads all of them as they are {stock.reads}, whatever size their "
        "annotations say, and labels have to be made on that"
    )
    if stock.reads == "shown" and turned.stored:
        text += (
            f". Those of {len(turned.stored):,} were made on the stored pixels, as the size in the "
            f"annotations says, e.g. {turned.stored[0]}"
        )
    return f"{text}. Take LoadImage of argus instead, which goes by that size or has an orientation"
