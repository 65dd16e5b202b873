"""Files of a data set's folders that it does not use, or would need: counted and named.

Pictures of another suffix, pictures without a label map, label maps without a picture: a set that
is smaller than its folders looks like any other.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset

from argus.datasets.stored_entries import parts_of, store_entries
from argus.datasets.tidy_files.listing import Listing
from argus.files.foreign import is_clutter
from argus.files.pictures import PICTURE_SUFFIXES
from argus.names.wording import counted

_LABEL = "seg_map_path"


def stray_notes(dataset: Any, listing: Listing) -> Iterator[str]:
    """What a person should know of the files of a built data set, in sentences.

    A label map whose suffix is that of the data set but for capitals is taken, and so is that of a
    picture whose suffix was taken for another.

    Args:
        dataset: A data set, or a wrapper of some.
        listing: Of the folders that were listed while it was built.
    """
    used: set[str] = set()
    wanted: list[str] = []
    for part in parts_of(dataset):
        if hasattr(part, "extensions") and not getattr(part, "ann_file", ""):
            wanted += part.extensions
        if isinstance(part, BaseDataset) and _LABEL in part.data_prefix:
            entries = [part.get_data_info(index) for index in range(len(part))]
            used.update(_norm(entry[_LABEL]) for entry in entries if entry.get(_LABEL))
            yield from _pairs(part, entries)
    left_out = [path for path in listing.other_suffixes if _norm(path) not in used]
    if wanted:
        left_out += [
            path
            for path in listing.files
            if _suffix(path) in PICTURE_SUFFIXES and _suffix(path) not in wanted
        ]
    if left_out:
        yield other_suffixes(left_out)


def other_suffixes(paths: Sequence[str]) -> str:
    """A sentence on pictures that were left out because of their suffix."""
    found = Counter(os.path.splitext(path)[1] for path in paths)
    kinds = ", ".join(f"{number:,} {suffix}" for suffix, number in found.most_common())
    return (
        f"{counted(len(paths), 'picture is', 'pictures are')} left out because of their suffix "
        f"({kinds}), e.g. {min(paths)}: the data set takes another (img_suffix of mmseg, "
        "extensions of mmpretrain). Rename or convert them, or move them away"
    )


def _pairs(part: Any, entries: Sequence[dict[str, Any]]) -> Iterator[str]:
    folder = part.data_prefix[_LABEL]
    wanted = [entry for entry in entries if entry.get(_LABEL)]
    if not wanted or not isinstance(folder, str) or "://" in folder or not Path(folder).is_dir():
        return
    end = getattr(part, "seg_map_suffix", os.path.splitext(wanted[0][_LABEL])[1]).lower()
    there = {_norm(path) for path in _files(folder) if path.lower().endswith(end)}
    missing = [entry for entry in wanted if _norm(entry[_LABEL]) not in there]
    if missing:
        _take_alike(part, entries, missing, there)
        missing = [entry for entry in missing if _norm(entry[_LABEL]) not in there]
    if missing:
        yield (
            f"{len(missing):,} of {counted(len(entries), 'picture')} have no label map, e.g. "
            f"{missing[0]['img_path']}: there is no {missing[0][_LABEL]}"
        )
    # The lines of a list, or the first so many, leave out others on purpose.
    is_whole = not os.path.isfile(getattr(part, "ann_file", "") or "")
    if is_whole and getattr(part, "_indices", None) is None:
        lonely = there - {_norm(entry[_LABEL]) for entry in wanted}
        lonely -= {_norm(entry["img_path"]) for entry in entries}
        if lonely:
            yield (
                f"{counted(len(lonely), 'label map has no', 'label maps have no')} picture, e.g. "
                f"{min(lonely)}"
            )


def _take_alike(
    part: Any, entries: Sequence[dict[str, Any]], missing: Iterable[dict[str, Any]], there: set[str]
) -> None:
    """Give the entries label maps whose suffix is the one asked for but for capitals.

    Of a picture with another suffix than the data set's, mmseg has cut off the wrong number of
    letters.
    """
    by_name: dict[str, list[str]] = {}
    for path in there:
        by_name.setdefault(_folded(path), []).append(path)
    changed = False
    for entry in missing:
        path = _norm(entry[_LABEL])
        image_folder = part.data_prefix.get("img_path")
        if image_folder and not entry["img_path"].endswith(getattr(part, "img_suffix", "")):
            name = os.path.splitext(os.path.relpath(entry["img_path"], image_folder))[0]
            path = _norm(os.path.join(part.data_prefix[_LABEL], name + part.seg_map_suffix))
        found = by_name.get(_folded(path), [])
        if len(found) == 1:
            entry[_LABEL] = found[0]
            changed = True
    if changed:
        store_entries(part, entries)


def _files(folder: str) -> Iterator[str]:
    for root, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not is_clutter(name)]
        yield from (os.path.join(root, name) for name in names if not is_clutter(name))


def _folded(path: str) -> str:
    stem, suffix = os.path.splitext(path)
    return stem + suffix.lower()


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _norm(path: str) -> str:
    return os.path.abspath(path)
