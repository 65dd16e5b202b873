"""Correspondence of two views of one object on NAVI: which place shows the same point of it.

Source: "Probing the 3D Awareness of Visual Foundation Models" (El Banani et al., CVPR 2024) and its
public code: every fourth picture in the wild with another one of the object, seen from a direction
up to 120 degrees apart; features resized bicubically to a quarter of 512 pixels; of the places on
the object, the 1,000 surest matches by the ratio test. A match is right if the two points of the
object are within some centimetres, or some pixels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from argus.errors import ConfigError, DataError
from argus.mtv.encoders.encoder import Encoder
from argus.mtv.encoders.whole_patches import whole_patches
from argus.mtv.evaluation.matching.camera import angle_of, moved, seen_at
from argus.mtv.evaluation.matching.feature_matching import best_matches
from argus.mtv.evaluation.matching.navi_data import Shot, drawn_partners, read_shots
from argus.mtv.evaluation.matching.navi_views import View, read_view
from argus.mtv.evaluation.paper import paper_rows
from argus.mtv.evaluation.progress import shown
from argus.mtv.evaluation.protocols import Evaluation, Metric

CENTIMETRES = (1, 2, 5)
PIXELS = (5, 25, 50)
ANGLES = (0, 30, 60, 90, 120)
"""Edges of the ranges of the angle between the cameras, degrees; the upper one is not in it."""
_OF_ANGLES_CM = 2


@dataclass(kw_only=True)
class NaviOptions:
    """How correspondence on NAVI is measured.

    Args:
        size: Height and width in pixels of the views.
        points: Places a side that are matched, as a share of ``size``.
        matches: Most of a pair, the surest.
        max_angle: Most degrees between the cameras of a pair.
        every: Of all pictures, each so manieth is the first of a pair.
        seed: Of the draw of the second.
        final_norm: Whether tokens after the last normalisation are taken.
        chunk: Places whose similarities to all others are in memory at a time.
    """

    size: int = 512
    points: float = 0.25
    matches: int = 1000
    max_angle: float = 120.0
    every: int = 4
    seed: int = 8
    final_norm: bool = False
    chunk: int = 2048

    def check(self) -> None:
        """Raise ``ConfigError`` if a value is out of range."""
        if min(self.size, self.matches, self.every, self.chunk) < 1 or not 0 < self.points <= 1:
            raise ConfigError(
                "expected size, matches, every and chunk of at least 1 and points in (0, 1], found "
                f"{self}."
            )
        if not 0 < self.max_angle <= 180:
            raise ConfigError(f"max_angle: expected degrees in (0, 180], found {self.max_angle}.")


def chosen_pairs(
    objects: Sequence[Sequence[Shot]], options: NaviOptions
) -> list[tuple[Shot, Shot]]:
    """The pairs that are measured."""
    both = [
        (shot, partner)
        for shots in objects
        for shot, partner in zip(
            shots,
            drawn_partners(shots, max_angle=options.max_angle, seed=options.seed),
            strict=True,
        )
    ]
    return [(shot, other) for shot, other in both[:: options.every] if other is not None]


def match_errors(
    features: Sequence[Tensor], views: Sequence[View], pose: Tensor, options: NaviOptions
) -> tuple[Tensor, Tensor]:
    """How far apart the two points of each match are.

    Args:
        features: (D, h, w) of both views.
        views: First and second.
        pose: (4, 4) from the first camera to the second.
        options: Of the evaluation.

    Returns:
        (k,) metres in space, and (k,) pixels in the second view.
    """
    places, points = [], []
    for feature, view in zip(features, views, strict=True):
        size = (view.points.shape[1], view.points.shape[2])
        full = F.interpolate(feature[None], size, mode="bicubic", align_corners=False)[0]
        seen = view.points[2] > 0
        places.append(full[:, seen.to(full.device)].T)
        points.append(view.points[:, seen].T)
    first, second, _ = best_matches(
        places[0], places[1], number=options.matches, chunk=options.chunk
    )
    there = moved(points[0][first.cpu()], pose.to(points[0]))
    truth = points[1][second.cpu()]
    focal = views[1].focal_px
    apart = (seen_at(there, focal) - seen_at(truth, focal)).norm(dim=-1)
    return (there - truth).norm(dim=-1), apart


def binned_means(values: np.ndarray, angles: np.ndarray) -> dict[str, float]:
    """The mean of the values in each range of :data:`ANGLES`; NaN where there is none."""
    found = {}
    for least, most in zip(ANGLES, ANGLES[1:], strict=False):
        inside = values[(angles >= least) & (angles < most)]
        found[f"angle_{least}_{most}"] = float(inside.mean()) if len(inside) else math.nan
    return found


def run(encoder: Encoder, root: Path, options: NaviOptions) -> dict[str, float]:
    """The recalls in percent: at each distance, in each range of angles, and their means."""
    options.check()
    pairs = chosen_pairs(read_shots(root), options)
    if not pairs:
        raise DataError(
            f"{root}: no two pictures of an object with at most {options.max_angle:g} degrees "
            "between their cameras."
        )
    size = whole_patches((options.size, options.size), encoder.patch_size)
    recalls, angles = [], []
    for shots in shown(pairs, total=len(pairs), title="pairs"):
        views = [read_view(shot, size=options.size, points_scale=options.points) for shot in shots]
        if min(int((view.points[2] > 0).sum()) for view in views) < 2:
            raise DataError(f"{shots[0].depth}, {shots[1].depth}: an object of less than 2 places.")
        batch = encoder.prepare([view.picture for view in views], size)
        features = encoder.patches(batch, final_norm=options.final_norm)
        pose = shots[1].pose @ shots[0].pose.inverse()
        apart, pixels = match_errors(list(features), views, pose, options)
        limits = [apart < cm / 100 for cm in CENTIMETRES] + [pixels < px for px in PIXELS]
        recalls.append([float(right.float().mean()) * 100 for right in limits])
        angles.append(float(angle_of(pose[:3, :3])))
    values = np.array(recalls)
    names = [f"recall_{cm}cm" for cm in CENTIMETRES] + [f"recall_{px}px" for px in PIXELS]
    found = dict(zip(names, values.mean(0).tolist(), strict=True))
    of_angles = binned_means(values[:, CENTIMETRES.index(_OF_ANGLES_CM)], np.array(angles))
    there = [value for value in of_angles.values() if not math.isnan(value)]
    means = {
        "angle_mean": float(np.mean(there)),
        "threshold_mean": float(np.mean([found[f"recall_{cm}cm"] for cm in CENTIMETRES])),
    }
    return means | found | of_angles


EVALUATION = Evaluation(
    name="navi",
    title="NAVI, correspondence of views",
    run=run,
    metrics={
        "angle_mean": Metric(title="recall, mean over angles"),
        "threshold_mean": Metric(title="recall, mean over 1, 2, 5 cm"),
        **{f"recall_{cm}cm": Metric(title=f"recall at {cm} cm") for cm in CENTIMETRES},
        **{f"recall_{px}px": Metric(title=f"recall at {px} px") for px in PIXELS},
        **{
            f"angle_{a}_{b}": Metric(title=f"recall at {_OF_ANGLES_CM} cm, {a} to {b} degrees")
            for a, b in zip(ANGLES, ANGLES[1:], strict=False)
        },
    },
    layout=(
        "NAVI unpacked: <object>/wild_set/ with annotations.json, images/*.jpg and depth/*.png "
        "(16 bits)"
    ),
    root="data/navi",
    options=NaviOptions,
    paper=paper_rows(angle_mean="navi"),
    open_points=(
        'The "average recall" of the paper may be the mean over ranges of angles, which is taken '
        "for it, or over distances; both are given.",
        "The public code pairs pictures in the order of the file system, so that its pairs are not "
        "known; here they are sorted by name first. A picture is never its own partner, which "
        "rounding allows there.",
        "Tokens are taken before the last normalisation, as the public code does with SigLIP; the "
        "paper does not say. navi.final_norm=true takes them after it.",
        "Pictures are normalised as the encoder was trained, where the public code takes the mean "
        "and deviation of ImageNet for all.",
        "Of ranges of angles without a pair there is no number, and they are not in the mean.",
    ),
    speed=("chunk",),
)
