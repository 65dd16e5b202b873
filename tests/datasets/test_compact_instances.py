"""Instances in a few bytes come back as they were, and files in columns as by the stock way."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from argus.datasets import coco
from argus.datasets.coco import CocoInstances
from argus.datasets.coco_columns import read_columns
from argus.datasets.compact_instances import as_plain, encode, pack, unpack
from argus.errors import DataError
from tests.datasets import toy_coco
from tests.datasets.toy_coco import annotation, square

META = dict(classes=("person", "car"))
RUNS = dict(size=[40, 60], counts=[0, 400, 2000])


def instance(mask: Any, **changes: Any) -> dict[str, Any]:
    return dict(bbox=[1.5, 2.0, 0.1, 4.25], bbox_label=3, ignore_flag=0, mask=mask) | changes


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([0.0, 655.35, 12.3, 0.07], "H"),
        ([], "H"),
        ([-0.01, 3.0], "i"),
        ([655.36], "i"),
        ([1 / 3], "d"),
        ([3e7], "d"),
        ([float("nan"), float("inf")], "d"),
    ],
)
def test_coordinates__are_stored_in_as_few_bytes_as_keep_them(values: Any, code: str) -> None:
    found, content = encode(np.array(values, np.float64))
    assert found == code
    stored = np.frombuffer(content, code)
    back = stored if code == "d" else stored / 100
    assert np.array_equal(back, values, equal_nan=True)


def test_every_hundredth__of_a_picture_comes_back_as_it_is_parsed() -> None:
    values = [float(f"{n // 100}.{n % 100:02}") for n in range(65_536)]
    code, content = encode(np.array(values))
    assert code == "H" and (np.frombuffer(content, code) / 100).tolist() == values


def test_instances__come_back_as_they_were() -> None:
    instances = [
        instance([[1.1, 2.25, 3.0, 4.0, 5.5, 6.0], [7.0, 8.0, 9.0, 1.0, 2.0, 3.0]]),
        instance([], ignore_flag=1),
        instance(RUNS),
        instance([[1 / 3, 2.0, 3.0, 4.0, 5.0, 6.0]], bbox_label=79),
        instance([[]]),
        instance([[700.5, 2.0, -3.0, 4.0, 5.0, 6.0]]),
    ]
    packed = pack(instances)
    assert packed is not None
    assert unpack(pickle.loads(pickle.dumps(as_plain(packed)))) == instances
    assert unpack(as_plain(pack([]) or packed)) == []
    assert pack([dict(bbox=[0, 0, 1, 1])]) is None


ODD = [
    annotation(1, 2),
    annotation(2, 1, category=3, box=(30, 10, 12, 12)),
    annotation(3, 1, box=(0, 0, 10, 40), iscrowd=1, segmentation=RUNS, area=400),
    annotation(4, 1, box=(8, 8, 0, 5)),
    annotation(5, 1, box=(70, 8, 5, 5)),
    annotation(6, 1, segmentation=None),
    annotation(7, 1, segmentation=[]),
    annotation(8, 3, ignore=1),
    annotation(9, 1, box=(-3.5, 2.25, 9.1, 8.0), segmentation=square(1, 2, 3) + square(0.07, 5, 9)),
    annotation(10, 3, category=5),
    annotation(11, 1, box=(8, 8, 0.5, 5), area=0),
    annotation(12, 2, area=-1),
]


def dataset(root: Path, **changes: Any) -> CocoInstances:
    return CocoInstances(
        ann_file=str(root / "instances.json"),
        data_prefix=dict(img=str(root / "images")),
        metainfo=META,
        **changes,
    )


def test_file__in_columns_is_that_of_the_stock_way(tmp_path: Path, monkeypatch: Any) -> None:
    categories = [dict(id=i, name=name) for i, name in ((5, "dog"), (3, "car"), (1, "person"))]
    toy_coco.write(tmp_path, ODD, categories=categories)
    assert read_columns(tmp_path / "instances.json") is not None
    found = []
    for read in (read_columns, lambda path: None):
        monkeypatch.setattr(coco, "read_columns", read)
        one = dataset(tmp_path, filter_cfg=dict(filter_empty_gt=True, min_size=10))
        entries = [one.get_data_info(index) for index in range(len(one))]
        subset = one.get_subset([1, 0])
        found.append(
            [entries, one.dropped, one.cat_ids, one.cat2label, one.get_cat_ids(0)]
            + [[subset.get_data_info(index) for index in range(2)], one.data_bytes.tobytes()]
        )
    assert found[0] == found[1]
    assert sum(len(entry["instances"]) for entry in found[0][0]) == 6


@pytest.mark.parametrize(
    "change",
    [
        dict(image_id=99),
        dict(category_id=99),
        dict(id=2),
        dict(id="one"),
        dict(bbox=[1, 2, 3]),
        dict(bbox=[1, 2, 3, 1e9]),
        dict(iscrowd=2),
        dict(segmentation=[[1, 2, 3, 4, 5]]),
        dict(segmentation=[[1, 2, 3, 4, 5, 6_000]]),
        dict(segmentation=dict(size=[40, 60], counts=[7])),
        dict(segmentation=[[1, 2, 3, 4, 5, "6"]]),
    ],
)
def test_file__that_is_not_in_order_is_left_to_who_says_why(tmp_path: Path, change: Any) -> None:
    toy_coco.write(tmp_path, [annotation(1, 1) | change, annotation(2, 1)])
    assert read_columns(tmp_path / "instances.json") is None
    if change != dict(id="one"):  # which is odd, and can be read
        with pytest.raises(DataError, match=r"instances\.json"):
            dataset(tmp_path)


def test_file__of_an_image_twice_or_cut_short_is_left_too(tmp_path: Path) -> None:
    path = toy_coco.write(tmp_path, [annotation(1, 1)]) / "instances.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | dict(images=content["images"] * 2)))
    assert read_columns(path) is None
    path.write_text(path.read_text()[:-20])
    assert read_columns(path) is None
    assert read_columns(tmp_path / "none.json") is None


def test_entries__have_no_python_numbers_in_memory(tmp_path: Path) -> None:
    """Two bytes a coordinate, in one array that loader processes share."""
    corners = [[float(x % 50) for x in range(400)]]
    toy_coco.write(tmp_path, [annotation(n, 1, segmentation=corners) for n in range(1, 51)])
    one = dataset(tmp_path)
    assert 50 * 400 * 2 < one.data_bytes.nbytes < 50 * 400 * 2.2 + 2_000
    assert not one.data_list
