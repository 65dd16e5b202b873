"""Every result goes to a data sample and comes back, and the sample is what OpenMMLab's are."""

from typing import Any

import numpy as np
import pytest
import torch
from mmdet.structures import INSTANCE_OFFSET, DetDataSample
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample

from argus.errors import DataError
from argus.results import RESULTS, Instances, PanopticMap, Poses, Prediction, result_from_sample
from argus.structures import DenseSample
from argus.visualization import render

H, W = SIZE = (12, 17)
NAMES = ("ball", "box", "floor")
JOINTS = ("left_hip", "left_knee")


def instance_sample(rng: np.random.Generator, count: int = 4) -> DetDataSample:
    sample = DetDataSample(metainfo=dict(ori_shape=SIZE))
    corners = rng.uniform(0, 6, (count, 2))
    sample.pred_instances = InstanceData(
        bboxes=torch.tensor(np.hstack([corners, corners + 5]), dtype=torch.float32),
        scores=torch.tensor(np.sort(rng.uniform(0, 1, count))[::-1].copy(), dtype=torch.float32),
        labels=torch.tensor(rng.integers(0, 3, count)),
        masks=torch.tensor(rng.random((count, H, W)) > 0.5),
    )
    return sample


def pose_sample(rng: np.random.Generator, count: int = 2) -> PoseDataSample:
    sample = PoseDataSample(metainfo=dict(ori_shape=SIZE))
    sample.pred_instances = InstanceData(
        keypoints=rng.uniform(0, 10, (count, 2, 2)).astype(np.float32),
        keypoint_scores=rng.random((count, 2)).astype(np.float32),
        bboxes=rng.uniform(0, 10, (count, 4)).astype(np.float32),
        bbox_scores=rng.random(count).astype(np.float32),
    )
    return sample


def panoptic_sample(rng: np.random.Generator) -> DetDataSample:
    """Numbered as mmdet's fusion head does: things from 1, stuff 0, void the number of classes."""
    codes = np.array([INSTANCE_OFFSET + 1, 2 * INSTANCE_OFFSET, 3 * INSTANCE_OFFSET + 1, 2, 3])
    sample = DetDataSample(metainfo=dict(ori_shape=SIZE))
    drawn = torch.tensor(codes[rng.integers(0, 5, (1, *SIZE))], dtype=torch.int32)
    sample.pred_panoptic_seg = PixelData(sem_seg=drawn)
    return sample


def dense(**maps: np.ndarray) -> DenseSample:
    sample = DenseSample(metainfo=dict(ori_shape=SIZE))
    for name, values in maps.items():
        sample.set_data({f"pred_{name}": PixelData(data=torch.tensor(values, dtype=torch.float32))})
    return sample


def sample_of(kind: str, rng: np.random.Generator) -> Any:
    if kind == "instances":
        return instance_sample(rng)
    if kind == "keypoints":
        return pose_sample(rng)
    if kind == "panoptic":
        return panoptic_sample(rng)
    if kind == "semantic":
        sample = SegDataSample(metainfo=dict(ori_shape=SIZE))
        sample.pred_sem_seg = PixelData(data=torch.tensor(rng.integers(0, 3, (1, *SIZE))))
        return sample
    if kind == "classification":
        sample = DataSample(metainfo=dict(ori_shape=SIZE))
        scores = torch.tensor([0.2, 0.7, 0.1])
        return sample.set_pred_score(scores).set_pred_label(torch.tensor([1]))
    if kind == "normals":
        vectors = rng.normal(size=(3, *SIZE))
        return dense(normals=vectors / np.linalg.norm(vectors, axis=0))
    if kind == "anomaly":
        sample = dense(anomaly_map=rng.random((1, *SIZE)))
        sample.set_metainfo(dict(category="nut"))
        sample.pred_anomaly = 1.25
        return sample
    return dense(**{kind: rng.uniform(0, 1, (1, *SIZE))})


