"""ImageNet-1k (ILSVRC2012): training pictures by class, validation pictures sorted into classes.

The official validation archive is flat; the development kit says which class each picture has, as
one of its own class numbers, and which WordNet id (folder name) each number means. Kaggle's copy
has a table in its place.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from argus.datasets.convert.archives import Member, extract, members
from argus.datasets.convert.conversion import Converter, Names, Options
from argus.datasets.convert.published import PUBLISHED
from argus.datasets.convert.whole_files import list_names
from argus.errors import DataError
from argus.files.mat_files import read_variables
from argus.names.wording import counted

_SPLITS = ("train", "val")
_VAL = re.compile(r"ILSVRC2012_val_(\d{8})\.JPEG")
_WNID = re.compile(r"n\d{8}")
_PICTURES = re.compile(r"img_(train|val|test)", re.IGNORECASE)
_TABLE = "LOC_val_solution.csv"
_ROW = re.compile(r"ILSVRC2012_val_(\d{8}),(n\d{8})\b")
_DEVKIT = "ILSVRC2012_devkit_t12.tar.gz"
_GROUND_TRUTH = "ILSVRC2012_validation_ground_truth.txt"
_META = "meta.mat"
_HELP = """\
  ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar, ILSVRC2012_devkit_t12.tar.gz
    from https://image-net.org/download-images (registration needed)
  or imagenet-object-localization-challenge.zip, the same pictures
    from https://www.kaggle.com/c/imagenet-object-localization-challenge (registration needed)
Licence: non-commercial research (terms of access of ImageNet)."""


def read_validation_classes(source: Path) -> dict[int, str] | None:
    """WordNet id of each validation picture by its number; ``None`` where nothing says them.

    Raises:
        DataError: The development kit or Kaggle's table is damaged or another one.
    """
    content = {}
    # The kit is small; the archives of pictures need not be read for it.
    for member in members(source, skip=_PICTURES):
        if member.parts[-1] == _TABLE:
            return _classes_of_table(member.text())
        if member.parts[-1] in (_GROUND_TRUTH, _META):
            content[member.parts[-1]] = member.read()
        if len(content) == 2:
            return dict(enumerate(_classes(content[_META], content[_GROUND_TRUTH]), start=1))
    return None


def _classes_of_table(text: str) -> dict[int, str]:
    """Of lines ``ILSVRC2012_val_00048981,n03995372 85 1 499 272``: the class of the first box."""
    classes = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if number > 1 and line.strip():
            match = _ROW.match(line)
            if match is None:
                raise DataError(
                    f"{_TABLE}, line {number}: expected a picture, a WordNet id and boxes "
                    f"('ILSVRC2012_val_00048981,n03995372 85 1 499 272'), found {line[:80]!r}."
                )
            classes[int(match[1])] = match[2]
    return classes


def _classes(meta: bytes, ground_truth: bytes) -> list[str]:
    try:
        synsets = read_variables(meta, squeeze=True)["synsets"]
        wnids = dict(zip(synsets["ILSVRC2012_ID"].tolist(), synsets["WNID"].tolist(), strict=True))
        classes = [wnids[int(line)] for line in ground_truth.split()]
    except Exception as error:  # noqa: BLE001 - scipy raises many kinds for a foreign file
        raise DataError(
            f"{_META} and {_GROUND_TRUTH} do not fit each other ({type(error).__name__}: {error}); "
            f"take both from {_DEVKIT}."
        ) from error
    for line, name in enumerate(classes, start=1):
        if not isinstance(name, str) or not _WNID.fullmatch(name):
            raise DataError(
                f"{_GROUND_TRUTH}, line {line}: its class is {name!r:.80} in {_META}; expected a "
                f"WordNet id such as n01440764. Take both from {_DEVKIT}."
            )
    return classes


def _place(member: Member, classes: dict[int, str] | None) -> str | None:
    name = member.parts[-1]
    folder = member.parts[-2] if len(member.parts) > 1 else ""
    match = _VAL.fullmatch(name)
    if _WNID.fullmatch(folder) and name.endswith(".JPEG"):  # sorted into classes already
        split = "val" if match or "val" in member.parts[:-1] else "train"
        return f"{split}/{folder}/{name}"
    if match is None:
        return None
    number = int(match[1])
    if classes is None:
        raise DataError(
            f"{member.origin}: {name} is in no folder of a class. Put {_DEVKIT}, which says what "
            "its class is, into the same folder, and give that folder as SOURCE."
        )
    if number not in classes:
        raise DataError(f"{name}: the development kit has {counted(len(classes), 'picture')} only.")
    return f"val/{classes[number]}/{name}"


def _convert(source: Path, out: Path, options: Options) -> None:
    classes = read_validation_classes(source)
    extract(source, out, lambda member: _place(member, classes), title="ImageNet")


def _count(out: Path) -> dict[str, int]:
    counts = {}
    for split in _SPLITS:
        images = [len(list_names(folder, ".jpeg")) for folder in _class_folders(out / split)]
        counts[f"{split} images"] = sum(images)
        counts[f"{split} classes"] = sum(number > 0 for number in images)
    return counts


def _class_folders(folder: Path) -> list[Path]:
    return sorted(folder.glob("n" + "[0-9]" * 8))


def _names(out: Path) -> Iterator[Names]:
    """The validation pictures are numbered from 1 without gaps."""
    number = PUBLISHED["imagenet"]["val images"].number
    wanted = [f"ILSVRC2012_val_{index:08d}.JPEG" for index in range(1, number + 1)]
    folders = _class_folders(out / "val")
    yield Names("val images", wanted, [n for f in folders for n in list_names(f, ".jpeg")])
    train = [folder.name for folder in _class_folders(out / "train") if list_names(folder, ".jpeg")]
    if folders and train:
        yield Names("train classes", [folder.name for folder in folders], train, "folder")


IMAGENET = Converter(
    name="imagenet",
    title="ImageNet-1k (ILSVRC2012)",
    default_out="data/imagenet",
    help=_HELP,
    convert=_convert,
    count=_count,
    names=_names,
)
