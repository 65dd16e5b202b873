"""Formats that Argus does not read, called by their names, with what to do instead.

They are looked for first: they have folders or files that look like another format's.
"""

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from argus.datasets.own.tree import Tree, stem_of

EXPORT = "export it as COCO JSON from its tool, or with datumaro"
_HEAD_BYTES = 64 * 2**10
_LOOKED_AT = 5


def refusal(tree: Tree) -> str:
    """What a folder is, in words, if it is of a known format that is not read; else empty."""
    return next((text for matches, text in _KNOWN if matches(tree)), "")


def _named(*names: str) -> Callable[[Tree], bool]:
    return lambda tree: bool(tree.named(*names))


def _folder(name: str) -> Callable[[Tree], bool]:
    return lambda tree: any(PurePosixPath(folder).name == name for folder in tree.all_folders)


def _holds(suffix: str, *words: bytes, without: Sequence[bytes] = ()) -> Callable[[Tree], bool]:
    """Whether a file of a suffix has all of the words near its beginning."""

    def matches(tree: Tree) -> bool:
        for name in tree.with_suffix(suffix)[:_LOOKED_AT]:
            with tree.path(name).open("rb") as file:
                head = file.read(_HEAD_BYTES)
            if all(word in head for word in words) and not any(word in head for word in without):
                return True
        return False

    return matches


def _is_ade20k(tree: Tree) -> bool:
    return any(stem_of(name).endswith("_seg") for name in tree.pictures) and any(
        "_parts_" in stem_of(name) for name in tree.pictures
    )


_KNOWN: tuple[tuple[Callable[[Tree], bool], str], ...] = (
    (
        _holds(".xml", b"<annotation", b"<polygon", b"<deleted"),
        "the XML of the LabelMe website is not read: open it with labelme, which writes JSON",
    ),
    (
        _is_ade20k,
        "ADE20K as published, with parts, is not read: take ADEChallengeData2016: "
        "`argus convert ade20k` says where it is",
    ),
    (
        lambda tree: any(
            stem_of(name).endswith(("_labelIds", "_instanceIds")) for name in tree.files
        ),
        "Cityscapes has a reader of its own: dataset=dict(type='mmseg.CityscapesDataset')",
    ),
    (
        _named("config_v1.2.json", "config_v2.0.json", "panoptic_2018.json", "panoptic_2020.json"),
        "Mapillary Vistas has a reader of its own: dataset=dict(type='mmseg.MapillaryDataset_v1')",
    ),
    (_named("mpii_annotations.json"), "MPII's JSON has a reader of its own: mmpose.MpiiDataset"),
    (
        _named("list_attr_celeba.txt", "identity_celeba.txt"),
        "CelebA's lists are not read: write a CSV with a column for each attribute",
    ),
    (_folder("labelTxt"), "DOTA's oriented boxes are not read: Argus knows upright boxes alone"),
    (
        _named("class-descriptions.csv", "oidv6-class-descriptions.csv"),
        f"Open Images' tables are not read: {EXPORT}",
    ),
    (
        _holds(".json", b'"label_groups"', without=(b'"images"',)),
        f"datumaro's own JSON is not read: {EXPORT}",
    ),
    (
        _holds(".json", b'"annotations"', b'"predicted_iou"', without=(b'"categories"',)),
        "Segment Anything's masks have no classes, so nothing of them can be told apart, and they "
        "are not read",
    ),
)