def values(element: Any) -> dict[str, Any]:
    """All fields of a sample as arrays, whatever holds them."""
    found = {}
    for name, value in element.items():
        if isinstance(value, (InstanceData, PixelData)):
            found |= {f"{name}.{key}": entry for key, entry in values(value).items()}
        else:
            found[name] = np.asarray(value)
    return found


@pytest.mark.parametrize("kind", sorted(RESULTS))
def test_to_sample__is_the_inverse_of_from_sample(kind: str) -> None:
    sample = sample_of(kind, np.random.default_rng(0))
    classes = JOINTS if kind == "keypoints" else NAMES
    result = result_from_sample(sample, task="mine", classes=classes)
    assert type(result) is RESULTS[kind] and result.kind == kind
    assert (result.task, result.size, result.classes) == ("mine", SIZE, classes)
    back = result.to_sample()
    assert type(back) is type(sample)
    assert tuple(back.metainfo["ori_shape"]) == SIZE
    expected, found = values(sample), values(back)
    assert set(found) == set(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
        assert found[name].dtype == value.dtype, name
    again = result_from_sample(back, task="mine", classes=classes)
    for name, array in result.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)


@pytest.mark.parametrize("kind", sorted(RESULTS))
def test_draw__is_what_render_draws(kind: str) -> None:
    sample = sample_of(kind, np.random.default_rng(1))
    classes = JOINTS if kind == "keypoints" else NAMES
    image = np.full((H, W, 3), 128, np.uint8)
    result = result_from_sample(sample, task="mine", classes=classes)
    expected = render(image, sample, classes=classes, score_threshold=0.4)
    np.testing.assert_array_equal(result.draw(image, score_threshold=0.4), expected)


def test_instances__threshold_leaves_out_the_weak() -> None:
    sample = instance_sample(np.random.default_rng(0))
    sample.pred_instances.scores = torch.tensor([0.9, 0.2, 0.3, 0.1])
    found = Instances.from_sample(sample, task="mine", classes=NAMES, score_threshold=0.25)
    assert len(found) == 2 and found.scores.tolist() == pytest.approx([0.9, 0.3])
    np.testing.assert_array_equal(found.masks, sample.pred_instances.masks[[0, 2]].numpy())
    assert found.names == tuple(NAMES[i] for i in sample.pred_instances.labels[[0, 2]].tolist())
    empty = Instances.from_sample(sample, task="mine", classes=NAMES, score_threshold=2)
    assert len(empty) == 0 and empty.masks is not None and empty.masks.shape == (0, *SIZE)
    assert empty.to_coco(1) == [] and empty.to_dict()["instances"] == []
    boxes_only = instance_sample(np.random.default_rng(0))
    del boxes_only.pred_instances.masks
    assert Instances.from_sample(boxes_only, task="mine", classes=NAMES).masks is None


def test_instances__masks_may_be_run_lengths() -> None:
    from pycocotools import mask as coco_mask

    sample = instance_sample(np.random.default_rng(3))
    masks = sample.pred_instances.masks.numpy()
    encoded = [coco_mask.encode(np.asfortranarray(mask.astype(np.uint8))) for mask in masks]
    sample.pred_instances.masks = encoded
    found = Instances.from_sample(sample, task="mine", classes=NAMES)
    np.testing.assert_array_equal(found.masks, masks)


def test_poses__of_several_samples_are_one_answer() -> None:
    rng = np.random.default_rng(0)
    samples = [pose_sample(rng, 1) for _ in range(3)]
    for sample, score in zip(samples, (0.9, 0.1, 0.5), strict=True):
        found = sample.pred_instances
        del found.bbox_scores, found.bboxes  # a top-down estimator has them from its labels
        sample.gt_instances = InstanceData(
            bboxes=np.full((1, 4), score, np.float32), bbox_scores=np.array([score], np.float32)
        )
    poses = Poses.from_sample(samples, task="mine", classes=JOINTS, score_threshold=0.3)
    assert poses.scores.tolist() == pytest.approx([0.9, 0.5])
    np.testing.assert_allclose(poses.boxes[1], 0.5)
    np.testing.assert_array_equal(poses.keypoints[1], samples[2].pred_instances.keypoints[0])
    nobody = Poses.empty(task="mine", size=SIZE, classes=JOINTS)
    assert len(nobody) == 0 and nobody.to_coco(1) == []
    image = np.full((H, W, 3), 128, np.uint8)
    assert (nobody.draw(image) == 128).all()


