import json

import numpy as np
import pytest
import torch
from mmdet.datasets.transforms import FilterAnnotations, LoadAnnotations, PackDetInputs
from mmengine.registry import DATASETS
from mmpose.datasets import CocoDataset
from mmpose.datasets.transforms import GetBBoxCenterScale, PackPoseInputs, TopdownAffine

from argus.datasets import coco
from argus.datasets.checks.coco_entries import read_annotations
from argus.datasets.coco import CocoInstances, CocoKeypoints
from argus.datasets.transforms import CheckLabel, LoadImage
from argus.errors import DataError
from tests.datasets import toy_coco
from tests.datasets.toy_coco import annotation

PIPELINE = [
    dict(type=LoadImage),
    dict(type=LoadAnnotations, with_bbox=True, with_mask=True),
    dict(type=FilterAnnotations, min_gt_bbox_wh=(1e-5, 1e-5), by_mask=True),
    dict(type=PackDetInputs),
]
CLASSES = dict(classes=("person", "car"))


def instances(root, **changes):
    return DATASETS.build(
        toy_coco.config(root, CocoInstances, metainfo=CLASSES, pipeline=PIPELINE) | changes
    )


def test_instances__labels_boxes_and_masks(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1), annotation(2, 1, category=3, box=(30, 10, 12, 12))])
    gt = instances(tmp_path)[0]["data_samples"].gt_instances
    assert gt.labels.tolist() == [0, 1]
    assert gt.bboxes.tensor.tolist() == [[5, 6, 25, 26], [30, 10, 42, 22]]
    assert gt.masks.masks.sum(axis=(1, 2)).tolist() == [400, 144]


def test_instances__zero_area_box_is_dropped(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1), annotation(2, 1, box=(8, 8, 0, 5))])
    gt = instances(tmp_path)[0]["data_samples"].gt_instances
    assert gt.bboxes.tensor.tolist() == [[5, 6, 25, 26]]


def test_instances__crowd_is_ignored_not_learned(tmp_path):
    crowd = annotation(
        2, 1, box=(0, 0, 10, 40), iscrowd=1, segmentation=toy_coco.CROWD_RLE, area=400
    )
    toy_coco.write(tmp_path, [annotation(1, 1), crowd])
    sample = instances(tmp_path)[0]["data_samples"]
    assert len(sample.gt_instances) == 1
    assert sample.ignored_instances.bboxes.tensor.tolist() == [[0, 0, 10, 40]]
    mask = sample.ignored_instances.masks.masks[0]
    assert mask.sum() == 400 and mask[:, :10].all()


@pytest.mark.parametrize("segmentation", [None, []])
def test_instances__without_a_mask_is_left_out(tmp_path, segmentation):
    bare = annotation(2, 1, segmentation=segmentation)
    toy_coco.write(tmp_path, [annotation(1, 1), bare])
    sample = instances(tmp_path)[0]["data_samples"]
    assert len(sample.gt_instances) == 1


def test_instances__image_without_annotation(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1)], num_images=2)
    sample = instances(tmp_path)[1]["data_samples"]
    assert sample.gt_instances.bboxes.shape == (0, 4)
    assert sample.gt_instances.masks.masks.shape == (0, 40, 60)
    assert sample.gt_instances.labels.dtype == torch.int64
    assert len(instances(tmp_path, filter_cfg=dict(filter_empty_gt=True))) == 1


def test_instances__unknown_category_raises(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1), annotation(7, 1, category=9)])
    with pytest.raises(DataError, match=r"instances\.json: annotation 7 has category_id 9.*1\.\.3"):
        instances(tmp_path)


def test_instances__class_that_the_file_lacks_raises(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1)])
    with pytest.raises(DataError, match=r"no category zebra, of the 2 classes"):
        instances(tmp_path, metainfo=dict(classes=("zebra", "car")))


