"""CVAT's "CVAT for video 1.1": the shapes of tracks, as those of images.

A ``track`` has a label and a shape for each frame; where one is ``outside``, its object is not in
the picture. CVAT writes the frames between key frames too. Frames are pictures of their own, called
``frame_000013`` with any suffix: a video is not read.
"""

import copy
import re
from collections import defaultdict
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from argus.datasets.own.picture_size import picture_size
from argus.datasets.own.tree import Tree, stem_of

_FRAME = re.compile(r"frame_(\d{1,9})")
# Beside the shapes of a track, its tags and attributes.
_NO_SHAPES = ("attribute", "tag")


def frames_of(root: Element, tree: Tree, near: str) -> tuple[list[Element], list[str], int]:
    """The frames of a file, as elements of images.

    A frame without a shape is a picture without an object, if it lies in the range of frames that
    the file states; one between two shapes of a track that has none of its own is left out, since
    its object may be anywhere.

    Args:
        root: Of the file.
        tree: The folder.
        near: Folder of the file.

    Returns:
        The elements, names of frames whose picture is not there, and how many frames were left out.
    """
    tracks = root.findall("track")
    if not tracks:
        return [], [], 0
    pictures = dict(_pictures(tree, near))
    shapes: dict[int, list[Element]] = defaultdict(list)
    holes: set[int] = set()
    for track in tracks:
        stated = sorted(_shapes(track), key=lambda pair: pair[0])
        for number, shape in stated:
            if shape.get("outside") != "1":
                shapes[number].append(shape)
        for (first, shape), (last, _) in zip(stated, stated[1:], strict=False):
            if shape.get("outside") != "1" and last - first > 1:
                holes |= {number for number in pictures if first < number < last}
    start, stop = _range(root)
    free = {number for number in pictures if start <= number <= stop}
    wanted = (free | set(shapes)) - holes
    missing = [f"frame_{number:06d}" for number in sorted(wanted - set(pictures))]
    return (
        [_image(tree, pictures[n], shapes[n]) for n in sorted(wanted & set(pictures))],
        missing,
        len(holes),
    )


def _pictures(tree: Tree, near: str) -> Iterator[tuple[int, str]]:
    for name in tree.pictures:
        found = _FRAME.fullmatch(stem_of(name))
        if found and tree.find_stem(stem_of(name), near=near) == name:
            yield int(found.group(1)), name


def _shapes(track: Element) -> Iterator[tuple[int, Element]]:
    """The shapes of a track with their frames, label and group as an image's have them."""
    for item in track:
        if item.tag in _NO_SHAPES or not (item.get("frame") or "").isdecimal():
            continue
        shape = copy.copy(item)
        for key in ("label", "group_id"):
            if track.get(key) is not None:
                shape.set(key, track.get(key, ""))
        yield int(item.get("frame", "")), shape


def _range(root: Element) -> tuple[int, int]:
    """First and last frame of the one task of a file; of several, none is known to be looked at."""
    starts, stops = (list(root.iterfind(f"meta/task/{key}_frame")) for key in ("start", "stop"))
    texts = [(item.text or "").strip() for item in (*starts, *stops)]
    if len(texts) != 2 or not all(map(str.isdecimal, texts)):
        return 0, -1
    return int(texts[0]), int(texts[1])


def _image(tree: Tree, name: str, shapes: list[Element]) -> Element:
    width, height = picture_size(tree.path(name))
    image = Element("image", name=name, width=str(width), height=str(height))
    image.extend(shapes)
    return image
