"""Label maps that a pipeline reads in a way of its own are judged by what it gives."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmcv.transforms import BaseTransform
from PIL import Image

from argus.registry import TRANSFORMS
from argus.tasks.ignored_label import ignored_label
from tests.datasets.label_sets import SQUARE, semantic, write_maps
from tests.engine.checks.test_learnable import messages_of


@TRANSFORMS.register_module()
class ReadsHalf(BaseTransform):
    """A user's own loader: the label is half of what is stored."""

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        stored = np.array(Image.open(results["seg_map_path"]))
        results["gt_seg_map"] = stored.astype(np.int64) // 2
        return results


@TRANSFORMS.register_module()
class ReadsMost(ReadsHalf):
    """Another, which fails where a 1 is stored."""

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        found = super().transform(results)
        if (np.array(Image.open(results["seg_map_path"])) == 1).any():
            raise KeyError("one")
        return found


OWN = dict(type=ReadsHalf)
DET = dict(type="mmdet.LoadAnnotations", with_bbox=False, with_label=False, with_seg=True)


def with_step(config: dict[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    config["pipeline"][1] = step
    return config


def test_own_loader__its_labels_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = with_step(semantic(write_maps(tmp_path / "a", [SQUARE * 2] * 2)), OWN)
    assert messages_of(right, monkeypatch) == ("", [])
    # 1 is halved to 0: what the files hold would do, but nothing is left of it.
    lost = with_step(semantic(write_maps(tmp_path / "b", [SQUARE] * 2)), OWN)
    error, _ = messages_of(lost, monkeypatch)
    assert error.startswith("nothing to learn: all 160 pixels are of one class, 'background'")


def test_own_loader__labels_that_are_no_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = [SQUARE * 2, SQUARE * 10, SQUARE * 12]
    config = with_step(semantic(write_maps(tmp_path, maps)), OWN)
    error, _ = messages_of(config, monkeypatch, is_ordered=False)
    assert (
        "labels [" in error and "out of range, as ReadsHalf gives them: expected 0..1 or" in error
    )
    assert "found in 16 pixels; and 1 other label map" in error


def test_own_loader__what_cannot_be_judged_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = semantic(write_maps(tmp_path, [SQUARE * 2, SQUARE * 3, SQUARE]))
    error, (warning,) = messages_of(with_step(config, dict(type=ReadsMost)), monkeypatch)
    assert not error
    assert "could not be judged in 1 sample (KeyError: 'one')" in warning


@pytest.mark.parametrize("value", [0, 1])
def test_stock_loader__with_its_own_reduction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: int
) -> None:
    # 0 is void, 1 and 2 are the classes; or 0 and 1 are, and the first is lost.
    config = semantic(write_maps(tmp_path, [SQUARE + (1 - value)] * 2))
    error, _ = messages_of(with_step(config, DET | dict(reduce_zero_label=True)), monkeypatch)
    assert ("nothing to learn" in error) == bool(value)


def test_stock_loader__that_ignores_another_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    void = np.full_like(SQUARE, 7)
    config = semantic(write_maps(tmp_path, [SQUARE, void]))
    assert "labels [7] out of range" in messages_of(with_step(config, DET), monkeypatch)[0]
    assert messages_of(with_step(config, DET | dict(ignore_index=7)), monkeypatch) == ("", [])


def test_stock_loader__labels_that_are_no_classes_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = semantic(write_maps(tmp_path, [SQUARE, SQUARE * 5]))
    error, _ = messages_of(with_step(config, dict(type="mmseg.LoadAnnotations")), monkeypatch)
    assert "1.png: labels [5] out of range: expected 0..1 or 255" in error


@pytest.mark.parametrize("load", [None, OWN])
def test_decoder__that_ignores_a_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: dict[str, Any] | None
) -> None:
    decoder = dict(type="mmseg.EncoderDecoder", decode_head=dict(ignore_index=0))
    assert ignored_label(decoder) == 0 and ignored_label(dict(decode_head=[{}])) == 255
    factor = 1 if load is None else 2
    config = semantic(write_maps(tmp_path, [SQUARE * factor] * 2))
    config = config if load is None else with_step(config, load)
    error, _ = messages_of(config, monkeypatch, decoder=decoder)
    assert "all 32 pixels are of one class, 'cup'" in error
    assert "the decoder ignores label 0, 'background' (its ignore_index)" in error


def test_decoder__that_takes_255_for_a_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = dict(type="mmseg.EncoderDecoder", decode_head=dict(ignore_index=200))
    config = semantic(write_maps(tmp_path, [SQUARE, np.full_like(SQUARE, 255)]))
    error, _ = messages_of(config, monkeypatch, decoder=decoder)
    assert error == (
        "80 pixels are 255, for what is ignored, but the decoder ignores 200: 255 would be a "
        "class. Set ignore_index=255 of decode_head"
    )


def test_stock_loader__makes_a_line_of_a_thin_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = semantic(write_maps(tmp_path, [SQUARE, SQUARE[:, 4:5].copy()]))
    assert messages_of(config, monkeypatch) == ("", [])
    error, (warning,) = messages_of(with_step(config, DET), monkeypatch)
    assert not error and warning.startswith("1 label map (e.g. ")
    assert "1.png) of one pixel's width or height, of which a stock loader makes a line" in warning