def test_instances__subset_of_the_classes_drops_the_others(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1), annotation(2, 1, category=3)])
    dataset = instances(tmp_path, metainfo=dict(classes=("car",)))
    gt = dataset[0]["data_samples"].gt_instances
    assert gt.labels.tolist() == [0] and len(gt) == 1
    assert dataset.dropped == {"of categories that are no classes of the data set": 1}


def test_instances__more_classes_than_the_decoder_raise_before_the_gpu(tmp_path):
    toy_coco.write(tmp_path, [annotation(1, 1), annotation(2, 1, category=3)])
    pipeline = [*PIPELINE[:2], dict(type=CheckLabel, num_classes=1), *PIPELINE[2:]]
    with pytest.raises(DataError, match=r"1\.jpg: class 1 out of range: expected 0\.\.0"):
        instances(tmp_path, pipeline=pipeline).prepare_data(0)


def test_instances__image_of_another_size_raises(tmp_path):
    toy_coco.write(
        tmp_path, [annotation(1, 1)], images=[dict(id=1, file_name="1.jpg", height=50, width=60)]
    )
    with pytest.raises(DataError, match=r"1\.jpg: the image is 60x40.*says 60x50"):
        instances(tmp_path).prepare_data(0)


POSE_PIPELINE = [
    dict(type=LoadImage),
    dict(type=GetBBoxCenterScale),
    dict(type=TopdownAffine, input_size=(24, 32), use_udp=True),
    dict(type=PackPoseInputs),
]


def person(number, image, **changes):
    values = changes.pop("keypoints", toy_coco.keypoints())
    labelled = sum(v > 0 for v in values[2::3])
    return annotation(number, image, keypoints=values, num_keypoints=labelled, **changes)


def keypoint_set(root, **changes):
    return DATASETS.build(toy_coco.config(root, CocoKeypoints, pipeline=POSE_PIPELINE) | changes)


def test_keypoints__one_sample_per_labelled_person(tmp_path):
    people = [
        person(1, 1),
        person(2, 1, keypoints=toy_coco.keypoints(labelled=0)),
        person(3, 2, iscrowd=1),
        person(4, 2, box=(3, 3, 0, 10)),
        person(5, 3),
    ]
    toy_coco.write(tmp_path, people)
    dataset = keypoint_set(tmp_path)
    assert [dataset.get_data_info(i)["id"] for i in range(len(dataset))] == [1, 5]
    sample = dataset[0]
    assert sample["inputs"].shape == (3, 32, 24)
    assert sample["data_samples"].gt_instances.keypoints_visible.sum() == 6


def test_keypoints__wrong_number_raises(tmp_path):
    toy_coco.write(tmp_path, [person(8, 1, keypoints=toy_coco.keypoints(16))])
    with pytest.raises(DataError, match="annotation 8: 48 keypoint values, expected 51"):
        keypoint_set(tmp_path)


def test_keypoints__definitions_do_not_depend_on_the_folder(tmp_path, monkeypatch):
    toy_coco.write(tmp_path, [person(1, 1)])
    monkeypatch.chdir(tmp_path)
    metainfo = keypoint_set(tmp_path).metainfo
    assert metainfo["num_keypoints"] == 17
    np.testing.assert_allclose(metainfo["sigmas"][[0, -1]], [0.026, 0.089])


@pytest.mark.parametrize(
    "changes",
    [
        dict(segmentation=dict(size=[4000, 6000], counts=[0, 24_000_000])),
        dict(segmentation=dict(size=[40, 60], counts=[0, 24_000_000])),
        dict(segmentation=dict(size=[40, 60], counts="PPPP1")),
        dict(segmentation=[dict(size=[40, 60], counts=[0, 2400])]),
        dict(bbox=[1, 2, float("nan"), 4]),
        dict(bbox=None),
    ],
    ids=lambda changes: str(changes)[:50],
)
@pytest.mark.parametrize("kind", [instances, keypoint_set])
def test_training__malformed_entry_is_refused_before_it_is_drawn(tmp_path, kind, changes):
    toy_coco.write(tmp_path, [annotation(1, 1), person(7, 2) | changes])
    with pytest.raises(DataError, match=r"instances\.json: annotation 7: .* lists all"):
        kind(tmp_path)


