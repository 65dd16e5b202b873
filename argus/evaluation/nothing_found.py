"""COCO's evaluation where nothing at all was found: an AP of 0, not the lack of one.

pycocotools and xtcocotools look at the first result to tell which kind it is, and so fail without
any. mmdet then reports no metric, mmpose lets the error through: a detector that is not sure of
anything yet would end its training.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pycocotools.coco
import xtcocotools.coco

_CLASSES = (pycocotools.coco.COCO, xtcocotools.coco.COCO)


@contextmanager
def results_may_be_empty() -> Iterator[None]:
    """Let ``COCO.loadRes`` of both packages take a list, or a file, of no results."""
    loaders = [kind.loadRes for kind in _CLASSES]
    try:
        for kind, load in zip(_CLASSES, loaders, strict=True):
            kind.loadRes = _accepting_none(load)
        yield
    finally:
        for kind, load in zip(_CLASSES, loaders, strict=True):
            kind.loadRes = load


def _accepting_none(load: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def load_results(truth: Any, results: Any) -> Any:
        if isinstance(results, str):
            results = json.loads(Path(results).read_text(encoding="utf-8"))
        if not isinstance(results, list) or results:
            return load(truth, results)
        found = type(truth)()
        found.dataset = {**truth.dataset, "annotations": []}
        found.createIndex()
        return found

    return load_results
