"""Labels of data sets of other libraries, in the order of the classes that their config names.

mmpretrain numbers folders in alphabetical order ("10" before "2"), whatever ``classes`` says. An
annotation file in OpenMMLab's format counts by the classes that it lists itself, and those of the
config replace them. Categories of COCO's format are looked up by name
(``argus.datasets.classes.category_lookups``); a data set that finds them in a way of its own is
compared.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset
from mmpretrain.datasets.categories import IMAGENET_CATEGORIES

from argus.datasets.checks.coco_entries import is_coco, read_annotations
from argus.datasets.checks.paths import flatten
from argus.datasets.coco import CocoInstances
from argus.datasets.stored_entries import store_entries
from argus.errors import DataError
from argus.files.foreign import is_clutter
from argus.names.wording import counted, folded, listed
from argus.registry import DATASETS

_FOLDERS = "mmpretrain.datasets.custom"
_TABLE = "folders"  # key of metainfo
# SHA-256 of the 1,000 WordNet ids of ILSVRC 2012, sorted, a line each.
_IMAGENET_IDS = "385e0240499426c022b773be1ae4da780f057b89c9694c7f47199f62746b6edd"


def check_folders(config: Mapping[str, Any]) -> None:
    """Compare the folders of the data sets in a config with the classes that it names.

    Args:
        config: Config of a data set; its types are found in the present scope.

    Raises:
        DataError: Some of the names agree and others do not, or the number of folders is another.
    """
    for single in flatten(config):
        kind = single.get("type")
        kind = DATASETS.get(kind) if isinstance(kind, str) else kind
        if not _numbers_folders(kind):
            continue
        dataset = DATASETS.build({**single, "lazy_init": True, "pipeline": []})
        classes, folder = dataset.CLASSES, Path(dataset.img_prefix)
        if dataset.ann_file or not dataset.with_label or not classes or not folder.is_dir():
            continue
        folders = sorted(
            path.name for path in folder.iterdir() if path.is_dir() and not is_clutter(path.name)
        )
        _order_of_folders(folders, classes, folder, dataset.metainfo.get(_TABLE))


def number_by_name(
    dataset: Any, *, looked_up: Collection[str], tell: Callable[[str], None] = lambda text: None
) -> None:
    """Number the samples of a built data set, no wrapper, as its class list does.

    Args:
        dataset: The data set.
        looked_up: Annotation files whose categories were looked up by name.
        tell: Takes what is by order alone, since no names agree.

    Raises:
        DataError: Names of the files and of the config agree in part; or the data set numbers the
            categories of its file in another order.
    """
    _check_keypoints(dataset)
    classes = dataset.metainfo.get("classes") if isinstance(dataset, BaseDataset) else None
    is_remote = "://" in str(getattr(dataset, "ann_file", None))
    if not isinstance(classes, (list, tuple)) or not classes or is_remote:
        return
    if _numbers_folders(type(dataset)) and hasattr(dataset, "folder_to_idx"):
        folders, table = list(dataset.folder_to_idx), dataset.metainfo.get(_TABLE)
        order = _order_of_folders(folders, classes, dataset.img_prefix, table)
        if table is None and _is_by_order_alone(folders, classes):
            tell(
                f"{dataset.img_prefix}: none of its folders has the name of a class, so the first "
                f"folder is the first class: {folders[0]} is {classes[0]!r}, ..., {folders[-1]} is "
                f"{classes[-1]!r}. If that is wrong, name the folder of each class, in the order "
                "of the classes: metainfo=dict(classes=..., folders=(...))"
            )
    else:
        if str(dataset.ann_file) not in looked_up:
            _check_categories(dataset, classes)
        order = _order_of_file(dataset, classes)
    if order is not None:
        renumber(dataset, order)


def _check_keypoints(dataset: Any) -> None:
    """Refuse keypoints in another order, which mmpose's own data sets read by their place."""
    meta = getattr(dataset, "metainfo", None) or {}
    names, categories = meta.get("keypoint_id2name"), meta.get("CLASSES")
    if not names or not isinstance(categories, (list, tuple)):
        return
    expected = [folded(names[index]) for index in range(len(names))]
    for category in categories:
        stated = category.get("keypoints") if isinstance(category, Mapping) else None
        found = [folded(name) for name in stated or ()]
        if found != expected and sorted(found) == sorted(expected):
            raise DataError(
                f"{dataset.ann_file}: its category {category.get('name')!r} has the keypoints in "
                f"the order {listed(stated or ())}, the data set {listed(names.values())}, and "
                f"{type(dataset).__name__} reads them by their place. Take CocoKeypoints of "
                "argus.datasets.coco, which goes by the names."
            )


def _numbers_folders(kind: Any) -> bool:
    return any(base.__module__ == _FOLDERS for base in getattr(kind, "__mro__", ()))


def _is_by_order_alone(folders: Sequence[str], classes: Sequence[str]) -> bool:
    """Whether names of folders say nothing, and are not known to be in the order of the classes.

    Numbers are; and ImageNet's ids in that of its names in mmpretrain.
    """
    if {folded(name) for name in folders} & {folded(name) for name in classes}:
        return False
    if all(name.isdecimal() for name in folders):
        return False
    ids = hashlib.sha256("\n".join(sorted(folders)).encode()).hexdigest()
    return ids != _IMAGENET_IDS or tuple(classes) != tuple(IMAGENET_CATEGORIES)


