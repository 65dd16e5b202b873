"""Which category of an annotation file in COCO's format is meant by the name of a class.

mmdet and pycocotools look categories up in the order of the file, and take every one of a name. So
two files that list the same categories in another order number them otherwise, and a category too
many shifts all labels after it: tools that export a tree of categories (Roboflow) write its root as
a category as well, whose name may be that of a class. Here the name alone decides.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from argus.errors import DataError
from argus.names.wording import counted, listed

PERSON = "person"


def category_ids(content: Mapping[str, Any], classes: Sequence[str], path: Any) -> list[Any]:
    """Id of the category of each class, in the order of the classes.

    Of several categories of one name that which has annotations is meant; where none has any, the
    last one, for a root comes first.

    Args:
        content: The parsed annotation file; its entries have been looked at.
        classes: Names by label.
        path: The file, for messages.

    Raises:
        DataError: A class has no category, or several that have annotations; or a class is named
            twice.
    """
    repeated = [name for name, number in Counter(classes).items() if number > 1]
    if repeated:
        raise DataError(f"{path}: the data set names the classes {listed(repeated)} twice.")
    by_name: dict[str, list[Any]] = {}
    for category in content["categories"]:
        by_name.setdefault(category["name"], []).append(category["id"])
    missing = [name for name in classes if name not in by_name]
    if missing:
        raise DataError(
            f"{path}: it has no category {listed(missing)}, of the "
            f"{counted(len(classes), 'class', 'classes')} of the data set. Its categories: "
            f"{listed(by_name)}. Name in metainfo=dict(classes=...) of train, val and test the "
            "categories that their files have, and give decoder and CheckLabel their number "
            "(num_classes, num_things_classes); or add what is missing to 'categories' of the "
            "file: a category needs no annotation."
        )
    if all(len(by_name[name]) == 1 for name in classes):
        return [by_name[name][0] for name in classes]
    counts = _count(content)
    return [_used(name, by_name[name], counts, path) for name in classes]


def person_id(content: Mapping[str, Any], path: Any) -> Any:
    """Id of the category whose instances have poses: a person, or the only one there is.

    Raises:
        DataError: There are several, and none is called person.
    """
    categories = content["categories"]
    if len(categories) == 1:
        return categories[0]["id"]
    return category_ids(content, [PERSON], path)[0]


def _count(content: Mapping[str, Any]) -> Counter[Any]:
    """Annotations, or segments, of each category."""
    counts: Counter[Any] = Counter()
    for annotation in content.get("annotations", ()):
        for item in annotation.get("segments_info", (annotation,)):
            counts[item.get("category_id")] += 1
    return counts


def _used(name: str, ids: Sequence[Any], counts: Mapping[Any, int], path: Any) -> Any:
    used = [identity for identity in ids if counts[identity]]
    if len(used) > 1:
        found = ", ".join(f"id {identity} has {counts[identity]}" for identity in used)
        raise DataError(
            f"{path}: {len(used)} of its categories are called {name!r} and have annotations "
            f"({found}). Give one of them another name, or all of them one id."
        )
    return used[0] if used else ids[-1]