def test_poses__skeleton_is_cocos_for_17_keypoints_or_as_given() -> None:
    poses = Poses.empty(task="mine", size=SIZE, classes=[str(i) for i in range(17)])
    assert len(poses.skeleton) == 19 and max(max(pair) for pair in poses.skeleton) == 16
    given = Poses.empty(task="mine", size=SIZE, classes=JOINTS, skeleton=[[0, 1]])
    assert given.skeleton == ((0, 1),) and given.to_dict()["skeleton"] == [[0, 1]]


def test_panoptic__things_first_then_stuff_and_void_is_zero() -> None:
    sample = panoptic_sample(np.random.default_rng(0))
    codes = sample.pred_panoptic_seg.sem_seg[0].numpy()
    found = PanopticMap.from_sample(sample, task="mine", classes=NAMES)
    assert [(s.id, s.name, s.is_thing) for s in found.segments] == [
        (1, "box", True),
        (2, "ball", True),
        (3, "box", True),
        (4, "floor", False),
    ]
    np.testing.assert_array_equal(found.segment_ids == 0, codes == len(NAMES))
    np.testing.assert_array_equal(found.mask(2), codes == 2 * INSTANCE_OFFSET)
    assert [s.area for s in found.segments] == [int(found.mask(s.id).sum()) for s in found.segments]
    with pytest.raises(DataError, match="class names"):
        PanopticMap.from_sample(sample, task="mine", classes=())


def test_panoptic__of_a_void_map_has_no_segment() -> None:
    sample = panoptic_sample(np.random.default_rng(0))
    sample.pred_panoptic_seg.sem_seg[:] = len(NAMES)
    found = PanopticMap.from_sample(sample, task="mine", classes=NAMES)
    assert found.segments == () and not found.segment_ids.any()
    assert (found.to_sample().pred_panoptic_seg.sem_seg == len(NAMES)).all()


def test_semantic__many_classes_are_kept() -> None:
    sample = sample_of("semantic", np.random.default_rng(0))
    assert result_from_sample(sample, task="mine", classes=NAMES).labels.dtype == np.uint8
    sample.pred_sem_seg.data[0, 0, 0] = 300
    found = result_from_sample(sample, task="mine", classes=NAMES)
    assert found.labels.dtype == np.int64 and found.labels[0, 0] == 300
    assert found.to_dict()["segments"][-1]["name"] == "class 300"


def test_from_sample__without_a_prediction_says_what_is_there() -> None:
    sample = DenseSample(metainfo=dict(ori_shape=SIZE))
    sample.gt_depth = PixelData(data=torch.ones(1, *SIZE))
    with pytest.raises(DataError, match="'mine'.*'pred_depth'.*gt_depth"):
        result_from_sample(sample, task="mine", classes=())
    nowhere = DataSample().set_pred_score(torch.tensor([0.5, 0.5]))
    with pytest.raises(DataError, match="ori_shape"):
        result_from_sample(nowhere, task="mine", classes=NAMES)


def test_prediction__of_an_unknown_task_lists_those_there() -> None:
    image = np.zeros((H, W, 3), np.uint8)
    result = result_from_sample(
        sample_of("depth", np.random.default_rng(0)), task="depth", classes=()
    )
    prediction = Prediction(source="image 3", image=image, results={"depth": result})
    assert prediction["depth"] is result and "depth" in prediction and "pose" not in prediction
    for error in (ValueError, KeyError):
        with pytest.raises(error, match="image 3: no answer of task 'pose'; there are .* depth"):
            prediction["pose"]
