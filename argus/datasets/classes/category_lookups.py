"""Where mmdet's own data sets look categories up: by the names of their classes, in that order.

mmdet's ``COCO.get_cat_ids`` gives the ids of named categories in the order of the file, and every
data set that reads COCO's format takes the place of an id in that list for its label. While data
sets are built it gives them in the order of the names; so the labels are right from the start, and
no file is read twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmdet.datasets.api_wrappers import COCO

from argus.names.categories import category_ids


@contextmanager
def lookups_by_name() -> Iterator[set[str]]:
    """Let mmdet's index of an annotation file find categories by name, in the order of the names.

    Yields:
        The files in which categories were looked up so.

    Raises:
        DataError: While it lasts, of a name that has no category, or several.
    """
    files: set[str] = set()
    read, look_up = COCO.__init__, COCO.get_cat_ids

    def remember(self: Any, annotation_file: Any = None) -> None:
        self.annotation_file = annotation_file
        read(self, annotation_file)

    def by_name(self: Any, cat_names: Any = (), sup_names: Any = (), cat_ids: Any = ()) -> Any:
        path = getattr(self, "annotation_file", None)
        named = isinstance(cat_names, (list, tuple)) and len(cat_names) > 0
        if path is None or not named or len(sup_names) or len(cat_ids):
            return look_up(self, cat_names, sup_names, cat_ids)
        files.add(str(path))
        return category_ids(self.dataset, cat_names, path)

    COCO.__init__, COCO.get_cat_ids = remember, by_name
    try:
        yield files
    finally:
        COCO.__init__, COCO.get_cat_ids = read, look_up
