"""Average precision of poses, by the similarity of keypoints; pycocotools' for any keypoints.

Source: https://cocodataset.org/#keypoints-eval, with the constants of each keypoint given (those of
COCO's seventeen otherwise), with the parts of a whole body
(https://arxiv.org/abs/2007.11858) and with CrowdPose's easy, medium and hard pictures
(https://arxiv.org/abs/1812.00324). An annotation may be numbered 0.
"""

import io
from collections import defaultdict
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from argus.coco_evaluation.average_precision import FastCOCOeval
from argus.errors import ConfigError

_WHOLE_BODY = ("keypoints", "foot_kpts", "face_kpts", "lefthand_kpts", "righthand_kpts")
# What is evaluated by kind: keys of an annotation, and the key of a result's score.
KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    "keypoints": (("keypoints",), "score"),
    "keypoints_crowd": (("keypoints",), "score"),
    "keypoints_body": (("keypoints",), "score"),
    "keypoints_foot": (("foot_kpts",), "foot_score"),
    "keypoints_face": (("face_kpts",), "face_score"),
    "keypoints_lefthand": (("lefthand_kpts",), "lefthand_score"),
    "keypoints_righthand": (("righthand_kpts",), "righthand_score"),
    "keypoints_wholebody": (_WHOLE_BODY, "wholebody_score"),
}
BODY_PER_BOX = 0.53  # the area of a person in its box, where the annotations have none
CROWD_INDEX = (-np.inf, 0.2, 0.8, np.inf)  # from which on a picture is easy, medium, hard


class COCOeval(FastCOCOeval):
    """Evaluation of results against annotations.

    Args:
        cocoGt: The annotations.
        cocoDt: The results, ``cocoGt.loadRes``.
        iouType: One of :data:`KINDS`.
        sigmas: (K,), the spread of each keypoint among annotators, in square roots of areas.
        use_area: Whether annotations have areas in pixels; a share of their boxes otherwise.

    Raises:
        ConfigError: Another kind.
    """

    def __init__(
        self,
        cocoGt: Any = None,
        cocoDt: Any = None,
        iouType: str = "keypoints",
        sigmas: ArrayLike | None = None,
        use_area: bool = True,
    ) -> None:
        if iouType not in KINDS:
            raise ConfigError(
                f"The evaluation of poses expected iou_type to be one of {', '.join(KINDS)}, found "
                f"{iouType!r}. Masks and boxes are evaluated by mmdet's CocoMetric."
            )
        super().__init__(cocoGt, cocoDt, "keypoints")
        if sigmas is not None:
            self.params.kpt_oks_sigmas = np.asarray(sigmas)
        self.stats: ArrayLike = []
        self.kind = iouType
        self.use_area = use_area

    def _prepare(self) -> None:
        """Copies of annotations and results, by image and category, as pycocotools reads them."""
        keys, score = KINDS[self.kind]
        self._gts, self._dts = defaultdict(list), defaultdict(list)
        # pycocotools takes the number 0 for "none"; numbers are not looked at otherwise.
        for number, found in enumerate(self._annotations(self.cocoGt), start=1):
            truth = {**found, "keypoints": _joined(found, keys), "id": number}
            truth.setdefault("iscrowd", 0)
            if not self.use_area or "area" not in truth:
                truth["area"] = truth["bbox"][2] * truth["bbox"][3] * BODY_PER_BOX
            # CrowdPose counts the visible ones among the labelled.
            counts = self.kind == "keypoints_crowd"
            labelled = found["num_keypoints"] if counts else _labelled(truth)
            truth["ignore"] = bool(truth["iscrowd"]) or labelled == 0
            self._gts[truth["image_id"], truth["category_id"]].append(truth)
        for found in self._annotations(self.cocoDt):
            result = {**found, "keypoints": _joined(found, keys)}
            result["score"] = found.get(score, found["score"])
            if _labelled(result):
                self._dts[result["image_id"], result["category_id"]].append(result)
        self.evalImgs = []
        self.eval: dict[str, Any] = {}

    def _annotations(self, coco: Any) -> list[dict[str, Any]]:
        categories = self.params.catIds if self.params.useCats else []
        numbers = coco.getAnnIds(imgIds=self.params.imgIds, catIds=categories)
        annotations: list[dict[str, Any]] = coco.loadAnns(numbers)
        return annotations

    def summarize(self) -> None:
        """Print the numbers and keep them in ``stats``.

        Ten: AP, AP at 0.5 and 0.75, AP of medium and large people, then the recalls likewise. Nine
        for CrowdPose: AP, AP at 0.5 and 0.75, the recalls likewise, AP of easy, medium and hard
        pictures.
        """
        super().summarize()
        if self.kind == "keypoints_crowd":
            all_people = np.asarray(self.stats)[[0, 1, 2, 5, 6, 7]]
            self.stats = np.concatenate([all_people, self._by_crowd_index()])

    def _by_crowd_index(self) -> list[float]:
        images = self.cocoGt.dataset["images"]
        precisions = []
        for low, high in zip(CROWD_INDEX, CROWD_INDEX[1:], strict=False):
            chosen = [image["id"] for image in images if low <= image["crowdIndex"] < high]
            self.params.imgIds = chosen
            with redirect_stdout(io.StringIO()):
                self.evaluate()
                self.accumulate()
            precisions.append(round(float(np.mean(self.eval["precision"][:, :, :, 0, :])), 4))
        for name, precision in zip(("easy", "medium", "hard"), precisions, strict=True):
            print(f" Average Precision  (AP) @[ IoU=0.50:0.95 | type={name:>6s} ] = {precision}")
        return precisions


def _joined(annotation: dict[str, Any], keys: Sequence[str]) -> list[float]:
    return [value for key in keys for value in annotation[key]]


def _labelled(annotation: dict[str, Any]) -> int:
    """How many keypoints have a visibility above 0."""
    return int(np.count_nonzero(np.asarray(annotation["keypoints"])[2::3] > 0))
