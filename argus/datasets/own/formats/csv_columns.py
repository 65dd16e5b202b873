"""What the columns of a table of labels hold: by their headings, else by what is in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from argus.errors import DataError
from argus.files.pictures import PICTURE_SUFFIXES
from argus.names.wording import folded, listed

# Headings as `folded` leaves them.
_PICTURE = (
    *("image", "imagename", "filename", "file", "path", "imagepath", "filepath", "imagefile"),
    *("img", "imgname", "picture", "photo", "id", "imageid", "imgid", "name"),
)
_LABEL = ("label", "class", "labelname", "category", "classname", "target", "species", "y")
_TAGS = ("labels", "tags", "classes", "categories")
_PART = ("split", "set", "part", "subset", "partition", "dataset")
_BOXES = (
    ("xmin", "ymin", "xmax", "ymax"),
    ("x1", "y1", "x2", "y2"),
    ("left", "top", "right", "bottom"),
)
_SIZED = (("x1", "y1", "w", "h"), ("x", "y", "w", "h"), ("x", "y", "width", "height"))
_ONE_CELL = ("bbox", "box", "bboxes", "boxes", "boundingbox")
_NUMBERS = ("", "index", "unnamed0")  # that pandas puts before the rows
YES, NO = ("1", "1.0", "true", "yes"), ("0", "0.0", "false", "no")
_EXAMPLE = "filename,label or filename,xmin,ymin,xmax,ymax,label"
_LOOKED_AT = 50


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where in a row what is.

    Args:
        picture: The picture.
        label: Its class, or that of the object of the row.
        tags: Its classes, in one cell.
        part: Which part of the data it is of.
        box: Four numbers, of an object.
        is_sized: Whether the last two are width and height.
        flags: A class for each of these, with yes or no.
        doubts: What was assumed.
    """

    picture: int
    label: int | None = None
    tags: int | None = None
    part: int | None = None
    box: tuple[int, ...] = ()
    is_sized: bool = False
    flags: dict[int, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


def columns_of(rows: Sequence[Sequence[str]], is_picture: Callable[[str], bool]) -> Columns:
    """The columns of a table.

    Args:
        rows: Its cells, the heading first.
        is_picture: Whether a cell names a picture of the data.

    Raises:
        DataError: What is missing, without the name of the file.
    """
    if len(rows) < 2:
        raise DataError("expected a heading and a row for each picture")
    heading = [folded(cell) for cell in rows[0]]
    if "regionshapeattributes" in heading:
        raise DataError("the table of the VGG Image Annotator is not read: export COCO from it")
    if any(cell.lower().endswith(PICTURE_SUFFIXES) for cell in rows[0]):
        raise DataError(
            f"its first row is no heading but names a picture: {listed(rows[0])}; write a heading "
            f"above, such as {_EXAMPLE}"
        )
    in_one = [name for name in heading if name in _ONE_CELL]
    if in_one:
        raise DataError(
            f"a column {in_one[0]!r} with a box in one cell: corners, or a corner and a size? "
            "Write four columns: xmin, ymin, xmax, ymax"
        )
    doubts: list[str] = []
    picture = _picture(rows, heading, is_picture, doubts)
    box, is_sized = _box(heading)
    label, tags, part = (_place(heading, words) for words in (_LABEL, _TAGS, _PART))
    taken = {picture, part, *box}
    if label is None and tags is None:
        left = [i for i, name in enumerate(heading) if i not in taken and name not in _NUMBERS]
        flags = {i: rows[0][i] for i in left if _are_flags(rows, i)}
        if len(flags) > 1 and not box:
            return Columns(picture=picture, part=part, flags=flags, doubts=tuple(doubts))
        if len(left) != 1:
            raise DataError(
                f"no column of its heading {listed(rows[0])} is called label or class; expected a "
                f"heading such as {_EXAMPLE}"
            )
        label = left[0]
        doubts.append(f"the column {rows[0][label]!r} is taken for that of the class")
    return Columns(
        picture=picture,
        label=label,
        tags=tags,
        part=part,
        box=box,
        is_sized=is_sized,
        doubts=tuple(doubts),
    )


def _place(heading: Sequence[str], words: Sequence[str]) -> int | None:
    return next((heading.index(word) for word in words if word in heading), None)


def _picture(
    rows: Sequence[Sequence[str]],
    heading: Sequence[str],
    is_picture: Callable[[str], bool],
    doubts: list[str],
) -> int:
    """The column called as pictures are, or the only one whose cells name pictures."""
    called = [heading.index(word) for word in _PICTURE if word in heading]
    if len(called) == 1:
        return called[0]

    def share(place: int) -> float:
        cells = [row[place] for row in rows[1 : _LOOKED_AT + 1] if len(row) > place]
        return sum(map(is_picture, cells)) / max(1, len(cells))

    fitting = [place for place in called or range(len(heading)) if share(place) > 0.5]
    if called:
        return (fitting or called)[0]
    if len(fitting) != 1:
        raise DataError(
            f"no column of its heading {listed(rows[0])} is called filename or image, and "
            f"{'several name' if fitting else 'none names'} pictures of the folder; expected a "
            f"heading such as {_EXAMPLE}"
        )
    doubts.append(f"the column {rows[0][fitting[0]]!r} is taken for that of the pictures")
    return fitting[0]


def _box(heading: Sequence[str]) -> tuple[tuple[int, ...], bool]:
    for names in (*_BOXES, *_SIZED):
        if all(name in heading for name in names):
            return tuple(heading.index(name) for name in names), names in _SIZED
    return (), False


def _are_flags(rows: Sequence[Sequence[str]], place: int) -> bool:
    return all(len(row) > place and row[place].lower() in (*YES, *NO) for row in rows[1:])
