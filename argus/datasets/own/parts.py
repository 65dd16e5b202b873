"""Which pictures are trained on and which are not, where the data do not say it.

Pictures are put in an order by a hash of their path below the data folder and a seed, and
validation is the beginning of that order, as many as the share says. So it depends neither on the
order of the files nor on the task: all tasks on the same pictures have the same parts. A picture
that comes or goes moves the end of validation by one at most. Pictures of one group, such as frames
of one video, stay together.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from argus.datasets.own.record import PARTS, OwnData, OwnPicture
from argus.errors import ConfigError, DataError

VAL_SHARE = 0.2
DEFECT_VAL_SHARE = 0.5


def group_of(path: str, pattern: str | None) -> str:
    """What pictures that stay together have in common.

    Args:
        path: Relative to the data folder.
        pattern: A regular expression of the file's name without folders and suffix; its first
            group, or all it matches, names the group. ``None`` for a group per picture.

    Raises:
        ConfigError: It is no regular expression.
    """
    if pattern is None:
        return path
    folder, _, file = path.rpartition("/")
    try:
        found = re.match(pattern, file.rpartition(".")[0] or file)
    except re.error as error:
        raise ConfigError(f"group={pattern!r}: no regular expression: {error}.") from error
    if found is None:
        return path
    return f"{folder}/{found.group(1) if found.re.groups else found.group()}"


def drawn(group: str, seed: int) -> float:
    """A number in [0, 1) that the group and the seed alone decide."""
    digest = hashlib.sha256(f"{seed}\0{group}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split(
    pictures: Sequence[OwnPicture], *, seed: int, share: float, group: str | None
) -> tuple[list[OwnPicture], list[OwnPicture]]:
    """Pictures to train on, and the others; each has at least one group, if there are two.

    The others are as many as the share says, to the nearest, where no group is in the way: groups
    are taken in their order, and one is left out if it would bring the number further away.

    Args:
        pictures: All of them; a single group is trained on.
        seed: Another one draws others.
        share: Of the pictures that are not trained on, in (0, 1).
        group: As for :func:`group_of`.

    Raises:
        ConfigError: The share is out of range, or the pattern no regular expression.
    """
    if not 0 < share < 1:
        raise ConfigError(f"val_share={share}: expected a share between 0 and 1.")
    groups = {picture.path: group_of(picture.path, group) for picture in pictures}
    sizes = Counter(groups.values())
    ranked = sorted(sizes, key=lambda name: (drawn(name, seed), name))
    kept: set[str] = set()
    missing = share * len(groups)
    for name in ranked[:-1]:  # one is left to train on
        if sizes[name] < 2 * missing:  # with it the number is nearer
            kept.add(name)
            missing -= sizes[name]
    if not kept and len(ranked) > 1:
        kept = {min(ranked, key=lambda name: sizes[name])}
    rest = [picture for picture in pictures if groups[picture.path] in kept]
    return [picture for picture in pictures if groups[picture.path] not in kept], rest


def parts(
    data: OwnData, *, seed: int = 0, val_share: float | None = None, group: str | None = None
) -> dict[str, list[OwnPicture]]:
    """The pictures of ``train``, ``val`` and ``test``.

    Validation pictures are drawn from those of training if the data name none; of good and
    defective pictures from those of the test, since training has no defects. Where nothing is
    called test, it is the validation.

    Raises:
        DataError: The data name parts, and none is for training.
    """
    found: dict[str, list[OwnPicture]] = {part: [] for part in PARTS}
    is_anomaly = data.kinds[:1] == ("anomaly",)
    named = {picture.part for picture in data.pictures} - {None}
    for picture in data.pictures:
        if picture.part is not None:
            found[picture.part].append(picture)
        elif is_anomaly:
            found["train" if picture.defect == "good" else "test"].append(picture)
        elif not named:
            found["train"].append(picture)
    if is_anomaly and "train" not in named:
        # What is good has to be in the test as well, to be told from what is not.
        found["train"], good = split(found["train"], seed=seed, share=2 * VAL_SHARE, group=group)
        found["test"] += good
    if not found["train"]:
        raise DataError(
            f"{data.root}: its pictures belong to {' and '.join(sorted(map(str, named)))}, none to "
            "train; name a part or a folder train."
        )
    if not found["val"]:
        if is_anomaly and found["test"]:
            share = DEFECT_VAL_SHARE if val_share is None else val_share
            sides = [
                [p for p in found["test"] if (p.defect == "good") == good] for good in (True, False)
            ]
            halves = [split(side, seed=seed, share=share, group=group) for side in sides]
            found["test"], found["val"] = (sum(half, []) for half in zip(*halves, strict=True))
        else:
            share = VAL_SHARE if val_share is None else val_share
            found["train"], found["val"] = split(
                found["train"], seed=seed, share=share, group=group
            )
    if not found["test"]:
        found["test"] = found["val"]
    return found


def told(data: OwnData, found: dict[str, list[OwnPicture]], *, seed: int) -> str:
    """How the pictures are divided, in a sentence without a stop."""
    numbers = ", ".join(f"{len(found[part]):,} {part}" for part in PARTS if found[part])
    named = {picture.part for picture in data.pictures} - {None}
    if not found["val"]:
        return f"{numbers}; there is too little to split validation off"
    if "val" not in named:
        return f"{numbers}; validation is split off by seed={seed}"
    return numbers
