"""Depth of a tiny random Depth Anything: what it sees, and what is stored of what it says."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from transformers import DPTImageProcessor

from argus.errors import CheckpointError, ConfigError, DataError
from argus.mtv.data.disparity import disparity_in, disparity_members
from argus.mtv.labelling.depth import DepthLabeller, model_size
from argus.mtv.labelling.labeller import Picture
from tests.mtv.labelling import conftest

SIZES = ((70, 100), (100, 70), (64, 64), (70, 100))


def smooth(height: int, width: int, seed: int) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


@pytest.fixture(scope="module")
def labeller(teachers: dict[str, str]) -> DepthLabeller:
    return DepthLabeller(model=teachers["depth"], short_side=56, stored_side=50)


def test_size__has_the_short_side_and_whole_patches() -> None:
    assert model_size((480, 640), 518, 14) == (518, 686)
    assert model_size((1000, 700), 518, 14) == (742, 518)
    for seed in range(200):
        height, width = np.random.default_rng(seed).integers(200, 1200, 2).tolist()
        rows, columns = model_size((height, width), 518, 14)
        assert min(rows, columns) == 518 and rows % 14 == columns % 14 == 0
        long, scale = max(rows, columns), 518 / min(height, width)
        assert abs(long - scale * max(height, width)) <= 7
    # The processor of transformers agrees where a picture gets smaller.
    processor = DPTImageProcessor(
        size=dict(height=518, width=518), keep_aspect_ratio=True, ensure_multiple_of=14
    )
    for size in ((600, 800), (1024, 700), (777, 530)):
        found = processor(images=np.zeros((*size, 3), np.uint8), return_tensors="pt")
        assert found["pixel_values"].shape[2:] == model_size(size, 518, 14)


def test_depth__stored_is_what_the_model_says(labeller: DepthLabeller) -> None:
    """Against transformers' own processor and model, and alone as in a batch of its size."""
    pictures = [smooth(*size, seed) for seed, size in enumerate(SIZES)]
    prepared = [labeller.prepare(Picture(pixels=pixels)) for pixels in pictures]
    assert [labeller.bucket(one) for one in prepared] == [
        (3, 56, 84),
        (3, 84, 56),
        (3, 56, 56),
        (3, 56, 84),
    ]
    batched = labeller.label([prepared[0], prepared[3]])
    processor = DPTImageProcessor.from_pretrained(labeller.teachers[0].source)
    for place, (pixels, one) in enumerate(zip(pictures, prepared, strict=True)):
        reference = processor(images=pixels, return_tensors="pt")["pixel_values"]
        torch.testing.assert_close(one[0], reference[0], atol=0.05, rtol=0)
        with torch.no_grad():
            wanted = labeller._model(one[0][None]).predicted_depth[0].numpy()
        if place in (0, 3):
            np.testing.assert_allclose(batched[place // 3][0], wanted, rtol=1e-4, atol=1e-6)
        labels = labeller.finish(labeller.label([one])[0])
        png, ends = labels.members.values()
        values, valid = disparity_in(png, ends, picture=pixels.shape[:2])
        assert max(values.shape) == 50 and valid.all() and np.ptp(values) > 0
        size = values.shape[::-1]
        np.testing.assert_allclose(
            values,
            cv2.resize(wanted, size, interpolation=cv2.INTER_AREA),
            atol=1e-4 * np.ptp(values),
        )


def test_members__are_read_back_within_half_a_step() -> None:
    values = np.random.default_rng(0).normal(3, 2, (30, 40)).astype(np.float32)
    png, ends = disparity_members(values).values()
    found, _ = disparity_in(png, ends, picture=(60, 80))
    assert np.abs(found - values).max() <= 0.51 * np.ptp(values) / 65_535
    flat = disparity_members(np.full((3, 4), 2.5, np.float32))
    np.testing.assert_array_equal(disparity_in(*flat.values(), picture=(3, 4))[0], 2.5)


def test_depth__that_is_not_finite_or_of_a_strip_is_a_failure(labeller: DepthLabeller) -> None:
    prepared = labeller.prepare(Picture(pixels=smooth(60, 60, 1)))
    good, bad = labeller.label([prepared, (torch.full_like(prepared[0], torch.nan), (60, 60))])
    assert np.isfinite(good[0]).all() and isinstance(bad, DataError)
    with pytest.raises(DataError, match="a picture of 301x60: .*5 times"):
        labeller.prepare(Picture(pixels=smooth(60, 301, 1)))


def test_teacher__is_noted_with_revision_and_licence(
    labeller: DepthLabeller, tmp_path: Path
) -> None:
    (record,) = labeller.teachers
    assert record.revision.startswith("sha256:") and "unknown" in record.licence
    conftest._depth(tmp_path)
    (tmp_path / "README.md").write_text("---\ntags: [x]\nlicense: cc-by-nc-4.0\n---\nlicense: mit")
    other = DepthLabeller(model=str(tmp_path), short_side=56).teachers[0]
    assert other.licence == "cc-by-nc-4.0 (its README.md)"
    assert other.revision != record.revision
    # transformers' checks of the values
    for keys, message in (
        (dict(short_side=55), "a multiple of 14"),
        (dict(precision="int8"), "expected one of fp32"),
        (dict(model=str(tmp_path / "absent")), "is no depth model"),
    ):
        with pytest.raises((ConfigError, CheckpointError), match=message):
            DepthLabeller(**dict(model=str(tmp_path), **keys) if "model" not in keys else keys)
    conftest._depth(tmp_path, "metric")
    with pytest.raises(ConfigError, match="of metric depth; expected a depth_anything"):
        DepthLabeller(model=str(tmp_path), short_side=56)
    (tmp_path / "preprocessor_config.json").unlink()
    conftest._depth(tmp_path / "other")
    (tmp_path / "other/preprocessor_config.json").unlink()
    with pytest.raises(CheckpointError, match="has no image processor"):
        DepthLabeller(model=str(tmp_path / "other"), short_side=56)
