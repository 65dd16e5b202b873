"""Validation data by which nothing can be measured: an error where a choice is made by them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.logging import MMLogger

from argus.datasets.checks.walk import check_tasks
from argus.datasets.coco import CocoInstances
from argus.engine.checks.data import RunChecks
from argus.engine.checks.measurable import check_measurable, choices_by
from argus.engine.loading.loaders import guarded_dataset
from argus.errors import DataError
from argus.tasks import EvalData
from tests.datasets import toy_coco
from tests.datasets.label_sets import SQUARE, semantic, write_maps
from tests.datasets.toy_coco import annotation

BEST = dict(default_hooks=dict(checkpoint=dict(save_best="toy/bbox_mAP", rule="greater")))
STOP = dict(custom_hooks=[dict(type="EarlyStoppingHook", monitor="toy/bbox_mAP")])
GAIN = dict(
    default_hooks=dict(checkpoint=dict(save_best=["other/x", "multitask/mean_gain"])),
    val_cfg=dict(baseline={"toy/bbox_mAP": 0.5}),
)


def coco(root: Path, *annotations: dict[str, Any]) -> dict[str, Any]:
    toy_coco.write(root, list(annotations))
    metainfo = dict(classes=("person", "car"))
    return toy_coco.config(root, CocoInstances, test_mode=True, metainfo=metainfo)


def void(root: Path) -> dict[str, Any]:
    return semantic(write_maps(root, [np.full_like(SQUARE, 255)] * 2))


def messages(
    config: dict[str, Any], cfg: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> tuple[str, list[str], Any]:
    """The error before the first step, the warnings, and what the check of data finds."""
    warnings: list[str] = []
    monkeypatch.setattr(MMLogger, "warning", lambda self, text: warnings.append(text))
    dataset = guarded_dataset(config, task="toy", part="val", seed=0, strict=True)
    data = EvalData(dataset=config, num_workers=0)
    choices = choices_by(cfg, "toy")
    error = ""
    try:
        check_measurable(dataset, data, where="here", choices=choices, ignore=255)
    except DataError as found:
        error = str(found)
    run = RunChecks(cfg)
    monkeypatch.setattr(run, "sample_errors", lambda *args: [])  # there is no packing here
    (findings,) = check_tasks(dict(toy=dict(val=dict(dataset=config))), run=run)
    return error, warnings, findings


@pytest.mark.parametrize("cfg", [BEST, STOP, GAIN])
@pytest.mark.parametrize("kind", ["objects", "pixels"])
def test_nothing__that_a_choice_is_made_by_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cfg: dict[str, Any], kind: str
) -> None:
    config = coco(tmp_path) if kind == "objects" else void(tmp_path)
    error, warnings, findings = messages(config, cfg, monkeypatch)
    assert error.startswith("here: nothing to measure by: ") and not warnings
    assert "would have no value, by which a checkpoint is chosen" in error
    assert findings.errors == [error.removeprefix("here: ").removesuffix(".")]


def test_nothing__that_no_choice_is_made_by_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dict(default_hooks=dict(checkpoint=dict(save_best="toys/x", rule="less")))
    error, (warning,), findings = messages(coco(tmp_path), other, monkeypatch)
    assert not error and not findings.errors
    assert warning.startswith("here: nothing to measure by: none of its 4 samples has an object")
    assert "'-' in tables, null in files" in warning
    assert any(text.startswith("nothing to measure by") for text in findings.warnings)


@pytest.mark.parametrize("kind", ["objects", "pixels"])
def test_something__is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    one = SQUARE * 0
    maps = semantic(write_maps(tmp_path / "maps", [np.full_like(SQUARE, 255), one]))
    config = coco(tmp_path, annotation(1, 4)) if kind == "objects" else maps
    error, warnings, findings = messages(config, BEST, monkeypatch)
    assert not error and not warnings and not findings.errors
