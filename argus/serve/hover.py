"""What the page tells of the point under the mouse: one small map of values per answer.

A dense answer becomes a picture whose colours are codes (red * 65536 + green * 256 + blue), at most
``SIDE_PX`` long, and the words that turn a code into text; ``viewer.js`` decodes it, so that the
server is not asked while the mouse moves.
"""

from functools import singledispatch
from typing import Any

import numpy as np

from argus.results.anomaly import Anomaly
from argus.results.base import TaskResult
from argus.results.classification import Classification
from argus.results.depth import DepthMap
from argus.results.instances import Instances
from argus.results.normals import NormalMap
from argus.results.panoptic import PanopticMap
from argus.results.poses import Poses
from argus.results.probability import ProbabilityMap
from argus.results.semantic import SemanticMap
from argus.serve.pictures import pick, picked, png_url

Values = dict[str, Any]

SIDE_PX = 384
NOTHING = "nothing"
_LEVELS = 65534  # of a number; the code 0 is unknown


@singledispatch
def values_of(result: TaskResult) -> Values:
    """The values of an answer; one of a new kind has none until it is registered here.

    Args:
        result: An answer of any kind.

    Returns:
        JSON-able, with ``type``: ``labels`` (``texts`` by code), ``number`` (``low`` and ``high``
        at the codes 1 and 65535, ``unit``, ``digits``), ``vector`` (x, y, z in the three bytes,
        -1 at 1 and 1 at 255), ``points`` (x and y in [0, 1], text), ``text``. The first three have
        a ``map``: the codes as a PNG in a data URL.
    """
    return dict(type="text", text="")


@values_of.register
def _(result: Instances) -> Values:
    rows, columns = picked(*result.size, SIDE_PX)
    codes = np.zeros((len(rows), len(columns)), dtype=np.int64)
    # Large first, so that what lies in front or inside is found.
    areas = (result.boxes[:, 2:] - result.boxes[:, :2]).prod(axis=1)
    for i in np.argsort(-areas, kind="stable"):
        if result.masks is not None:
            inside = result.masks[i][np.ix_(rows, columns)]
        else:
            x0, y0, x1, y1 = result.boxes[i]
            inside = ((rows >= y0) & (rows < y1))[:, None] & (columns >= x0) & (columns < x1)
        codes[inside] = i + 1
    pairs = zip(result.labels, result.scores, strict=True)
    texts = [f"{result.name(int(label))} {score:.2f}" for label, score in pairs]
    return dict(type="labels", texts=[NOTHING, *texts], map=_encode(codes))


@values_of.register
def _(result: SemanticMap) -> Values:
    labels = pick(result.labels, SIDE_PX).astype(np.int64)
    # 255 and other labels without a name are ignored pixels.
    codes = np.where(labels < len(result.classes), labels + 1, 0)
    return dict(type="labels", texts=[NOTHING, *result.classes], map=_encode(codes))


@values_of.register
def _(result: PanopticMap) -> Values:
    scores = ("" if s.score is None else f" {s.score:.2f}" for s in result.segments)
    texts = [s.name + score for s, score in zip(result.segments, scores, strict=True)]
    codes = pick(result.segment_ids, SIDE_PX).astype(np.int64)  # they count from 1
    return dict(type="labels", texts=[NOTHING, *texts], map=_encode(codes))


@values_of.register
def _(result: DepthMap) -> Values:
    return _number(result.metres, unit=" m")


@values_of.register
def _(result: ProbabilityMap) -> Values:
    return _number(result.probability)


@values_of.register
def _(result: Anomaly) -> Values:
    return _number(result.heat, unit=f" here, {result.score:.2f} in all")


@values_of.register
def _(result: NormalMap) -> Values:
    vectors = pick(result.vectors, SIDE_PX)
    known = np.isfinite(vectors).all(axis=2) & vectors.any(axis=2)
    axes = np.rint(128 + 127 * np.nan_to_num(vectors).clip(-1, 1)).astype(np.int64)
    return dict(type="vector", map=_encode(np.where(known, axes @ [65536, 256, 1], 0)))


@values_of.register
def _(result: Poses) -> Values:
    height, width = result.size
    points = [
        [float(x) / width, float(y) / height, f"{result.name(k)} {score:.2f}"]
        for pose, scores in zip(result.keypoints, result.keypoint_scores, strict=True)
        for k, ((x, y), score) in enumerate(zip(pose, scores, strict=True))
    ]
    return dict(type="points", points=points)


@values_of.register
def _(result: Classification) -> Values:
    name, _, probability = result.top(1)[0]
    return dict(type="text", text=f"{name} {probability:.2f}")


def _number(values: np.ndarray, *, unit: str = "", digits: int = 2) -> Values:
    values = pick(values, SIDE_PX).astype(np.float64)
    known = np.isfinite(values)
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 0.0)
    share = (np.where(known, values, low) - low) / max(high - low, 1e-12)
    codes = np.where(known, 1 + np.rint(share * _LEVELS).astype(np.int64), 0)
    limits = dict(low=float(low), high=float(high))
    return dict(type="number", **limits, unit=unit, digits=digits, map=_encode(codes))


def _encode(codes: np.ndarray) -> str:
    """Codes below 2 ** 24 ``(H, W)`` as the colours of a PNG, in a data URL."""
    colors = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=-1)
    return png_url(colors.astype(np.uint8))
