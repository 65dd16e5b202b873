"""NAVI's pictures of objects in the wild, as they are published, and pairs of them.

Jampani et al., "NAVI: Category-Agnostic Image Collections with High-Quality 3D Shape and Pose
Annotations" (NeurIPS 2023). ``<object>/wild_set/annotations.json`` has the camera of each picture
in ``images/``, ``depth/`` the depth of the object there. What the file names is looked for in these
folders alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from argus.datasets.own.texts import read_json
from argus.errors import DataError
from argus.mtv.evaluation.matching.camera import angle_of, pose_of

SCENE = "wild_set"
_MAX_JSON_BYTES = 64 * 2**20
_MAX_SIDE_PX = 100_000
_MM = 1000.0


@dataclass(frozen=True)
class Shot:
    """A picture of an object and its camera.

    Args:
        picture: File, or the smaller copy of it named ``downsampled_*``, if there is one.
        depth: File of the depth map.
        size: Height and width, in pixels, that the focal length is for.
        focal_px: Focal length.
        pose: (4, 4) float64, from the object's coordinates to the camera's, metres.
    """

    picture: Path
    depth: Path
    size: tuple[int, int]
    focal_px: float
    pose: Tensor


def read_shots(root: Path) -> list[list[Shot]]:
    """The pictures of each object, both in the order of their names.

    Args:
        root: The folder of all objects.

    Raises:
        DataError: If there is none, or a file is of another form.
    """
    files = sorted(root.glob(f"*/{SCENE}/annotations.json"))
    if not files:
        raise DataError(
            f"{root}: no <object>/{SCENE}/annotations.json in it. Expected NAVI, unpacked, with a "
            "folder for each object."
        )
    return [_read_scene(file) for file in files]


def _read_scene(file: Path) -> list[Shot]:
    content = read_json(file, most=_MAX_JSON_BYTES)
    if not isinstance(content, list) or not content:
        raise DataError(f"{file}: expected a list of pictures with their cameras.")
    shots = [_shot(entry, file, f"{file}, picture {n}") for n, entry in enumerate(content)]
    return sorted(shots, key=lambda shot: shot.depth.name)


def _shot(entry: Any, file: Path, where: str) -> Shot:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("camera"), Mapping):
        raise DataError(f"{where}: expected an object with a camera.")
    name, camera = entry.get("filename"), entry["camera"]
    if not isinstance(name, str) or not name.strip(".") or set(name) & set("/\\\0"):
        raise DataError(f"{where}: expected the name of a picture as filename, found {name!r:.60}.")
    height, width = _numbers(entry.get("image_size"), 2, f"{where}, image_size")
    (focal,) = _numbers([camera.get("focal_length")], 1, f"{where}, focal_length")
    rotation = _numbers(camera.get("q"), 4, f"{where}, camera.q")
    translation = _numbers(camera.get("t"), 3, f"{where}, camera.t")
    if not 1 <= min(height, width) <= max(height, width) <= _MAX_SIDE_PX or focal <= 0:
        raise DataError(
            f"{where}: no picture has {height} x {width} pixels and a focal of {focal}."
        )
    if not any(rotation):
        raise DataError(f"{where}: the quaternion camera.q is 0, which is no rotation.")
    pose = pose_of(
        torch.tensor(rotation, dtype=torch.float64),
        torch.tensor(translation, dtype=torch.float64) / _MM,
    )
    scene, stem = file.parent, Path(name).stem
    smaller = scene / "images" / f"downsampled_{stem}.jpg"
    picture = smaller if smaller.is_file() else scene / "images" / name
    depth = scene / "depth" / f"{stem}.png"
    return Shot(picture, depth, (int(height), int(width)), focal, pose)


def _numbers(values: Any, length: int, where: str) -> list[float]:
    found: list[Any] = values if isinstance(values, list) and len(values) == length else [None]
    for value in found:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not abs(value) <= 1e9:  # NaN is not, either
            words = "a number" if length == 1 else f"{length} numbers"
            raise DataError(f"{where}: expected {words}, found {values!r:.60}.")
    return [float(value) for value in found]


def drawn_partners(shots: Sequence[Shot], *, max_angle: float, seed: int) -> list[Shot | None]:
    """For each picture of an object another one, from a direction that differs by some angle.

    Args:
        shots: Of one object.
        max_angle: Most degrees between the cameras.
        seed: Of the draw.

    Returns:
        One for each; ``None`` where there is none.
    """
    generator = torch.Generator().manual_seed(seed)
    rotations = torch.stack([shot.pose[:3, :3] for shot in shots])
    found: list[Shot | None] = []
    for place in range(len(shots)):
        angles = angle_of(rotations[place] @ rotations.mT)
        fits = (angles > 0) & (angles <= max_angle)
        fits[place] = False  # whose angle to itself may be above 0 by rounding
        if not fits.any():
            found.append(None)
            continue
        found.append(shots[int(torch.multinomial(fits.float(), 1, generator=generator))])
    return found
