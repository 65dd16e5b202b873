"""Semantic correspondence on SPair-71k: which place of another object is the same part.

Source: "Probing the 3D Awareness of Visual Foundation Models" (El Banani et al., CVPR 2024), whose
public code fixes what the text leaves open: pictures padded white to a square at their lower right
and resized to 800 pixels; the feature of a keypoint is read bilinearly, and found again in the
patch of the other picture that is most like it; it is right within a tenth of the longer side of
the object's box. Of each class and difference of viewpoint, 200 pairs are drawn.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from argus.errors import ConfigError, DataError
from argus.mtv.encoders.encoder import Encoder
from argus.mtv.encoders.feature_store import FeatureStore
from argus.mtv.encoders.whole_patches import whole_patches
from argus.mtv.evaluation.matching.feature_matching import features_at, likest_places
from argus.mtv.evaluation.matching.spair_data import (
    SPLITS,
    Pair,
    check_keypoints,
    picture_path,
    read_keypoints,
    read_pairs,
)
from argus.mtv.evaluation.paper import paper_rows
from argus.mtv.evaluation.progress import shown
from argus.mtv.evaluation.protocols import Evaluation, Metric
from argus.mtv.images import read_image

VIEWPOINTS = (0, 1, 2, None)
"""How much the viewpoints of a pair differ; ``None`` for all pairs."""
_WHITE = (255, 255, 255)


@dataclass(kw_only=True)
class SpairOptions:
    """How correspondence on SPair-71k is measured.

    Args:
        split: ``train``, ``val`` or ``test``.
        size: Height and width in pixels that the padded squares are resized to.
        pairs: Most pairs of a class and difference of viewpoint.
        threshold: What is right, as a share of the longer side of the object's box.
        seed: Of the draw of pairs.
        corrected_places: Whether a patch lies at its centre. The public code puts it at its upper
            left corner and reads keypoints as if the outer patches ended at their centres: half a
            patch off, which the numbers of others contain.
        final_norm: Whether tokens after the last normalisation are taken.
        cache_mb: Most megabytes of features that are kept, of the pictures of one class.
    """

    split: str = "test"
    size: int = 800
    pairs: int = 200
    threshold: float = 0.1
    seed: int = 20
    corrected_places: bool = False
    final_norm: bool = False
    cache_mb: float = 2048.0

    def check(self) -> None:
        """Raise ``ConfigError`` if a value is out of range."""
        if self.split not in SPLITS:
            raise ConfigError(f"split: expected one of {', '.join(SPLITS)}, found {self.split!r}.")
        if min(self.size, self.pairs) < 1 or not 0 < self.threshold < 10 or self.cache_mb < 0:
            raise ConfigError(
                "expected size and pairs of at least 1, a threshold above 0 and cache_mb of at "
                f"least 0, found {self}."
            )


class Features:
    """The unit features of pictures, (D, h, w), the last ones kept.

    Args:
        encoder: Of the pictures.
        root: The folder ``SPair-71k``.
        options: Of the evaluation.
    """

    def __init__(self, encoder: Encoder, root: Path, options: SpairOptions) -> None:
        self.encoder = encoder
        self.root = root
        self.options = options
        self.size = whole_patches((options.size, options.size), encoder.patch_size)
        self.store = FeatureStore(options.cache_mb)

    def __call__(self, category: str, picture: str) -> tuple[Tensor, int]:
        """The features of a picture and the longer side of it in pixels."""
        return self.store.get((category, picture), lambda: self._compute(category, picture))

    def _compute(self, category: str, picture: str) -> tuple[Tensor, int]:
        image = read_image(picture_path(self.root, category, picture))
        batch = self.encoder.prepare([padded(image)], self.size)
        tokens = self.encoder.patches(batch, final_norm=self.options.final_norm)[0]
        return F.normalize(tokens, dim=0), max(image.size)


def padded(image: Image.Image) -> Image.Image:
    """A square with the picture at its upper left, white elsewhere."""
    side = max(image.size)
    square = Image.new("RGB", (side, side), _WHITE)
    square.paste(image, (0, 0))
    return square


def drawn(pairs: Sequence[Pair], *, number: int, seed: int) -> list[Pair]:
    """At most ``number`` of the pairs, the same for a seed."""
    shuffled = list(pairs)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - no secret
    return shuffled[:number]


def keypoint_errors(
    source: tuple[Tensor, int],
    target: tuple[Tensor, int],
    keypoints: tuple[np.ndarray, np.ndarray],
    options: SpairOptions,
) -> np.ndarray:
    """How far from their truth the keypoints that both pictures show are found.

    Args:
        source: Unit features (D, h, w) of the padded square, and its side in pixels.
        target: The same of the other picture.
        keypoints: (k, 3) of each.
        options: Of the evaluation.

    Returns:
        (m,) distances in pixels of the target.
    """
    both = (keypoints[0][:, 2] > 0) & (keypoints[1][:, 2] > 0)
    # Whole pixels of the resized square, as the public code has them.
    places = [
        torch.from_numpy(np.trunc(points[both, :2] * options.size / side) / options.size).float()
        for points, (_, side) in zip(keypoints, (source, target), strict=True)
    ]
    features = features_at(source[0], places[0], align_corners=not options.corrected_places)
    found = likest_places(features, target[0], at_centre=options.corrected_places).cpu()
    return ((found - places[1]).norm(dim=-1) * target[1]).numpy()


def recall(features: Features, pairs: Sequence[Pair]) -> float:
    """The share of the keypoints of pairs that are found; NaN of none."""
    root, options = features.root, features.options
    right: list[np.ndarray] = []
    for pair in pairs:
        pictures = [features(pair.category, name) for name in (pair.source, pair.target)]
        source, target = (
            read_keypoints(root, pair.category, name) for name in (pair.source, pair.target)
        )
        check_keypoints(pair, source, target)
        errors = keypoint_errors(pictures[0], pictures[1], (source, target), options)
        longer = max(pair.box[2] - pair.box[0], pair.box[3] - pair.box[1])
        right.append(errors < options.threshold * longer)
    shares = np.concatenate(right) if right else np.zeros(0)
    return float(shares.mean()) if len(shares) else math.nan


def run(encoder: Encoder, root: Path, options: SpairOptions) -> dict[str, float]:
    """The recall in percent, the mean over classes, by the difference of viewpoint and of all."""
    options.check()
    pairs = read_pairs(root, options.split)
    by_class: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_class.setdefault(pair.category, []).append(pair)
    recalls = []
    for category in shown(sorted(by_class), total=len(by_class), title="classes"):
        features = Features(encoder, root, options)
        kinds = [
            [pair for pair in by_class[category] if viewpoint in (None, pair.viewpoint)]
            for viewpoint in VIEWPOINTS
        ]
        chosen = [drawn(kind, number=options.pairs, seed=options.seed) for kind in kinds]
        recalls.append([recall(features, kind) for kind in chosen])
    values = np.array(recalls)
    if np.isnan(values).all():
        raise DataError(f"{root}: no keypoint is seen in both pictures of a pair.")
    found = {}
    for place, viewpoint in enumerate(VIEWPOINTS):
        column = values[:, place][~np.isnan(values[:, place])]
        name = "all" if viewpoint is None else f"viewpoint_{viewpoint}"
        found[name] = 100 * float(column.mean()) if len(column) else math.nan
    return found


EVALUATION = Evaluation(
    name="spair",
    title="SPair-71k, semantic correspondence",
    run=run,
    metrics={
        "all": Metric(title="recall, all pairs"),
        "viewpoint_0": Metric(title="recall, like viewpoints"),
        "viewpoint_1": Metric(title="recall, viewpoints that differ"),
        "viewpoint_2": Metric(title="recall, viewpoints that differ much"),
    },
    layout=(
        "SPair-71k unpacked: PairAnnotation/{trn,val,test}/*.json, ImageAnnotation/<class>/*.json, "
        "JPEGImages/<class>/*.jpg"
    ),
    root="data/spair",
    options=SpairOptions,
    paper=paper_rows(all="spair"),
    open_points=(
        "The paper does not say which of Probe3D's numbers it prints: the recall over all pairs is "
        "taken for it.",
        "Probe3D lists files in the order of the file system before it draws pairs, so that its "
        "pairs are not known; here they are sorted by name first.",
        "Probe3D places a patch at its corner, half a patch off; spair.corrected_places=true puts "
        "it at its centre.",
        "Tokens are taken before the last normalisation, as Probe3D does with SigLIP; the paper "
        "does not say. spair.final_norm=true takes them after it.",
        "Pictures are normalised as the encoder was trained, where Probe3D takes the mean and "
        "deviation of ImageNet for all.",
    ),
    speed=("cache_mb",),
)
