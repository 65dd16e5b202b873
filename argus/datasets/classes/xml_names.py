"""Names of objects in Pascal VOC's XML files that are no class of the data set.

mmdet's ``XMLDataset`` passes over an object whose name is not, to the letter, one of the classes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from mmdet.datasets import XMLDataset

from argus.datasets.checks.paths import flatten
from argus.names.wording import folded, listed
from argus.registry import DATASETS

MOST_FILES = 1_000  # that are read again to name a cause


def unmatched_names(paths: Iterable[str], classes: Sequence[str], missing: Sequence[str]) -> str:
    """Why classes may have no object: names that are written in another way, or all others.

    Args:
        paths: The XML files.
        classes: Those of the data set.
        missing: Those among them without an object.

    Returns:
        A sentence without a stop; empty if no name explains it.
    """
    others: set[str] = set()
    for path in paths:
        try:
            objects = ElementTree.parse(path).getroot().findall("object")
        except (OSError, ElementTree.ParseError):  # the data set has read it
            continue
        others.update((item.findtext("name") or "") for item in objects)
    others -= set(classes)
    wanted = {folded(name) for name in missing}
    alike = [name for name in others if folded(name) in wanted]
    if not alike and len(missing) < len(classes):
        return ""  # the others are left out on purpose
    names = sorted(alike or others)
    if not names:
        return ""
    return (
        f"The XML files have objects named {listed(map(repr, names))}, which are no classes: a "
        "name has to be written as in metainfo=dict(classes=...)"
    )


def names_behind_nothing(config: Mapping[str, Any]) -> str:
    """The same for a config of data sets whose filter has dropped every picture."""
    for single in flatten(config):
        kind = single.get("type")
        kind = DATASETS.get(kind) if isinstance(kind, str) else kind
        if not (isinstance(kind, type) and issubclass(kind, XMLDataset)):
            continue
        # In test mode nothing is dropped.
        changes = dict(test_mode=True, serialize_data=False, pipeline=[])
        dataset = DATASETS.build({**single, **changes})
        classes = dataset.metainfo["classes"]
        number = min(len(dataset), MOST_FILES)
        paths = (dataset.get_data_info(index)["xml_path"] for index in range(number))
        cause = unmatched_names(paths, classes, classes)
        if cause:
            return cause
    return ""
