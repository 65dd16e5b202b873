import cv2
import numpy as np
import pytest
from mmseg.datasets.transforms import PackSegInputs, PhotoMetricDistortion

from argus.datasets.pascal_context import PARTS, SEMANTIC_CLASSES, PascalContext
from argus.datasets.transforms import (
    IfPresent,
    JointRandomCrop,
    JointRandomFlip,
    JointRandomResize,
    LoadImage,
    LoadSaliency,
    LoadSegMap,
    PackDense,
    PackTasks,
)
from argus.errors import ConfigError
from tests.datasets.dense_scenes import write_scenes
from tests.real_data.samples import SAMPLES, needs_samples

LOAD = [
    dict(type=LoadImage),
    dict(type=IfPresent, key="seg_map_path", transform=dict(type=LoadSegMap, num_classes=7)),
    dict(type=IfPresent, key="saliency_path", transform=dict(type=LoadSaliency, positive=255)),
]


def train_pipeline(size):
    return [
        *LOAD,
        dict(type=JointRandomResize, ratio_range=(0.5, 2.0)),
        dict(type=JointRandomCrop, size=size, cat_max_ratio=0.75),
        dict(type=JointRandomFlip, prob=0.5),
        dict(type=PhotoMetricDistortion),
        dict(
            type=PackTasks,
            packers=dict(
                parsing=dict(type=PackSegInputs),
                saliency=dict(type=PackDense, fields=("saliency",)),
            ),
            needs=dict(parsing=["gt_seg_map"], saliency=["gt_saliency"]),
        ),
    ]


def test_metainfo():
    dataset = PascalContext(data_root="x", lazy_init=True)
    assert dataset.metainfo["classes"] == PARTS and len(PARTS) == 7
    first_of_voc = [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0)]
    first_of_voc += [(0, 0, 128), (128, 0, 128), (0, 128, 128)]
    assert list(dataset.metainfo["palette"]) == first_of_voc
    dataset = PascalContext(data_root="x", labels=("semantic", "saliency"), lazy_init=True)
    assert dataset.metainfo["classes"] == SEMANTIC_CLASSES
    assert SEMANTIC_CLASSES[0] == "background" and SEMANTIC_CLASSES[15] == "person"
    assert not dataset.metainfo["reduce_zero_label"]
    assert len(dataset.metainfo["palette"]) == 21
    with pytest.raises(ConfigError, match="one label map"):
        PascalContext(labels=("parsing", "semantic"), lazy_init=True)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    return write_scenes(tmp_path_factory.mktemp("data")) / "pascal_mt"


def names(path):
    return path.read_text().split()


def test_scenes__images_without_people_have_saliency_alone(scenes):
    dataset = PascalContext(data_root=str(scenes), pipeline=LOAD)
    people = names(scenes / "ImageSets/person_train.txt")
    assert 0 < len(people) < len(dataset) == len(names(scenes / "ImageSets/train.txt"))
    for i in range(len(dataset)):
        results = dataset[i]
        has_people = results["img_path"].split("/")[-1][:-4] in people
        assert ("gt_seg_map" in results) == has_people
        assert set(np.unique(results["gt_saliency"])) <= {0, 1}
        if has_people:
            assert 0 < results["gt_seg_map"].max() <= 6
    parsing = PascalContext(data_root=str(scenes), labels=("parsing",))
    required = PascalContext(data_root=str(scenes), require=("parsing",))
    assert len(parsing) == len(required) == len(people)


def test_scenes__training_pipeline_packs_the_labels_there_are(scenes):
    dataset = PascalContext(data_root=str(scenes), pipeline=train_pipeline((64, 64)))
    people = names(scenes / "ImageSets/person_train.txt")
    for i in range(len(dataset)):
        packed = dataset.prepare_data(i)
        assert packed["inputs"].shape == (3, 64, 64)
        name = dataset.get_data_info(i)["img_path"].split("/")[-1][:-4]
        expected = {"saliency", "parsing"} if name in people else {"saliency"}
        assert set(packed["data_samples"]) == expected


@needs_samples
def test_real__parts_and_classes():
    root = str(SAMPLES / "pascal_mt")
    parts = PascalContext("ImageSets/all.txt", data_root=root, labels=("parsing",), pipeline=LOAD)
    assert len(parts) == 8 and parts.num_listed == 18
    for i in range(8):
        results = parts[i]
        stored = np.array(cv2.imread(results["seg_map_path"], cv2.IMREAD_COLOR)[..., ::-1])
        palette = np.array(parts.metainfo["palette"])
        np.testing.assert_array_equal(palette[results["gt_seg_map"]], stored)
    classes = PascalContext(
        "ImageSets/all.txt",
        data_root=root,
        labels=("semantic",),
        pipeline=[dict(type=LoadImage), dict(type=LoadSegMap, num_classes=21)],
    )
    assert len(classes) == 18
    assert set(np.unique(np.concatenate([r["gt_seg_map"].ravel() for r in classes]))) <= set(
        range(21)
    ) | {255}


@needs_samples
def test_real__training_pipeline_at_full_size():
    dataset = PascalContext(
        "ImageSets/person.txt",
        data_root=str(SAMPLES / "pascal_mt"),
        labels=("parsing",),
        pipeline=train_pipeline((512, 512)),
    )
    packed = dataset[0]
    assert packed["inputs"].shape == (3, 512, 512)
    assert packed["data_samples"]["parsing"].gt_sem_seg.shape == (512, 512)
