"""An image and label maps that all say where each of their pixels comes from."""

from typing import Any

import numpy as np

from argus.datasets.transforms.joint_maps import LABEL_FILL

Results = dict[str, Any]


def place_maps(height: int, width: int) -> Results:
    """Results in which every pixel of every map holds its own place, at most 250 x 250.

    The image has the column and row in blue and green, as has the semantic map in part (columns,
    at most 250), depth is 1 + row + column / 1000, normals are of length 1.
    """
    rows, cols = np.mgrid[:height, :width]
    image = np.stack([cols, rows, np.zeros_like(rows)], axis=-1).astype(np.uint8)
    angle = (rows * width + cols) / (height * width) * 2 * np.pi
    normals = np.stack([np.cos(angle) * 0.6, np.sin(angle) * 0.6, np.full_like(angle, 0.8)], -1)
    return dict(
        img=image,
        img_path="a.png",
        img_shape=(height, width),
        ori_shape=(height, width),
        gt_seg_map=cols.astype(np.uint8),
        gt_depth=(1 + rows + cols / 1000).astype(np.float32),
        gt_normals=normals.astype(np.float32),
        gt_boundary=((rows + cols) % 2).astype(np.uint8),
        gt_saliency=(rows % 2).astype(np.uint8),
        gt_anomaly_map=(cols % 2).astype(np.uint8),
    )


def copied(results: Results) -> Results:
    return {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in results.items()}


def assert_maps_equal(first: Results, second: Results) -> None:
    """The image and the label maps are the same, bit for bit, in type and in presence."""
    for key in ("img", *LABEL_FILL):
        assert (key in first) == (key in second), key
        if key in first:
            assert first[key].dtype == second[key].dtype, key
            np.testing.assert_array_equal(first[key], second[key], err_msg=key)


def expected_labels(source: Results, rows: np.ndarray, cols: np.ndarray) -> Results:
    """The label maps sampled at integer places; the fill value where a place lies outside."""
    height, width = source["img"].shape[:2]
    inside = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    expected = {}
    for key, fill in LABEL_FILL.items():
        values = source[key][np.where(inside, rows, 0), np.where(inside, cols, 0)].copy()
        values[~inside] = fill
        expected[key] = values
    return expected
