"""The result class that fits a data sample."""

from collections.abc import Sequence
from typing import Any

from argus.errors import DataError
from argus.results.anomaly import Anomaly
from argus.results.base import TaskResult
from argus.results.boundary import Boundary
from argus.results.classification import Classification
from argus.results.depth import DepthMap
from argus.results.instances import Instances
from argus.results.normals import NormalMap
from argus.results.panoptic import PanopticMap
from argus.results.poses import Poses
from argus.results.saliency import Saliency
from argus.results.semantic import SemanticMap
from argus.visualization import find_kind
from argus.visualization.palette import RGB

RESULTS: dict[str, type[TaskResult]] = {
    result.kind: result
    for result in (
        Instances,
        Poses,
        SemanticMap,
        PanopticMap,
        Classification,
        DepthMap,
        NormalMap,
        Boundary,
        Saliency,
        Anomaly,
    )
}


def result_from_sample(
    sample: Any,
    *,
    task: str,
    classes: Sequence[str],
    palette: Sequence[RGB] | None = None,
    score_threshold: float = 0.0,
    skeleton: Sequence[tuple[int, int]] | None = None,
) -> TaskResult:
    """The prediction of a data sample, as the class that its fields ask for.

    Args:
        sample: A data sample of mmdet, mmseg, mmpose, mmpretrain or Argus, or a list of those of
            one image.
        task: Name of the task.
        classes: Names by label; of the keypoints for poses.
        palette: RGB by label.
        score_threshold: Instances with a lower score are left out.
        skeleton: Pairs of keypoint indices, for poses; ``None`` for COCO's where it fits.

    Raises:
        DataError: No class fits, or the sample holds no prediction.
    """
    first = sample[0] if isinstance(sample, (list, tuple)) else sample
    kind = find_kind(first)
    if kind not in RESULTS:
        raise DataError(
            f"task {task!r}: there is no result class for the kind {kind!r}, only for "
            f"{sorted(RESULTS)}. Add one to argus.results.from_sample.RESULTS."
        )
    options: dict[str, Any] = dict(
        task=task, classes=classes, palette=palette, score_threshold=score_threshold
    )
    if kind == Poses.kind:
        return Poses.from_sample(sample, skeleton=skeleton, **options)
    return RESULTS[kind].from_sample(sample, **options)
