"""The 150 classes of ADE20K's SceneParse150, and which of them are the 100 of its instances.

``ade20k_classes.txt`` holds the published facts: the mapping of instance labels comes with the
Places Challenge 2017 (``categoryMapping.txt``), names and colours are those of mmdet's data sets,
so that these read the files converted here.
"""

from dataclasses import dataclass
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class ADE20KClass:
    """A class.

    Args:
        label: In the semantic label pictures, 1..150.
        instance_label: In the instance label pictures, 1..100; ``None`` for stuff.
        colour: RGB.
        name: Of the panoptic class.
        instance_name: Of the instance class.
    """

    label: int
    instance_label: int | None
    colour: tuple[int, int, int]
    name: str
    instance_name: str


def _read() -> tuple[ADE20KClass, ...]:
    text = resources.files(__package__).joinpath("ade20k_classes.txt").read_text("ascii")
    classes = []
    for line in text.splitlines()[1:]:
        label, instance_label, colour, name, instance_name = line.split("\t")
        red, green, blue = bytes.fromhex(colour)
        classes.append(
            ADE20KClass(
                label=int(label),
                instance_label=None if instance_label == "-" else int(instance_label),
                colour=(red, green, blue),
                name=name,
                instance_name=instance_name,
            )
        )
    return tuple(classes)


CLASSES = _read()
"""In the order of their labels."""
THINGS = tuple(item for item in CLASSES if item.instance_label is not None)
"""In the order of their instance labels, which is that of their labels."""
STUFF = tuple(item for item in CLASSES if item.instance_label is None)


def instance_categories() -> list[dict[str, Any]]:
    """COCO categories of the 100 things: id = instance label - 1."""
    return [dict(id=index, name=item.instance_name) for index, item in enumerate(THINGS)]


def panoptic_categories() -> list[dict[str, Any]]:
    """COCO panoptic categories: id = label - 1.

    Things come first, as data sets count that number classes by their place in the list.
    """
    return [
        dict(
            id=item.label - 1,
            name=item.name,
            isthing=int(item.instance_label is not None),
            color=list(item.colour),
        )
        for item in (*THINGS, *STUFF)
    ]