# --- people that a detector found ---

FOUND = [
    dict(image_id=1, category_id=1, bbox=[5, 6, 20, 30], score=0.9),
    dict(image_id=2, category_id=3, bbox=[5, 6, 20, 30], score=0.8),  # no person
    dict(image_id=3, category_id=1, bbox=[0.5, 6, 20, 30.25], score=0.125),
]


def same_entries(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert set(other) <= set(one)
        for key, value in other.items():
            np.testing.assert_array_equal(one[key], value, err_msg=key)
            assert np.asarray(one[key]).dtype == np.asarray(value).dtype


@pytest.mark.parametrize("kind", ["annotated", "found", "sampled", "bottomup"])
def test_keypoints__as_mmpose_reads_them_and_once(tmp_path, kind, monkeypatch):
    people = [person(1, 1), person(2, 3), person(3, 1, iscrowd=1), person(5, 2, box=(3, 3, 9, 10))]
    toy_coco.write(tmp_path, people)
    (tmp_path / "found.json").write_text(json.dumps(FOUND))
    changes = dict(
        annotated={},
        found=dict(bbox_file=str(tmp_path / "found.json"), test_mode=True),
        sampled=dict(sample_interval=2),
        bottomup=dict(data_mode="bottomup"),
    )[kind] | dict(pipeline=[])
    metainfo = dict(from_file=CocoKeypoints.METAINFO["from_file"])
    theirs = keypoint_set(tmp_path, **changes, type=CocoDataset, metainfo=metainfo)
    read = []
    monkeypatch.setattr(
        coco, "read_annotations", lambda path: read.append(path) or read_annotations(path)
    )
    monkeypatch.setattr("xtcocotools.coco.COCO.__init__", lambda *_: pytest.fail("read again"))
    ours = keypoint_set(tmp_path, **changes)
    assert len(read) == len(set(read)) == (2 if kind == "found" else 1)
    entries = [[s.get_data_info(i) for i in range(len(s))] for s in (ours, theirs)]
    assert entries[1]
    same_entries(*entries)
    assert ours.metainfo["CLASSES"] == theirs.metainfo["CLASSES"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (3, "expected an object with image_id"),
        (dict(FOUND[0], image_id=99), "image_id 99 is not in the annotation file"),
        (dict(FOUND[0], image_id=[1]), "image_id"),
        (dict(FOUND[0], category_id=None), "category_id null"),
        (dict(FOUND[0], bbox=[1, 2, 3]), "bbox"),
        (dict(FOUND[0], bbox="1234"), "bbox '1234', expected"),
        (dict(FOUND[0], bbox=[1, 2, float("inf"), 4]), "bbox"),
        (dict(FOUND[0], score="high"), "score 'high', expected a finite number"),
        (dict(image_id=1, category_id=1, bbox=[1, 2, 3, 4]), "score null"),
    ],
    ids=str,
)
def test_found_people__malformed_entry_is_one_sentence(tmp_path, entry, message):
    toy_coco.write(tmp_path, [person(1, 1)])
    path = tmp_path / "found.json"
    path.write_text(json.dumps([*FOUND, entry]))
    with pytest.raises(DataError, match=f"found.json: entry 4: {message}"):
        keypoint_set(tmp_path, bbox_file=str(path), test_mode=True)


@pytest.mark.parametrize("text", ["{}", "no JSON", "null"])
def test_found_people__no_list(tmp_path, text):
    toy_coco.write(tmp_path, [person(1, 1)])
    (tmp_path / "found.json").write_text(text)
    with pytest.raises(DataError, match="found.json: "):
        keypoint_set(tmp_path, bbox_file=str(tmp_path / "found.json"), test_mode=True)
