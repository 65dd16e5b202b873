"""Human parts of PASCAL-Part, joined to six as in ASTMT.

Chen et al., "Detect What You Can", CVPR 2014; joining: Maninis et al., CVPR 2019. A ``.mat`` file
holds ``anno`` with the objects of a picture: class number, mask (H, W), and parts, each a name and
a mask. Objects and parts are painted in the order of the file, later ones over earlier ones.
"""

from typing import Any

import numpy as np

from argus.errors import DataError

PERSON = 15
PARTS = ("background", "head", "torso", "upper arm", "lower arm", "upper leg", "lower leg")
_SIDED = {
    "ear": "head",
    "eye": "head",
    "ebrow": "head",
    "uarm": "upper arm",
    "larm": "lower arm",
    "hand": "lower arm",
    "uleg": "upper leg",
    "lleg": "lower leg",
    "foot": "lower leg",
}
_PART_OF = dict(
    {side + name: part for name, part in _SIDED.items() for side in "lr"},
    head="head",
    hair="head",
    mouth="head",
    nose="head",
    neck="torso",
    torso="torso",
)
LABELS = {name: PARTS.index(part) for name, part in _PART_OF.items()}
"""Label 1..6 of each part of a person in PASCAL-Part."""


def human_parts(anno: Any) -> np.ndarray | None:
    """Parts of the people in a picture.

    Args:
        anno: Variable of that name in the ``.mat`` file, as scipy reads it.

    Returns:
        (H, W) uint8, 0 background, 1..6 as in ``PARTS``; ``None`` without people.

    Raises:
        DataError: A part of a person that PASCAL-Part does not have.
    """
    people = [
        item
        for item in np.ravel(anno["objects"][0, 0])
        if int(item["class_ind"].squeeze()) == PERSON and item["mask"].any()
    ]
    if not people:
        return None
    result = np.zeros(people[0]["mask"].shape, np.uint8)
    for person in people:
        for part in np.ravel(person["parts"]):
            name = str(part["part_name"].squeeze())
            if name not in LABELS:
                raise DataError(f"unknown part of a person: {name!r}; known are {sorted(LABELS)}")
            result[part["mask"].astype(bool)] = LABELS[name]
    return result
