"""mmdet's metrics for COCO on the evaluation that runs in Rust."""

from collections.abc import Iterator
from contextlib import contextmanager

from mmdet.evaluation.metrics import coco_metric

from argus.coco_evaluation.average_precision import FastCOCOeval


@contextmanager
def fast_coco() -> Iterator[None]:
    """Let ``CocoMetric``, and what derives from it, evaluate by :class:`FastCOCOeval`."""
    before = coco_metric.COCOeval
    coco_metric.COCOeval = FastCOCOeval
    try:
        yield
    finally:
        coco_metric.COCOeval = before
