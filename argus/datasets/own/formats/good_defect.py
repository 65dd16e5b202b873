"""Pictures without and with defects: MVTec AD's layout, or a folder of good ones beside others.

Bergmann et al., "MVTec AD", CVPR 2019: ``<category>/train/good``, ``<category>/test/<kind>`` with
``good`` among the kinds, ``<category>/ground_truth/<kind>/<number>_mask.png``. The category may be
the data folder itself, a folder of pictures may lie above the kinds (``Data/Images/Anomaly``), and
where there is one kind of defect alone its masks may lie in ``masks`` without a folder.
"""

from collections import Counter, defaultdict
from pathlib import PurePosixPath

from argus.datasets.own.folder_words import PICTURE_WORDS
from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.record import OwnData, OwnPicture, sorted_pictures
from argus.datasets.own.stated_names import alike
from argus.datasets.own.tree import Tree, part_of, stem_of
from argus.errors import DataError
from argus.names.wording import counted, listed

_GOOD = ("good", "ok", "normal", "no_defect", "defect_free", "nodefect", "intact", "fine")
_DEFECTS = (
    *("defect", "defects", "defective", "bad", "ng", "nok", "anomaly", "anomalies", "faulty"),
    *("abnormal", "broken", "damaged", "not_ok", "anomalous"),
)
_MASKS = ("ground_truth", "groundtruth", "gt", "masks", "mask")
GOOD = "good"


def _clue(tree: Tree) -> Clue | None:
    entries = _entries(tree)
    if not entries:
        return None
    kinds = Counter(defect for _, _, defect in entries.values())
    bad = [kind for kind in kinds if kind != GOOD]
    if not kinds[GOOD] or not bad:
        return None
    has_parts = any(part == "train" for _, part, _ in entries.values())
    has_masks = any(_is_mask(name) for name in tree.pictures)
    if not has_parts and not has_masks and not set(bad) <= set(_DEFECTS):
        return None
    why = (
        f"{counted(kinds[GOOD], 'picture is in folders', 'pictures are in folders')} called good "
        f"or alike, others in {listed(bad)}"
    )
    return Clue(sure=has_parts or has_masks, why=why)


def _is_mask(name: str) -> bool:
    return any(step.lower() in _MASKS for step in PurePosixPath(name).parts[:-1])


def _entries(tree: Tree) -> dict[str, tuple[str, str | None, str]]:
    """Category, part and kind of defect of every picture; none if the layout is another."""
    found: dict[str, tuple[str, str | None, str]] = {}
    for name in tree.pictures:
        steps = PurePosixPath(name).parts[:-1]
        if _is_mask(name) or not steps:
            continue
        kind = steps[-1].lower()
        above = steps[:-1]
        part = part_of(above[-1]) if above else None
        category = above[:-1] if part is not None else above
        category = tuple(step for step in category if step.lower() not in PICTURE_WORDS)
        if len(category) > 1:
            return {}
        label = category[0] if category else (tree.root.resolve().name or "all")
        found[name] = (label, part, GOOD if kind in _GOOD else steps[-1])
    # Where nothing is trained on but what is good, defects are in no training folder.
    wrong = [1 for _, part, defect in found.values() if part == "train" and defect != GOOD]
    return {} if wrong else found


def _read(tree: Tree, options: Options) -> OwnData:
    entries = _entries(tree)
    if not any(defect == GOOD for _, _, defect in entries.values()):
        raise DataError(
            f"{tree.given}: no layout of good and defective pictures; expected train/good, "
            "test/good, test/<kind of defect> and ground_truth/<kind of defect>."
        )
    masks: dict[tuple[str, str], list[str]] = defaultdict(list)
    kinds = {defect for _, _, defect in entries.values()} - {GOOD}
    for name in tree.pictures:
        if _is_mask(name):
            folder = PurePosixPath(name).parts[-2]
            if folder.lower() in _MASKS and len(kinds) == 1:
                (folder,) = kinds
            masks[folder, _bare(stem_of(name))].append(name)
    pictures, without = [], []
    for name, (category, part, defect) in entries.items():
        maps: dict[str, str] = {}
        if defect != GOOD:
            fitting = [
                mask
                for mask in masks[defect, _bare(stem_of(name))]
                if len({entry[0] for entry in entries.values()}) == 1
                or category in PurePosixPath(mask).parts
            ]
            if len(fitting) == 1:
                maps["anomaly"] = fitting[0]
            else:
                without.append(name)
        pictures.append(
            OwnPicture(path=name, part=part, labels=(category,), maps=maps, defect=defect)
        )
    notes = []
    if without:
        notes.append(
            f"{counted(len(without), 'defective picture has', 'defective pictures have')} "
            "no mask in ground_truth/<kind of defect>/: "
            f"{listed(without[:5])}; where a defect is cannot be measured on them"
        )
    return OwnData(
        format=FORMAT.name,
        root=tree.root,
        pictures=sorted_pictures(pictures),
        classes=tuple(sorted({category for category, _, _ in entries.values()})),
        kinds=("anomaly",),
        notes=tuple(notes),
    )


def _bare(stem: str) -> str:
    return alike(stem).removesuffix("_mask").removesuffix("_gt")


FORMAT = Format(
    name="good_defect",
    title="good and defective pictures (MVTec AD)",
    clue=_clue,
    read=_read,
    kinds=("anomaly",),
)