def _order_of_folders(
    folders: Sequence[str], classes: Sequence[str], path: Any, table: Any = None
) -> list[int] | None:
    """Label of each folder; ``None`` if they are in the order of the classes, or named otherwise.

    A table has the folder of each class.

    Names without any match are descriptions (ImageNet's of its WordNet ids); these go by the order
    of the folders.
    """
    if table is not None:
        if len(table) != len(classes) or sorted(table) != sorted(folders):
            raise DataError(
                f"{path}: metainfo.folders names the folders {listed(table)} of the "
                f"{counted(len(classes), 'class', 'classes')}, and there are {listed(folders)}. "
                "Name the folder of each class, in the order of the classes."
            )
        return [list(table).index(name) for name in folders]
    if list(folders) == list(classes):
        return None
    if sorted(folders) == sorted(classes):
        return [list(classes).index(name) for name in folders]
    names, wanted = [folded(name) for name in folders], [folded(name) for name in classes]
    common = set(names) & set(wanted)
    if len(common) == len(names) == len(wanted):
        return [wanted.index(name) for name in names]
    if common or len(names) != len(wanted):
        without = [name for name, key in zip(classes, wanted, strict=True) if key not in common]
        unnamed = [name for name, key in zip(folders, names, strict=True) if key not in common]
        raise DataError(
            f"{path}: its {counted(len(folders), 'folder is not the', 'folders are not the')} "
            f"{counted(len(classes), 'class', 'classes')} of the data set. Folders that are no "
            f"class: {listed(unnamed) or 'none'}; classes without a folder: "
            f"{listed(without) or 'none'}. Give both the same names, in any order; a class without "
            "images needs an empty folder."
        )
    if all(name.isdecimal() for name in folders) and sorted(folders, key=int) != list(folders):
        raise DataError(
            f"{path}: its folders are numbers ({listed(folders)}), which have another order than "
            f"as words, so which one is which of the classes {listed(classes)} is open. Call them "
            "by the names of the classes, or give all of them as many digits (02 for 2)."
        )
    return None


def _check_categories(dataset: Any, classes: Sequence[str]) -> None:
    """Refuse labels that a data set gives to the categories of its file in an order of its own."""
    labels: Any = getattr(dataset, "cat2label", None)
    path = str(dataset.ann_file)
    numbers_ids = isinstance(labels, Mapping) and hasattr(dataset, "cat_ids")
    if not numbers_ids or isinstance(dataset, CocoInstances) or not path.endswith(".json"):
        return
    content = read_annotations(path)
    if not is_coco(content, "categories"):
        return
    wanted = {name: label for label, name in enumerate(classes)}
    for category in content["categories"]:
        name, label = category["name"], labels.get(category["id"])
        if name in wanted and label is not None and label != wanted[name]:
            raise DataError(
                f"{path}: {type(dataset).__name__} gives its category {name!r} the label {label}, "
                f"and the classes of the data set have {name!r} as number {wanted[name]} (from 0): "
                "it goes by the order of the file. Name in metainfo=dict(classes=...) all "
                "categories in the order of the file, or take CocoInstances of "
                "argus.datasets.coco, which goes by the names."
            )


def _order_of_file(dataset: Any, classes: Sequence[str]) -> list[int] | None:
    """Label of each class that an annotation file in OpenMMLab's format lists."""
    path = getattr(dataset, "ann_file", None)
    reads_it = type(dataset).load_data_list is BaseDataset.load_data_list
    if not reads_it or not isinstance(path, str) or not path.endswith(".json"):
        return None
    content = read_annotations(path)
    meta = content.get("metainfo") if isinstance(content, Mapping) else None
    names = meta.get("classes") if isinstance(meta, Mapping) else None
    if not isinstance(names, (list, tuple)) or list(names) == list(classes):
        return None
    if set(names) != set(classes) or len(set(names)) < len(names):
        raise DataError(
            f"{path}: its metainfo lists the classes {listed(names)}, the data set "
            f"{listed(classes)}. Name the same in metainfo=dict(classes=...), in any order, or "
            "remove it there to take those of the file."
        )
    return [list(classes).index(name) for name in names]


def renumber(dataset: Any, order: Sequence[int]) -> None:
    """Give the labels in the entries of a data set, no wrapper, other numbers.

    Args:
        dataset: Of mmengine's ``BaseDataset``.
        order: New label of each label.
    """
    entries = [dataset.get_data_info(index) for index in range(len(dataset))]
    for entry in entries:
        label = entry.get("gt_label")
        if isinstance(label, (list, tuple)):
            entry["gt_label"] = [order[item] for item in label]
        elif label is not None:
            entry["gt_label"] = order[int(label)]
        for key, name in (("instances", "bbox_label"), ("segments_info", "category")):
            for item in entry.get(key) or ():
                if name in item:
                    item[name] = order[item[name]]
    store_entries(dataset, entries)
    if hasattr(dataset, "folder_to_idx"):
        dataset.folder_to_idx = {n: order[i] for n, i in dataset.folder_to_idx.items()}
