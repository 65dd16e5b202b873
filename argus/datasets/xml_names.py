"""Names of objects in Pascal VOC's XML files that are no class of the data set.

mmdet's ``XMLDataset`` passes over an object whose name is not, to the letter, one of the classes.
"""

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from argus.names.wording import folded, listed


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
