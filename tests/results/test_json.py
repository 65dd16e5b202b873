"""What is written as JSON: valid, finite, the same masks and maps."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from argus.errors import ConfigError
from argus.results import RESULTS, Anomaly, DepthMap, NormalMap, Poses, Prediction, Saliency
from argus.results.base import ARRAYS, TaskResult
from argus.results.encoding import decode_map, decode_rle, encode_map, encode_rle, number
from argus.results.from_sample import result_from_sample

from .test_round_trip import JOINTS, NAMES, SIZE, sample_of


def result_of(kind: str, seed: int = 0) -> TaskResult:
    classes = JOINTS if kind == "keypoints" else NAMES
    sample = sample_of(kind, np.random.default_rng(seed))
    return result_from_sample(sample, task=kind, classes=classes)


def all_results() -> dict[str, TaskResult]:
    return {kind: result_of(kind) for kind in RESULTS}


@pytest.mark.parametrize("arrays", ARRAYS)
@pytest.mark.parametrize("kind", sorted(RESULTS))
def test_to_dict__survives_json(kind: str, arrays: str) -> None:
    written = result_of(kind).to_dict(arrays)
    assert json.loads(json.dumps(written, allow_nan=False)) == written
    assert written["kind"] == kind and written["task"] == kind and written["size"] == list(SIZE)


def test_to_dict__of_other_arrays_is_an_error() -> None:
    with pytest.raises(ConfigError, match="none.*rle.*full.*'all'"):
        result_of("depth").to_dict("all")


def test_to_dict__instances_have_names_boxes_and_masks() -> None:
    result: Any = result_of("instances")
    entries = result.to_dict()["instances"]
    for index, entry in enumerate(entries):
        assert entry["name"] == NAMES[result.labels[index]]
        assert np.float32(entry["score"]) == result.scores[index]
        np.testing.assert_array_equal(np.float32(entry["box"]), result.boxes[index])
        np.testing.assert_array_equal(decode_rle(entry["mask"]), result.masks[index])
    assert "mask" not in result.to_dict("none")["instances"][0]


def test_to_dict__panoptic_masks_tile_the_image() -> None:
    result: Any = result_of("panoptic")
    content = result.to_dict("full")
    masks = np.stack([decode_rle(segment["mask"]) for segment in content["segments"]])
    np.testing.assert_array_equal(masks.sum(axis=0), result.segment_ids > 0)
    assert masks.sum(axis=(1, 2)).tolist() == [s["area"] for s in content["segments"]]
    np.testing.assert_array_equal(decode_map(content["segment_ids"]), result.segment_ids)


def test_to_dict__shares_sum_to_one() -> None:
    result: Any = result_of("semantic")
    content = result.to_dict("full")
    shares = [segment["share"] for segment in content["segments"]]
    assert sum(shares) == pytest.approx(1) and shares == sorted(shares, reverse=True)
    first = content["segments"][0]
    assert first["share"] == (result.labels == first["label"]).mean()
    np.testing.assert_array_equal(decode_map(content["labels"]), result.labels)


def test_to_dict__top_classes_and_keypoints() -> None:
    top = result_of("classification").to_dict()["top"]
    assert [(entry["name"], entry["probability"]) for entry in top] == [
        ("box", 0.7),
        ("ball", 0.2),
        ("floor", 0.1),
    ]
    poses: Any = result_of("keypoints")
    joint = poses.to_dict()["persons"][1]["keypoints"][1]
    assert joint["name"] == "left_knee"
    assert np.float32([joint["x"], joint["y"]]).tolist() == poses.keypoints[1, 1].tolist()


@pytest.mark.parametrize("kind", ["depth", "normals", "boundary", "saliency", "anomaly"])
def test_to_dict__full_maps_come_back(kind: str) -> None:
    result = result_of(kind)
    (array,) = (value for value in result.arrays().values() if value.ndim >= 2)
    found = decode_map(result.to_dict("full")["map"])
    assert found.shape == array.shape
    np.testing.assert_allclose(found, array, atol=(array.max() - array.min()) / 65534)


def test_to_dict__statistics_of_depth_leave_out_what_is_not_finite() -> None:
    metres = np.array([[1, 2, 6], [np.nan, np.inf, -np.inf]], np.float32)
    result = DepthMap(task="depth", size=(2, 3), metres=metres)
    assert result.to_dict()["metres"] == dict(min=1.0, median=2.0, mean=3.0, max=6.0)
    found = decode_map(result.to_dict("full")["map"])
    np.testing.assert_allclose(found[0], metres[0], rtol=1e-4)
    assert np.isnan(found[1]).all()


def bad_results() -> Iterator[TaskResult]:
    """Answers with nothing finite in them."""
    nothing = np.full(SIZE, np.nan, np.float32)
    options: dict[str, Any] = dict(task="mine", size=SIZE)
    yield DepthMap(metres=nothing, **options)
    yield Saliency(probability=nothing, **options)
    yield Anomaly(score=float("inf"), heat=nothing, **options)
    yield NormalMap(vectors=np.full((*SIZE, 3), np.inf, np.float32), **options)
    yield Poses(
        keypoints=np.full((1, 2, 2), np.nan, np.float32),
        keypoint_scores=np.full((1, 2), np.inf, np.float32),
        boxes=np.full((1, 4), np.nan, np.float32),
        scores=np.full(1, np.nan, np.float32),
        **options,
    )


@pytest.mark.parametrize("result", list(bad_results()), ids=lambda result: result.kind)
def test_to_dict__has_no_number_that_json_lacks(result: TaskResult) -> None:
    for arrays in ARRAYS:
        text = json.dumps(result.to_dict(arrays), allow_nan=False)
        assert "NaN" not in text and "Infinity" not in text and "null" in text


def test_number__is_the_shortest_of_a_float32() -> None:
    assert number(np.float32(0.9)) == 0.9 and number(0.1) == 0.1
    assert number(np.float32("nan")) is None and number(float("-inf")) is None


def test_encode_rle__is_what_pycocotools_decodes() -> None:
    from pycocotools import mask as coco_mask

    mask = np.random.default_rng(0).random((5, 9)) > 0.6
    encoded = json.loads(json.dumps(encode_rle(mask)))
    np.testing.assert_array_equal(coco_mask.decode(encoded), mask)
    assert encoded["size"] == [5, 9]


@pytest.mark.parametrize("top", [1, 255, 256, 65535])
def test_encode_map__keeps_integers(top: int) -> None:
    values = np.arange(12).reshape(3, 4) * (top // 11)
    values[-1, -1] = top
    np.testing.assert_array_equal(decode_map(encode_map(values)), values)


def test_encode_map__of_one_value_and_of_three_channels() -> None:
    constant = np.full((2, 2), 3.5, np.float32)
    np.testing.assert_allclose(decode_map(encode_map(constant)), constant)
    vectors = np.array([[[0, 0, 1], [1, 0, np.nan]]], np.float32)
    found = decode_map(encode_map(vectors))
    np.testing.assert_allclose(found[0, 0], [0, 0, 1], atol=1e-4)
    assert np.isnan(found[0, 1]).all()


def test_prediction__is_written_whole(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (*SIZE, 3)).astype(np.uint8)
    prediction = Prediction(source="a.jpg", image=image, results=all_results())
    paths = prediction.save(tmp_path / "new" / "folder", arrays=True)
    names = [path.name for path in paths]
    assert names == [
        "prediction.json",
        "arrays.npz",
        *(f"{task}.png" for task in prediction.tasks),
        "sheet.png",
    ]
    assert all(path.is_file() for path in paths)
    assert json.loads(paths[0].read_text()) == prediction.to_dict()
    assert json.loads(prediction.to_json()) == prediction.to_dict()
    with np.load(paths[1]) as stored:
        np.testing.assert_array_equal(stored["depth/metres"], prediction["depth"].metres)
        assert "instances/masks" in stored.files
    only_numbers = prediction.save(tmp_path / "numbers", pictures=False)
    assert [path.name for path in only_numbers] == ["prediction.json"]


def test_prediction__sheet_has_the_image_first() -> None:
    image = np.zeros((300, 300, 3), np.uint8)
    image[:] = (10, 200, 30)
    size = (300, 300)
    depth = DepthMap(task="depth", size=size, metres=np.ones(size, np.float32))
    prediction = Prediction(source="a.jpg", image=image, results={"depth": depth})
    sheet = prediction.draw()
    is_green = (np.abs(sheet.astype(int) - image[0, 0]) < 8).all(axis=-1)
    columns = np.flatnonzero(is_green.any(axis=0))
    assert is_green.mean() > 0.3 and columns.max() < sheet.shape[1] / 2
    assert prediction.draw(columns=1).shape[0] > prediction.draw(columns=2).shape[0]
    assert prediction.draw(tasks=[]).shape[1] < sheet.shape[1]
