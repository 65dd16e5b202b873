"""Exact labels of a scene, read off the caster's hits at pixel centres."""

from dataclasses import dataclass

import numpy as np

from argus.datasets.scenes.camera import Camera
from argus.datasets.scenes.captions import describe
from argus.datasets.scenes.classes import KEYPOINT_NAMES, SEMANTIC_CLASSES, STUFF_CLASSES
from argus.datasets.scenes.geometry import Plane, Primitive
from argus.datasets.scenes.objects import Thing
from argus.datasets.scenes.render import NOTHING, Hits, Scene, surface_normals

SALIENT_SHARE = 0.5
"""A thing is salient from this share of the most salient thing's score."""


@dataclass
class Instance:
    """One visible thing.

    Args:
        name: Class name.
        mask: (H, W) bool, visible pixels.
        box: (x0, y0, x1, y1), pixels; x1 and y1 lie just past the last pixel of the mask.
        area: Pixels of the mask.
        keypoints: (17, 3) as (x, y, visibility) in COCO's sense for a person, else None.
    """

    name: str
    mask: np.ndarray
    box: tuple[int, int, int, int]
    area: int
    keypoints: np.ndarray | None


@dataclass
class Labels:
    """All labels of one picture.

    Args:
        instances: Visible things, in the order of `segments`.
        semantic: (H, W) uint8, index into `SEMANTIC_CLASSES` plus 1.
        segments: (H, W) int32 panoptic segments: 0, 1, ... are things, stuff follows by class.
        parts: (H, W) uint8, index into `PART_CLASSES`.
        depth: (H, W) float32 metres along the camera axis, 0 where there is no surface.
        normals: (H, W, 3) float32 unit vectors, axes x right, y up, z towards the viewer; zero
            where there is no surface.
        boundary: (H, W) bool, pixels whose right or lower neighbour is another segment.
        saliency: (H, W) bool, the things that catch the eye.
        captions: Five sentences.
        indoor: Whether every pixel has a depth.
    """

    instances: list[Instance]
    semantic: np.ndarray
    segments: np.ndarray
    parts: np.ndarray
    depth: np.ndarray
    normals: np.ndarray
    boundary: np.ndarray
    saliency: np.ndarray
    captions: list[str]
    indoor: bool


def label_scene(scene: Scene, hits: Hits) -> Labels:
    """Labels of a scene from its label pass (`cast` at one ray per pixel)."""
    owner = scene.owners[hits.surface]
    instances = [
        _instance(thing, index, owner, scene, hits) for index, thing in enumerate(scene.things)
    ]
    surfaces = scene.surfaces
    # The last entry of each table is found by index -1: the sky.
    classes = [SEMANTIC_CLASSES.index(_class_name(scene, i)) + 1 for i in range(len(surfaces))]
    table = np.array([*classes, SEMANTIC_CLASSES.index("sky") + 1], np.uint8)
    semantic = table[hits.surface]
    parts = np.array([*[_part(surface) for surface in surfaces], 0], np.uint8)[hits.surface]
    # Semantic values of stuff lie above those of things, so the offset keeps segments apart.
    segments = np.where(owner == NOTHING, len(scene.things) + semantic.astype(np.int32), owner)
    hit = hits.surface != NOTHING
    return Labels(
        instances=instances,
        semantic=semantic,
        segments=segments,
        parts=parts,
        depth=np.where(hit, hits.depth, 0).astype(np.float32),
        normals=_viewer_normals(scene, hits),
        boundary=_boundary(segments),
        saliency=_saliency(instances, hits.depth.shape),
        captions=describe(scene.things, scene.backdrop.name),
        indoor=scene.backdrop.indoor,
    )


def _class_name(scene: Scene, surface: int) -> str:
    planes = scene.backdrop.planes
    if surface < len(planes):
        assert planes[surface].label in STUFF_CLASSES
        return planes[surface].label
    return scene.things[scene.owners[surface]].name


def _part(surface: Plane | Primitive) -> int:
    return surface.part if isinstance(surface, Primitive) else 0


def _instance(thing: Thing, index: int, owner: np.ndarray, scene: Scene, hits: Hits) -> Instance:
    mask = owner == index
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (int(cols[0]), int(rows[0]), int(cols[-1]) + 1, int(rows[-1]) + 1)
    keypoints = None
    if thing.keypoints is not None:
        keypoints = _keypoints(thing, mask, scene.camera, hits)
    return Instance(thing.name, mask, box, int(mask.sum()), keypoints)


def _keypoints(thing: Thing, mask: np.ndarray, camera: Camera, hits: Hits) -> np.ndarray:
    """(17, 3): 2 where the body itself is seen at the joint, 1 where something covers it.

    A joint outside the picture is (0, 0, 0). A joint counts as seen when the pixel under it shows
    this person at most the local thickness of the body in front of the joint.
    """
    assert thing.keypoints is not None and thing.margins is not None
    pixels, depth = camera.project(thing.keypoints.T)
    result = np.zeros((len(KEYPOINT_NAMES), 3), np.float32)
    cols, rows = np.rint(pixels).astype(int)
    inside = (cols >= 0) & (cols < camera.width) & (rows >= 0) & (rows < camera.height)
    for number in np.flatnonzero(inside):
        pixel = rows[number], cols[number]
        gap = depth[number] - hits.depth[pixel]
        seen = mask[pixel] and gap <= thing.margins[number]
        result[number] = (*pixels[:, number], 2 if seen else 1)
    return result


def _viewer_normals(scene: Scene, hits: Hits) -> np.ndarray:
    normals = surface_normals(scene, hits)
    camera = (scene.camera.axes @ normals.reshape(3, -1)).reshape(normals.shape)
    # Camera axes are x right, y down, z forward; the label's are x right, y up, z to the viewer.
    return np.ascontiguousarray((camera * np.array([1, -1, -1])[:, None, None]).transpose(1, 2, 0))


def _boundary(segments: np.ndarray) -> np.ndarray:
    boundary = np.zeros(segments.shape, bool)
    boundary[:, :-1] |= segments[:, 1:] != segments[:, :-1]
    boundary[:-1] |= segments[1:] != segments[:-1]
    return boundary


def _saliency(instances: list[Instance], shape: tuple[int, ...]) -> np.ndarray:
    """Things of large area near the middle, people doubled: the union of the strongest ones."""
    saliency = np.zeros(shape, bool)
    y = np.linspace(-1, 1, shape[0])[:, None]
    x = np.linspace(-1, 1, shape[1])[None]
    prior = np.exp(-(x * x + y * y))
    scores = [(item.mask * prior).sum() * (1 + (item.name == "person")) for item in instances]
    for item, score in zip(instances, scores, strict=True):
        if score >= SALIENT_SHARE * max(scores):
            saliency |= item.mask
    return saliency
