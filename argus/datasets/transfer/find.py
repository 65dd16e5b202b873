"""Which kind of set a folder holds."""

from pathlib import Path

from argus.datasets.transfer import voc2007
from argus.datasets.transfer.folders import read_folders
from argus.datasets.transfer.published_sets import PUBLISHED, Parts, Published
from argus.datasets.transfer.record import ImageSet, checked, part_of
from argus.errors import DataError
from argus.names.wording import counted, listed

# SUN397 comes with its lists in an archive of their own, which may be unpacked into a folder.
_BESIDES = ("", "Partitions")


def read_image_set(folder: str | Path, *, seed: int = 0) -> ImageSet:
    """Read a set of pictures with train and test.

    A published set of Kornblith et al. is known by its lists, in the folder or in the only folder
    in it; anything else is class folders.

    Args:
        folder: Of the set.
        seed: Of the draw of pictures that train, where a set has no parts.

    Raises:
        DataError: There is no folder, its lists are damaged, files are missing, or it has no
            pictures that train or test.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; expected one with pictures.")
    inner = [path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")]
    for place in (root, *(inner if len(inner) == 1 else ())):
        if (place / voc2007.MARKER).is_file():
            return _whole(voc2007.read_voc2007(place))
        for published in PUBLISHED.values():
            if any((place / beside / published.marker).is_file() for beside in _BESIDES):
                return _whole(_read(place, published))
    return read_folders(root, seed=seed)


def _read(folder: Path, published: Published) -> ImageSet:
    parts: Parts = published.read(folder)
    source = folder / published.marker
    for entries in parts.values():
        for name, _ in entries:
            checked(name, source=source)
    classes = sorted({label for _, label in parts["train"]})
    unknown = {label for part in parts.values() for _, label in part} - set(classes)
    if unknown or not parts["test"]:
        raise DataError(
            f"{folder}: the lists of {published.title} have "
            + (f"classes that do not train: {listed(sorted(unknown))}." if unknown else "no test.")
        )
    val = parts.get("val")
    sizes = (len(classes), len(parts["train"]) + len(val or ()), len(parts["test"]))
    notes: tuple[str, ...] = ()
    if sizes != published.sizes:
        found, expected = (
            f"{counted(numbers[0], 'class', 'classes')}, {numbers[1]:,} and "
            f"{counted(numbers[2], 'picture')}"
            for numbers in (sizes, published.sizes)
        )
        notes = (f"not the whole {published.title}: found {found}, published are {expected}",)
    return ImageSet(
        name=published.title,
        root=folder,
        classes=tuple(classes),
        train=part_of(parts["train"], classes),
        val=part_of(val, classes) if val else None,
        test=part_of(parts["test"], classes),
        metric=published.metric,
        notes=notes,
    )


def _whole(images: ImageSet) -> ImageSet:
    """The set, if all its files are there."""
    parts = [part for part in (images.train, images.val, images.test) if part is not None]
    missing = [name for part in parts for name in part.names if not images.path(name).is_file()]
    if missing:
        raise DataError(
            f"{images.root}: {counted(len(missing), 'picture')} of the lists of {images.name} "
            f"{'is' if len(missing) == 1 else 'are'} missing, the first {missing[0]}."
        )
    return images
