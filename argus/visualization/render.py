"""One picture of one task's answer, chosen by the fields of the data sample.

A new kind of answer registers a renderer:

    register_renderer("flow", matches=has_flow, draw=render_flow)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.structures import BaseDataElement

from argus.errors import ConfigError, DataError
from argus.visualization.anomaly import has_anomaly, render_anomaly
from argus.visualization.boundary import has_boundary, render_boundary
from argus.visualization.canvas import Canvas
from argus.visualization.classification import has_classification, render_classification
from argus.visualization.depth import has_depth, render_depth
from argus.visualization.instances import has_instances, render_instances
from argus.visualization.keypoints import has_keypoints, render_keypoints
from argus.visualization.normals import has_normals, render_normals
from argus.visualization.palette import RGB
from argus.visualization.panoptic import has_panoptic, render_panoptic
from argus.visualization.saliency import has_saliency, render_saliency
from argus.visualization.sample_arrays import annotation_size
from argus.visualization.semantic import has_semantic, render_semantic
from argus.visualization.sheet import side_by_side
from argus.visualization.style import Style

Matcher = Callable[[Any], bool]
Drawer = Callable[[Canvas, list[Any], Style], None]


@dataclass(frozen=True)
class Renderer:
    """How one kind of answer is recognised and drawn.

    Args:
        matches: Whether a data sample holds such an answer, predicted or true.
        draw: Draws the samples of one image on a canvas.
        hides_image: Whether nothing of the image is left in the picture.
    """

    matches: Matcher
    draw: Drawer
    hides_image: bool = False


# Tried in this order: a pose also has boxes, a panoptic model also gives instances.
RENDERERS: dict[str, Renderer] = {
    "keypoints": Renderer(has_keypoints, render_keypoints),
    "panoptic": Renderer(has_panoptic, render_panoptic),
    "instances": Renderer(has_instances, render_instances),
    "depth": Renderer(has_depth, render_depth, hides_image=True),
    "normals": Renderer(has_normals, render_normals, hides_image=True),
    "boundary": Renderer(has_boundary, render_boundary),
    "saliency": Renderer(has_saliency, render_saliency),
    "anomaly": Renderer(has_anomaly, render_anomaly),
    "semantic": Renderer(has_semantic, render_semantic),
    "classification": Renderer(has_classification, render_classification),
}


def register_renderer(
    kind: str, *, matches: Matcher, draw: Drawer, hides_image: bool = False
) -> None:
    """Add a kind of picture; it is tried before those that are already there.

    Args:
        kind: Its name.
        matches: As for :class:`Renderer`; so are the others.
        draw: Draws the samples.
        hides_image: Whether :func:`compare` shows the image, too.

    Raises:
        ConfigError: The kind exists.
    """
    if kind in RENDERERS:
        raise ConfigError(f"visualization: the kind {kind!r} is registered already; rename one.")
    known = dict(RENDERERS)
    RENDERERS.clear()
    RENDERERS.update({kind: Renderer(matches, draw, hides_image)} | known)


def render(
    image_rgb: np.ndarray,
    data_sample: Any | Sequence[Any],
    *,
    kind: str | None = None,
    classes: Sequence[str],
    palette: Sequence[RGB] | None = None,
    source: str = "pred",
    skeleton: Sequence[tuple[int, int]] | None = None,
    score_threshold: float = 0.3,
) -> np.ndarray:
    """Draw a prediction, or the ground truth, on an image.

    Coordinates, masks and label maps refer to the original image (``ori_shape`` of the sample);
    ``image_rgb`` may be a resized copy of it. A picture with a short side under 512 px is enlarged.

    Args:
        image_rgb: ``(H, W, 3)`` uint8.
        data_sample: A data sample of mmdet, mmseg, mmpose or mmpretrain, or several of one image.
        kind: A key of ``RENDERERS``; ``None`` to choose by the fields of the sample.
        classes: Class names; for keypoints the keypoint names.
        palette: RGB colour by label; ``None`` for the default.
        source: ``pred`` or ``gt``.
        skeleton: Pairs of keypoint indices; ``None`` for COCO's if there are 17 keypoints.
        score_threshold: Predictions below it are not drawn.

    Returns:
        RGB ``(H', W', 3)`` uint8.

    Raises:
        ConfigError: ``kind`` or ``source`` is unknown.
        DataError: ``image_rgb`` is no RGB uint8 image, or no renderer knows the sample.
    """
    samples = list(data_sample) if isinstance(data_sample, list | tuple) else [data_sample]
    if source not in ("pred", "gt"):
        raise ConfigError(f"visualization: source must be 'pred' or 'gt', found {source!r}.")
    if kind is not None and kind not in RENDERERS:
        raise ConfigError(
            f"visualization: kind {kind!r} is unknown; use one of {sorted(RENDERERS)}."
        )
    style = Style(
        classes=classes,
        palette=palette,
        source=source,
        skeleton=skeleton,
        score_threshold=score_threshold,
    )
    size = annotation_size(samples[0]) if samples else None
    canvas = Canvas(image_rgb, size)
    if samples:
        RENDERERS[kind or find_kind(samples[0])].draw(canvas, samples, style)
    return canvas.to_array()


def compare(image_rgb: np.ndarray, data_sample: Any | Sequence[Any], **options: Any) -> np.ndarray:
    """Ground truth and prediction side by side, with captions.

    Beside kinds of pictures that hide the image, and in place of a missing ground truth, stands the
    image.

    Args:
        image_rgb: ``(H, W, 3)`` uint8.
        data_sample: As for :func:`render`.
        options: As for :func:`render`, without ``source``.

    Returns:
        RGB ``(H', W', 3)`` uint8.
    """
    # First: it checks the options.
    prediction = render(image_rgb, data_sample, source="pred", **options)
    samples = list(data_sample) if isinstance(data_sample, list | tuple) else [data_sample]
    has_truth = any(_has_truth(sample) for sample in samples)
    pictures: dict[str, np.ndarray] = {}
    if not has_truth:
        pictures["image (no ground truth)"] = Canvas(image_rgb).to_array()
    else:
        pictures |= truth_pictures(image_rgb, data_sample, **options)
    pictures["prediction"] = prediction
    return side_by_side(list(pictures.values()), list(pictures))


def truth_pictures(
    image_rgb: np.ndarray, data_sample: Any | Sequence[Any], **options: Any
) -> dict[str, np.ndarray]:
    """The ground truth by its caption, after the image itself where nothing of it is left.

    Args:
        image_rgb: ``(H, W, 3)`` uint8.
        data_sample: As for :func:`render`.
        options: As for :func:`render`, without ``source``.
    """
    truth = render(image_rgb, data_sample, source="gt", **options)
    first = data_sample[0] if isinstance(data_sample, list | tuple) else data_sample
    if RENDERERS[options.get("kind") or find_kind(first)].hides_image:
        return {"image": Canvas(image_rgb).to_array(), "ground truth": truth}
    return {"ground truth": truth}


def _has_truth(sample: Any) -> bool:
    """Whether a sample has any label; mmdet's packers add empty ``gt_instances`` without one."""
    return any(
        key.startswith("gt_") and not (isinstance(value, BaseDataElement) and not value.keys())
        for key, value in sample.items()
    )


def find_kind(sample: Any) -> str:
    """The first kind of picture that fits the fields of a sample.

    Raises:
        DataError: None fits.
    """
    for kind, renderer in RENDERERS.items():
        if renderer.matches(sample):
            return kind
    raise DataError(
        f"visualization: no renderer for a {type(sample).__name__} with the fields "
        f"{list(sample.keys())}; known kinds are {sorted(RENDERERS)}. Name one by kind=..., or add "
        "one by register_renderer."
    )
