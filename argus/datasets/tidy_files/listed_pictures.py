"""Pictures that a list names without suffix, where a file has another suffix of the same format.

mmseg and mmdet put ``.jpg`` behind each line; of a folder without list ``.JPG`` and ``.jpeg`` are
taken, too (:mod:`argus.datasets.tidy_files.listing`).
"""

import os
from typing import Any

from mmengine.dataset import BaseDataset

from argus.datasets.stored_entries import store_entries
from argus.datasets.tidy_files.listing import same_format

# What the data sets have that make a name of a line: mmseg's and mmdet's semantic ones, XML ones.
_MAKE_NAMES = ("img_suffix", "img_subdir", "image_set_path")


def find_listed(dataset: Any) -> None:
    """Name the pictures of a built data set, no wrapper, as the files are named.

    A picture whose file is there, or for which none or several stand, stays as it is.

    Args:
        dataset: Its entries are replaced, if any changes.
    """
    makes_names = any(getattr(dataset, name, None) for name in _MAKE_NAMES)
    path = getattr(dataset, "image_set_path", None) or getattr(dataset, "ann_file", None)
    if not isinstance(dataset, BaseDataset) or not makes_names or not os.path.isfile(path or ""):
        return
    entries = [dataset.get_data_info(index) for index in range(len(dataset))]
    folders: dict[str, set[str]] = {}
    changed = False
    for entry in entries:
        folder, name = os.path.split(entry["img_path"])
        if folder not in folders:
            folders[folder] = set(os.listdir(folder)) if os.path.isdir(folder) else set()
        if name not in folders[folder]:
            stem, suffix = os.path.splitext(name)
            alike = [stem + end for end in _ends(suffix) if stem + end in folders[folder]]
            if len(alike) == 1:
                entry["img_path"] = os.path.join(folder, alike[0])
                changed = True
    if changed:
        store_entries(dataset, entries)


def _ends(suffix: str) -> set[str]:
    group = same_format(suffix.lower())
    return {form for end in group for form in (end, end.upper(), "." + end[1:].capitalize())}
