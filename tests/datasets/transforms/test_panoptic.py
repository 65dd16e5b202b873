"""Panoptic labels: from the PNG to mmdet's samples, against masks made one by one."""

import numpy as np
import pytest
import torch
from PIL import Image

from argus.datasets.transforms import (
    JointRandomCrop,
    JointRandomFlip,
    JointResize,
    LoadPanoptic,
    PackPanoptic,
    PackPanopticMap,
    PackTasks,
    PackThings,
)
from argus.errors import DataError

NUM_CLASSES = 5  # three things, two kinds of stuff


def results_for(folder, ids, segments):
    """What a data set and LoadImage give for a map of ids; segments are (id, label, crowd)."""
    picture = np.stack([ids % 256, ids // 256 % 256, ids // 65536], -1).astype(np.uint8)
    Image.fromarray(picture).save(folder / "panoptic.png")
    return dict(
        img=np.ascontiguousarray(picture),
        img_path="a.jpg",
        img_shape=ids.shape,
        ori_shape=ids.shape,
        panoptic_path=str(folder / "panoptic.png"),
        segments_info=[
            dict(id=i, label=c, area=int((ids == i).sum()), is_thing=c < 3, is_crowd=crowd)
            for i, c, crowd in segments
        ],
    )


def example(folder):
    ids = np.zeros((6, 8), int)  # 0 is no segment
    ids[:3, :4] = 70_000
    ids[:3, 4:] = 259
    ids[3:5] = 5
    ids[5, 4:] = 12
    segments = [(5, 4, False), (70_000, 2, False), (12, 1, True), (259, 2, False)]
    return ids, results_for(folder, ids, segments)


def test_load__numbers_are_places_in_the_list(tmp_path):
    ids, results = example(tmp_path)
    numbers = LoadPanoptic(NUM_CLASSES).transform(results)["gt_seg_map"]
    expected = np.select([ids == 5, ids == 70_000, ids == 12, ids == 259], [0, 1, 2, 3], 255)
    np.testing.assert_array_equal(numbers, expected)
    assert numbers.dtype == np.uint16 and results["seg_fields"] == ["gt_seg_map"]


def test_load__number_255_stays_free(tmp_path):
    ids = np.arange(400).reshape(20, 20)
    results = results_for(tmp_path, ids, [(i, i % 5, False) for i in range(1, 400)])
    LoadPanoptic(NUM_CLASSES).transform(results)
    assert (results["gt_seg_map"] == 255).sum() == 1
    assert np.unique(results["gt_seg_map"]).tolist() == list(range(400))
    sample = PackPanoptic().transform(dict(results))["data_samples"]
    labels = np.where(ids == 0, 255, ids % 5)
    np.testing.assert_array_equal(sample.gt_sem_seg.sem_seg[0], labels)
    sample = PackPanopticMap().transform(dict(results))["data_samples"]
    found = sample.gt_panoptic_seg.sem_seg[0].numpy()
    np.testing.assert_array_equal(np.where(found == 255, 255, found % 1000), labels)
    assert len(np.unique(found)) == 400


def test_pack_panoptic__sample(tmp_path):
    ids, results = example(tmp_path)
    packed = PackPanoptic().transform(LoadPanoptic(NUM_CLASSES).transform(results))
    sample = packed["data_samples"]
    assert packed["inputs"].shape == (3, 6, 8)
    # Crowd regions are no instances, and nothing is learned there.
    assert sample.gt_instances.labels.tolist() == [2, 2]
    masks = [(ids == 70_000), (ids == 259)]
    np.testing.assert_array_equal(sample.gt_instances.masks.masks, masks)
    boxes = sample.gt_instances.bboxes.tensor.tolist()
    assert boxes == [[0, 0, 4, 3], [4, 0, 8, 3]]
    semantic = np.select([ids == 5, (ids == 70_000) | (ids == 259)], [4, 2], 255)
    assert sample.gt_sem_seg.sem_seg.dtype == torch.uint8
    np.testing.assert_array_equal(sample.gt_sem_seg.sem_seg[0], semantic)


def test_pack_map__ids_and_segments(tmp_path):
    ids, results = example(tmp_path)
    packed = PackPanopticMap().transform(LoadPanoptic(NUM_CLASSES).transform(results))
    truth = packed["data_samples"].gt_panoptic_seg
    expected = np.select(
        [ids == 5, ids == 70_000, ids == 12, ids == 259], [4, 2002, 3001, 4002], 255
    )
    np.testing.assert_array_equal(truth.sem_seg[0], expected)
    assert truth.segments_info[2] == dict(id=3001, label=1, area=4, is_crowd=True)
    assert [item["id"] for item in truth.segments_info] == [4, 2002, 3001, 4002]
    # As a metric gets it.
    as_dict = packed["data_samples"].to_dict()["gt_panoptic_seg"]
    assert as_dict["segments_info"] == truth.segments_info


def test_pack_map__two_regions_of_one_stuff_class_keep_apart(tmp_path):
    ids = np.kron([[1, 2], [3, 3]], np.ones((2, 2), int))
    results = results_for(tmp_path, ids, [(1, 4, False), (2, 4, False), (3, 3, False)])
    packed = PackPanopticMap().transform(LoadPanoptic(NUM_CLASSES).transform(results))
    found = packed["data_samples"].gt_panoptic_seg.sem_seg[0].numpy()
    assert len(np.unique(found)) == 3 and (found % 1000).tolist()[0] == [4, 4, 4, 4]


@pytest.mark.parametrize("seed", range(5))
def test_pipeline__equals_masks_moved_one_by_one(tmp_path, seed):
    _, results = example(tmp_path)
    transforms = [
        JointResize(scale=(23, 17)),
        JointRandomCrop((12, 20)),
        JointRandomFlip(),
    ]
    single = {}
    LoadPanoptic(NUM_CLASSES).transform(results)
    for index in (1, 3):
        mask = dict(results, gt_seg_map=(results["gt_seg_map"] == index).astype(np.uint8))
        np.random.seed(seed)
        for transform in transforms:
            mask = transform(mask)
        if (mask["gt_seg_map"] == 1).any():
            single[index] = mask["gt_seg_map"] == 1
    np.random.seed(seed)
    moved = dict(results)
    for transform in transforms:
        moved = transform(moved)
    sample = PackPanoptic().transform(moved)["data_samples"]
    assert moved["gt_seg_map"].shape == (12, 20)
    masks = sample.gt_instances.masks.masks
    np.testing.assert_array_equal(masks, np.reshape([*single.values()], masks.shape))


def test_pack_things__no_things_left(tmp_path):
    ids, results = example(tmp_path)
    LoadPanoptic(NUM_CLASSES).transform(results)
    results["gt_seg_map"][:3] = 255
    sample = PackThings().transform(results)["data_samples"]
    assert len(sample.gt_instances) == 0 and "gt_sem_seg" not in sample
    assert sample.gt_instances.masks.masks.shape == (0, 6, 8)
    assert "gt_seg_map" in results  # another packer comes after it


def test_pack_tasks__one_picture_for_two_tasks(tmp_path):
    ids, results = example(tmp_path)
    packers = dict(panoptic=dict(type=PackPanoptic), instance=dict(type=PackThings))
    packed = PackTasks(packers).transform(LoadPanoptic(NUM_CLASSES).transform(results))
    panoptic, instance = (packed["data_samples"][name] for name in ("panoptic", "instance"))
    assert "gt_sem_seg" in panoptic and "gt_sem_seg" not in instance
    assert instance.gt_instances.labels.tolist() == [2, 2]
    np.testing.assert_array_equal(
        instance.gt_instances.masks.masks, panoptic.gt_instances.masks.masks
    )


def test_load__bad_files_are_named(tmp_path):
    ids, results = example(tmp_path)
    load = LoadPanoptic(NUM_CLASSES)
    with pytest.raises(DataError, match=r"panoptic.png: .*ids \[12\] in 4 pixels"):
        load.transform(
            dict(
                results,
                segments_info=results["segments_info"][:2] + [results["segments_info"][3]],
            )
        )
    with pytest.raises(DataError, match="panoptic.png: the panoptic PNG is 8x6 .* 9x6"):
        load.transform(dict(results, ori_shape=(6, 9)))
    with pytest.raises(DataError, match="has the class 4, expected 0..3"):
        LoadPanoptic(4).transform(dict(results))
    with pytest.raises(DataError, match="no such file"):
        load.transform(dict(results, panoptic_path=str(tmp_path / "b.png")))
