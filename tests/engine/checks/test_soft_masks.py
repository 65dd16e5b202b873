"""Masks of defects with soft edges are told before the first step, once for the data set."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.dataset import ConcatDataset
from mmengine.logging import MMLogger
from PIL import Image

from argus.datasets.mvtec_ad import MVTecAD
from argus.datasets.transforms import LoadAnomalyMask, LoadImage, PackDense
from argus.engine.loading.loaders import build_eval_loader
from argus.tasks import EvalData


def write(root: Path, *edges: int, **options: Any) -> dict[str, Any]:
    """A data set of pictures with a defect, whose mask has an edge of a grey value."""
    for folder in ("good", "cut"):
        (root / "cup/test" / folder).mkdir(parents=True)
    (root / "cup/ground_truth/cut").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(root / "cup/test/good/0.png")
    for number, edge in enumerate(edges):
        Image.new("RGB", (8, 8)).save(root / f"cup/test/cut/{number}.png")
        values = np.zeros((8, 8), np.uint8)
        values[2:6, 2:6] = 255
        values[2, 2:6] = edge
        Image.fromarray(values).save(root / f"cup/ground_truth/cut/{number}_mask.png")
    return dict(
        type=MVTecAD,
        data_root=str(root),
        categories=["cup"],
        split="test",
        pipeline=[
            dict(type=LoadImage),
            dict(type=LoadAnomalyMask, **options),
            dict(type=PackDense),
        ],
    )


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    warnings: list[str] = []
    monkeypatch.setattr(MMLogger, "warning", lambda self, text: warnings.append(text))
    return warnings


def prepare(config: dict[str, Any]) -> None:
    data = EvalData(dataset=config, num_workers=0)
    build_eval_loader(data, task="toy", part="val", seed=0)


def test_soft_masks__are_told_once(tmp_path: Path, told: list[str]) -> None:
    prepare(write(tmp_path, 255, 100, 30))
    (text,) = told
    assert text.startswith("tasks.toy.val.dataset: of 3 masks, 2 masks (e.g. ")
    assert "with grey values between black and white" in text and "threshold=127" in text


def test_soft_masks__that_are_hard_or_cut(tmp_path: Path, told: list[str]) -> None:
    prepare(write(tmp_path / "hard", 255, 255))
    prepare(write(tmp_path / "cut", 100, threshold=127))
    assert told == []


def test_soft_masks__of_a_part_without_a_threshold(tmp_path: Path, told: list[str]) -> None:
    parts = [write(tmp_path / "a", 100, threshold=127), write(tmp_path / "b", 100)]
    prepare(dict(type=ConcatDataset, datasets=parts))
    (text,) = told
    assert "of 2 masks, 1 mask (e.g. " in text and "/b/cup/ground_truth" in text
