"""Labels in packed samples of every library, in the order of another class list."""

import numpy as np
import pytest
import torch
from mmdet.structures import INSTANCE_OFFSET, DetDataSample
from mmengine.structures import InstanceData, PixelData
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample

from argus.datasets.classes.relabel import Relabel
from argus.errors import DataError

ORDER = [2, 0, 1]


def test_instances__and_those_that_are_ignored() -> None:
    sample = DetDataSample(metainfo=dict(instances=[dict(bbox_label=1, bbox=[0, 0, 1, 1])]))
    sample.gt_instances = InstanceData(labels=torch.tensor([0, 1, 2, 0]), scores=torch.rand(4))
    sample.ignored_instances = InstanceData(labels=torch.tensor([], dtype=torch.int64))
    scores = sample.gt_instances.scores.clone()
    Relabel(ORDER)(sample)
    assert sample.gt_instances.labels.tolist() == [2, 0, 1, 2]
    assert sample.gt_instances.labels.dtype == torch.int64
    assert torch.equal(sample.gt_instances.scores, scores)
    assert len(sample.ignored_instances) == 0
    assert sample.instances == [dict(bbox_label=0, bbox=[0, 0, 1, 1])]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64])
def test_semantic_map__ignored_pixels_stay(dtype: torch.dtype) -> None:
    labels = torch.tensor([[[0, 1, 2, 255]]], dtype=dtype)
    sample = SegDataSample(gt_sem_seg=PixelData(data=labels))
    Relabel(ORDER)(sample)
    found = sample.gt_sem_seg.data
    assert found.tolist() == [[[2, 0, 1, 255]]] and found.dtype == dtype


def test_panoptic__maps_and_list_of_segments() -> None:
    ids = [0, 1 + 4 * INSTANCE_OFFSET, 2 + INSTANCE_OFFSET, 255]
    sample = DetDataSample()
    sample.gt_panoptic_seg = PixelData(sem_seg=torch.tensor([[ids]], dtype=torch.int32))
    segments = [dict(id=i, label=i % INSTANCE_OFFSET, area=1, is_crowd=False) for i in ids[:3]]
    sample.gt_panoptic_seg.set_metainfo(dict(segments_info=segments))
    sample.gt_sem_seg = PixelData(sem_seg=torch.tensor([[[0, 1, 2, 255]]], dtype=torch.uint8))
    Relabel(ORDER)(sample)
    expected = [2, 0 + 4 * INSTANCE_OFFSET, 1 + INSTANCE_OFFSET, 255]
    assert sample.gt_panoptic_seg.sem_seg.tolist() == [[expected]]
    assert [item["id"] for item in sample.gt_panoptic_seg.segments_info] == expected[:3]
    assert [item["label"] for item in sample.gt_panoptic_seg.segments_info] == [2, 0, 1]
    assert sample.gt_sem_seg.sem_seg.tolist() == [[[2, 0, 1, 255]]]


def test_image__label_labels_and_scores() -> None:
    sample = DataSample().set_gt_label(1).set_gt_score(torch.tensor([0.1, 0.7, 0.2]))
    Relabel(ORDER)(sample)
    assert sample.gt_label.tolist() == [0]
    np.testing.assert_allclose(sample.gt_score, [0.7, 0.2, 0.1])
    several = DataSample().set_gt_label([0, 2])
    Relabel(ORDER)(several)
    assert several.gt_label.tolist() == [2, 1]


def test_sample__of_another_kind_is_refused_and_without_labels_is_fine() -> None:
    Relabel(ORDER)(SegDataSample())
    with pytest.raises(DataError, match="classes of a dict cannot be put into another order"):
        Relabel(ORDER)(dict(label=1))
