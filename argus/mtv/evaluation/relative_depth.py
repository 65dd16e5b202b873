"""Relative depth of a model's depth head, zero-shot: up to scale and shift, on NYUv2 and KITTI.

Sources: the evaluation of Ranftl et al. (TPAMI 2022) and of Marigold (Ke et al., CVPR 2024), for
the splits, crops and limits: NYUv2's 654 test pictures within Eigen's box, up to 10 m; KITTI's
Eigen split with the improved depth of its benchmark, 352 x 1216 pixels within the box of Eigen or
Garg, up to 80 m. How the fit is made has three customs, see
:mod:`~argus.mtv.evaluation.depth.affine_alignment`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from argus.errors import ConfigError, DataError
from argus.mtv.encoders.encoder import Encoder
from argus.mtv.evaluation.depth.affine_alignment import MODES, aligned_errors
from argus.mtv.evaluation.depth.depth_areas import MASKS, area, kitti_crop
from argus.mtv.evaluation.depth.listed_depth import listed_pairs, read_depth
from argus.mtv.evaluation.progress import shown
from argus.mtv.evaluation.protocols import Evaluation, Metric
from argus.mtv.images import read_image


@dataclass(frozen=True, kw_only=True)
class DepthSet:
    """Pictures with depth, and where it is measured.

    Args:
        folder: Below the root of all data.
        ann_file: List of the pictures.
        scale: What one metre is in the depth maps.
        max_depth: Metres.
        images: Folder of the pictures.
        depths: Folder of the depth maps.
        crops: Whether pictures are cut as in KITTI's benchmark.
    """

    folder: str
    ann_file: str
    scale: float
    max_depth: float
    images: str = ""
    depths: str = ""
    crops: bool = False


SETS = {
    "nyu": DepthSet(folder="nyuv2_depth", ann_file="nyu_test.txt", scale=1000.0, max_depth=10.0),
    "kitti": DepthSet(
        folder="kitti",
        ann_file="kitti_eigen_test.txt",
        scale=256.0,
        max_depth=80.0,
        images="input",
        depths="gt_depth",
        crops=True,
    ),
}


@dataclass(kw_only=True)
class RelativeDepthOptions:
    """How relative depth is measured.

    Args:
        sets: ``nyu``, ``kitti`` or both.
        mode: ``disparity``, ``depth_from_disparity`` or ``depth``: what is fitted to what, and
            where the error is taken.
        kitti_mask: ``eigen``, ``garg`` or ``none``: the box of KITTI's pictures.
        nyu_mask: ``nyu`` for Eigen's box, or ``none``.
        min_depth: Least depth in metres that counts.
        limit: Of the pictures of a set, the first so many; all by default.
    """

    sets: tuple[str, ...] = ("nyu", "kitti")
    mode: str = "depth_from_disparity"
    kitti_mask: str = "eigen"
    nyu_mask: str = "nyu"
    min_depth: float = 1e-3
    limit: int | None = None

    def check(self) -> None:
        """Raise ``ConfigError`` if a value is out of range."""
        if not self.sets or set(self.sets) - SETS.keys():
            raise ConfigError(f"sets: expected some of {', '.join(SETS)}, found {self.sets}.")
        if self.mode not in MODES:
            raise ConfigError(f"mode: expected one of {', '.join(MODES)}, found {self.mode!r}.")
        for name in ("kitti_mask", "nyu_mask"):
            if getattr(self, name) not in MASKS:
                found = getattr(self, name)
                raise ConfigError(f"{name}: expected one of {', '.join(MASKS)}, found {found!r}.")
        if not 0 < self.min_depth < 10 or (self.limit is not None and self.limit < 1):
            raise ConfigError(
                "expected min_depth above 0 and below 10 m and a limit of at least 1, found "
                f"{self.min_depth} and {self.limit}."
            )


def measure(
    predict: Callable[[Image.Image], np.ndarray],
    root: Path,
    data: DepthSet,
    *,
    mask: str,
    options: RelativeDepthOptions,
) -> dict[str, float]:
    """The mean errors over the pictures of a set.

    Args:
        predict: Inverse depth (H, W) of a picture.
        root: Of all data.
        data: The set.
        mask: The area that is measured.
        options: Of the evaluation.

    Returns:
        ``abs_rel`` in percent, ``delta1`` in percent, and ``skipped``, the pictures without depth
        in the area.

    Raises:
        DataError: If a file cannot be read, the sizes of a picture and its depth map differ, or no
            picture has depth in the area.
    """
    folder = root / data.folder
    pairs = listed_pairs(folder, data.ann_file, images=data.images, depths=data.depths)
    errors = []
    skipped = 0
    for image, depth_file in shown(pairs[: options.limit], total=len(pairs), title=data.folder):
        picture = np.asarray(read_image(image))
        depth = read_depth(depth_file, scale=data.scale)
        if picture.shape[:2] != depth.shape:
            raise DataError(
                f"{depth_file}: {depth.shape} (H, W), its picture {picture.shape[:2]}; expected "
                "the same size."
            )
        if data.crops:
            picture, depth = (kitti_crop(x, name=str(image)) for x in (picture, depth))
        known = (depth > options.min_depth) & (depth < data.max_depth)
        known &= area((depth.shape[0], depth.shape[1]), mask, name=str(image))
        if not known.any():
            skipped += 1
            continue
        prediction = predict(Image.fromarray(picture))
        if not np.isfinite(prediction).all():
            raise DataError(f"{image}: the model's depth is NaN or infinite.")
        errors.append(
            aligned_errors(
                prediction[known],
                depth[known],
                mode=options.mode,
                min_depth=options.min_depth,
                max_depth=data.max_depth,
            )
        )
    if not errors:
        raise DataError(
            f"{folder / data.ann_file}: no picture has depth between {options.min_depth} and "
            f"{data.max_depth} m in the area that is measured."
        )
    found = {name: 100 * float(np.mean([e[name] for e in errors])) for name in errors[0]}
    return found | {"skipped": float(skipped)}


def run(encoder: Encoder, root: Path, options: RelativeDepthOptions) -> dict[str, float]:
    """The errors on each set; NaN for one that is not asked for."""
    options.check()
    found = dict.fromkeys(EVALUATION.metrics, math.nan)
    masks = dict(nyu=options.nyu_mask, kitti=options.kitti_mask)
    for name in options.sets:
        values = measure(encoder.depth, root, SETS[name], mask=masks[name], options=options)
        found |= {f"{name}_{metric}": value for metric, value in values.items()}
    return found


def _metrics(name: str, title: str) -> dict[str, Metric]:
    return {
        f"{name}_abs_rel": Metric(title=f"{title} AbsRel x 100", higher_is_better=False),
        f"{name}_delta1": Metric(title=f"{title} delta 1.25"),
        f"{name}_skipped": Metric(
            title=f"{title} without depth", unit="pictures", higher_is_better=False, decimals=0
        ),
    }


EVALUATION = Evaluation(
    name="relative_depth",
    title="relative depth, zero-shot",
    run=run,
    metrics=_metrics("nyu", "NYUv2") | _metrics("kitti", "KITTI"),
    layout=(
        "nyuv2_depth/nyu_test.txt with the pictures it names; kitti/kitti_eigen_test.txt, the "
        "pictures below kitti/input, the depth maps (16 bits, 256 a metre) below kitti/gt_depth"
    ),
    root="data",
    options=RelativeDepthOptions,
    paper={
        "MTV-B/16 100M": {"nyu_abs_rel": 6.0, "kitti_abs_rel": 8.9},
        "MTV-L/16 100M": {"nyu_abs_rel": 5.2, "kitti_abs_rel": 8.2},
        "Depth-Anything-V2-L": {"nyu_abs_rel": 4.5, "kitti_abs_rel": 7.4},
    },
    open_points=(
        "The paper does not say whether the error is taken in depth or in disparity. Its columns "
        "beside those of Depth Anything agree with that paper's, whose authors say that they "
        "measure in disparity (relative_depth.mode=disparity); others could not reproduce their "
        "numbers. Measure Depth-Anything-V2-L with each mode first: it has 7.4 on KITTI and 4.5 on "
        "NYUv2 in the paper.",
        "Two results of different modes are not comparable.",
        "The paper does not say which box of KITTI it takes: Eigen's, or with "
        "relative_depth.kitti_mask=garg Garg's.",
        "MTV takes squares, so that KITTI's pictures, which are 3.5 times as wide as high, are "
        "squeezed; its depth is resized back bilinearly.",
    ),
    told=("mode",),
)
