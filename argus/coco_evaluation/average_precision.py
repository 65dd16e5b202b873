"""COCO's average precision, computed by hotcoco with the numbers of pycocotools.

pycocotools matches in Python loops: minutes for what hotcoco, in Rust, does in seconds. Precision,
recall and scores are equal bit by bit. ``ARGUS_COCO_EVAL=pycocotools`` computes as before.

Sources: https://cocodataset.org/#detection-eval; https://github.com/derekallman/hotcoco.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import hotcoco
import numpy as np
from pycocotools import cocoeval

from argus.errors import ConfigError

VARIABLE = "ARGUS_COCO_EVAL"
_CHOICES = ("hotcoco", "pycocotools")
_KINDS = ("bbox", "segm", "keypoints")


class FastCOCOeval(cocoeval.COCOeval):  # type: ignore[misc]
    """``pycocotools.cocoeval.COCOeval`` whose evaluation runs in Rust.

    After :meth:`accumulate`, ``eval`` and ``summarize`` are as ever. The lists of single pictures,
    ``evalImgs`` and ``ious``, are not made: they are ``None``.
    """

    def evaluate(self) -> None:
        """Match results with annotations.

        Raises:
            ConfigError: ``ARGUS_COCO_EVAL`` names no evaluation.
        """
        params = self.params
        self._fast: Any = None
        if not _is_wanted() or params.iouType not in _KINDS:
            super().evaluate()
            return
        params.imgIds = list(np.unique(params.imgIds))
        if params.useCats:
            params.catIds = list(np.unique(params.catIds))
        params.maxDets = sorted(params.maxDets)
        self._prepare()
        self._fast = hotcoco.COCOeval(
            self._table(self._gts), self._table(self._dts), params.iouType
        )
        self._fast.params = self._fast_params()
        self._fast.evaluate()
        self.evalImgs: Any = None
        self.ious: Any = None

    def accumulate(self, p: Any = None) -> None:
        """Make ``eval``: precision (T, R, K, A, M), recall (T, K, A, M) and scores.

        Args:
            p: Other parameters than ``params``, which is pycocotools' alone.
        """
        if self._fast is None:
            super().accumulate(p)
            return
        assert p is None, "parameters are those of the evaluation"
        self._fast.accumulate()
        found = self._fast.eval
        self.eval = dict(params=self.params, counts=list(found["precision"].shape))
        self.eval.update({key: found[key] for key in ("precision", "recall", "scores")})

    def _fast_params(self) -> Any:
        ours, params = self.params, self._fast.params
        params.img_ids = list(range(len(ours.imgIds)))
        params.cat_ids = list(range(len(ours.catIds) if ours.useCats else 1))
        params.max_dets = [int(number) for number in ours.maxDets]
        params.iou_thrs = [float(value) for value in ours.iouThrs]
        params.rec_thrs = [float(value) for value in ours.recThrs]
        params.area_rng = [[float(value) for value in bounds] for bounds in ours.areaRng]
        params.area_rng_lbl = list(ours.areaRngLbl)
        params.use_cats = True
        if ours.iouType == "keypoints":
            params.kpt_oks_sigmas = [float(value) for value in ours.kpt_oks_sigmas]
        return params

    def _table(self, found: Mapping[tuple[Any, Any], Sequence[Mapping[str, Any]]]) -> Any:
        """What ``_prepare`` collected, numbered anew: ids may be texts, or 0 for "none"."""
        params = self.params
        images = {number: index for index, number in enumerate(params.imgIds)}
        classes = {number: index for index, number in enumerate(params.catIds)}
        places = sorted((images[image], classes[name], (image, name)) for image, name in found)
        annotations = [
            dict(
                image_id=image,
                category_id=category if params.useCats else 0,
                **_numbers(entry, params.iouType),
            )
            for image, category, key in places
            for entry in found[key]
        ]
        for number, annotation in enumerate(annotations, start=1):
            annotation["id"] = number
        return hotcoco.COCO(
            dict(
                images=[dict(id=index, width=0, height=0) for index in range(len(params.imgIds))],
                categories=[dict(id=i, name=str(i)) for i in range(len(params.catIds))],
                annotations=annotations,
            )
        )


def _is_wanted() -> bool:
    name = os.environ.get(VARIABLE) or _CHOICES[0]
    if name not in _CHOICES:
        raise ConfigError(f"{VARIABLE} expected one of {', '.join(_CHOICES)}, found {name!r}.")
    return name == _CHOICES[0]


def _numbers(entry: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What the matching reads of an annotation or result."""
    found: dict[str, Any] = dict(area=float(entry["area"]), iscrowd=int(entry.get("iscrowd", 0)))
    if "score" in entry:
        found["score"] = float(entry["score"])
    if kind == "segm":
        mask = entry["segmentation"]
        counts = mask["counts"]
        counts = counts.decode() if isinstance(counts, bytes) else counts
        return {**found, "segmentation": dict(size=list(mask["size"]), counts=counts)}
    found["bbox"] = [float(value) for value in entry["bbox"]]
    if kind == "keypoints":
        found["keypoints"] = [float(value) for value in entry["keypoints"]]
        found["num_keypoints"] = 0 if entry.get("ignore") else 1  # 0 is not counted
    return found
