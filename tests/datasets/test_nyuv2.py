import cv2
import numpy as np
import pytest
import torch
from mmseg.datasets.transforms import PackSegInputs, PhotoMetricDistortion

from argus.datasets.nyuv2 import CLASSES_13, CLASSES_40, NYUv2
from argus.datasets.resilient import ResilientDataset
from argus.datasets.scenes.classes import SEMANTIC_CLASSES, SEMANTIC_PALETTE
from argus.datasets.seeding import isolated_rng
from argus.datasets.transforms import (
    IfPresent,
    JointRandomCrop,
    JointRandomFlip,
    JointRandomResize,
    JointResize,
    LoadBoundary,
    LoadDepth,
    LoadImage,
    LoadNormals,
    LoadSegMap,
    PackDense,
    PackTasks,
)
from argus.errors import ConfigError
from tests.datasets.dense_scenes import write_scenes
from tests.real_data.samples import SAMPLES, needs_samples

PACK = dict(
    type=PackTasks,
    packers=dict(
        semantic=dict(type=PackSegInputs),
        boundary=dict(type=PackDense, fields=("boundary",)),
        normals=dict(type=PackDense, fields=("normals",)),
        depth=dict(type=PackDense, fields=("depth",)),
    ),
    needs=dict(
        semantic=["gt_seg_map"],
        boundary=["gt_boundary"],
        normals=["gt_normals"],
        depth=["gt_depth"],
    ),
)


def load_labels(num_classes):
    return [
        dict(
            type=IfPresent,
            key="seg_map_path",
            transform=dict(type=LoadSegMap, num_classes=num_classes),
        ),
        dict(type=IfPresent, key="boundary_path", transform=dict(type=LoadBoundary, positive=255)),
        dict(type=IfPresent, key="normal_path", transform=dict(type=LoadNormals)),
        dict(type=IfPresent, key="depth_path", transform=dict(type=LoadDepth)),
    ]


def train_pipeline(num_classes, size):
    return [
        dict(type=LoadImage),
        *load_labels(num_classes),
        dict(type=JointRandomResize, ratio_range=(0.5, 2.0), divide_depth=True),
        dict(type=JointRandomCrop, size=size, cat_max_ratio=0.75),
        dict(type=JointRandomFlip, prob=0.5),
        dict(type=PhotoMetricDistortion),
        PACK,
    ]


def test_classes():
    assert len(set(CLASSES_40)) == 40 and len(set(CLASSES_13)) == 13
    assert sorted(CLASSES_13) == list(CLASSES_13)
    # The order of Gupta et al. at a few places that lists in use get wrong.
    assert (
        CLASSES_40[0] == "wall" and CLASSES_40[21] == "ceiling" and CLASSES_40[39] == "other prop"
    )


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    return write_scenes(tmp_path_factory.mktemp("data")) / "nyuv2"


def test_scenes__every_label_is_read_and_fits_the_others(scenes):
    dataset = NYUv2(
        data_root=str(scenes),
        metainfo=dict(classes=SEMANTIC_CLASSES, palette=SEMANTIC_PALETTE),
        pipeline=[dict(type=LoadImage), *load_labels(10)],
    )
    assert dataset.metainfo["classes"] == SEMANTIC_CLASSES
    assert len(dataset) == dataset.num_listed >= 2
    for i in range(len(dataset)):
        results = dataset[i]
        assert results["gt_seg_map"].max() < 10  # indoors no pixel is void
        assert results["gt_depth"].min() > 0.1 and results["gt_depth"].max() < 65
        np.testing.assert_allclose(np.linalg.norm(results["gt_normals"], axis=-1), 1, atol=1e-5)
        # Visible surfaces face the viewer, up to perspective; the floor points up.
        assert (results["gt_normals"][..., 2] > -0.5).all()
        floor = results["gt_seg_map"] == SEMANTIC_CLASSES.index("floor")
        assert results["gt_normals"][floor][:, 1].min() > 0.7
        # Where the class changes from a pixel to its right neighbour there is a boundary.
        changes = results["gt_seg_map"][:, 1:] != results["gt_seg_map"][:, :-1]
        assert results["gt_boundary"][:, :-1][changes].all()
        assert 0 < results["gt_boundary"].mean() < 0.3


def test_scenes__training_pipeline(scenes):
    dataset = NYUv2(
        "gt_sets/train.txt", data_root=str(scenes), pipeline=train_pipeline(10, (64, 96))
    )
    with isolated_rng(0):
        packed = dataset.prepare_data(0)
    assert packed["inputs"].shape == (3, 64, 96)
    samples = packed["data_samples"]
    assert set(samples) == {"semantic", "boundary", "normals", "depth"}
    shapes = {name: samples[name].get(f"gt_{name}") for name in ("boundary", "normals", "depth")}
    assert {name: tuple(data.shape) for name, data in shapes.items()} == dict.fromkeys(
        shapes, (64, 96)
    )
    with isolated_rng(0):
        again = dataset.prepare_data(0)
    assert (again["inputs"] == packed["inputs"]).all()
    assert (again["data_samples"]["depth"].gt_depth.data == shapes["depth"].data).all()


def test_scenes__a_draw_is_a_function_of_the_seed_alone(scenes):
    def draws(seed):
        inner = NYUv2(data_root=str(scenes), pipeline=train_pipeline(10, (48, 64)))
        dataset = ResilientDataset(inner, task="nyuv2", seed=seed)
        np.random.random_sample()  # the process's own generator must not matter
        return [dataset[draw, 1] for draw in (3, 4)]

    first, second, other = draws(0), draws(0), draws(1)
    for one, two in zip(first, second, strict=True):
        assert torch.equal(one["inputs"], two["inputs"])
        for task, field in (("depth", "gt_depth"), ("normals", "gt_normals")):
            pair = [sample["data_samples"][task].get(field).data for sample in (one, two)]
            assert torch.equal(*pair)
    assert not torch.equal(first[0]["inputs"], first[1]["inputs"])
    assert not torch.equal(first[0]["inputs"], other[0]["inputs"])


def test_num_classes__chooses_the_folder_and_the_names():
    for num_classes, names in ((40, CLASSES_40), (13, CLASSES_13)):
        dataset = NYUv2(num_classes=num_classes, data_root="data/x", lazy_init=True)
        assert dataset.data_prefix["seg_map_path"] == f"data/x/seg{num_classes}"
        assert dataset.metainfo["classes"] == names
        assert len(dataset.metainfo["palette"]) == num_classes
        assert dataset.metainfo["reduce_zero_label"]
    with pytest.raises(ConfigError, match="num_classes=20: expected 40 or 13"):
        NYUv2(num_classes=20)


def real(list_name, **options):
    options = dict(pipeline=[dict(type=LoadImage), *load_labels(13)], num_classes=13) | options
    return NYUv2(f"gt_sets/{list_name}.txt", data_root=str(SAMPLES / "nyuv2"), **options)


@needs_samples
def test_real__each_image_has_its_own_labels():
    dataset = real("all")
    assert len(dataset) == 18
    found = [set(dataset[i]) & set(PACK["needs"][t][0] for t in PACK["needs"]) for i in range(18)]
    assert sum("gt_seg_map" in keys for keys in found) == 14
    assert sum("gt_boundary" in keys for keys in found) == 14
    assert sum("gt_depth" in keys for keys in found) == 5
    assert sum("gt_normals" in keys for keys in found) == 1
    assert len(real("all", require=("depth", "semantic"))) == 1
    assert len(real("all", labels=("semantic",), num_classes=40)) == 1


@needs_samples
def test_real__values_are_those_of_the_files():
    dataset = real("all", require=("depth",))
    for i in range(len(dataset)):
        results = dataset[i]
        stored = cv2.imread(results["depth_path"], cv2.IMREAD_UNCHANGED)
        np.testing.assert_allclose(results["gt_depth"], stored / 1000, atol=1e-6)
        assert 0.3 < np.median(results["gt_depth"][results["gt_depth"] > 0]) < 10
    (office,) = real("normal")
    results = office
    assert (np.linalg.norm(results["gt_normals"], axis=-1) > 0.99).all()
    stored = cv2.imread(results["seg_map_path"], cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(results["gt_seg_map"], stored.astype(np.uint8) - np.uint8(1))


@needs_samples
def test_real__training_pipeline_at_full_size():
    dataset = real("all", pipeline=train_pipeline(13, (448, 576)))
    for i in (0, 11, 13, 16, 17):
        packed = dataset.prepare_data(i)
        assert packed["inputs"].shape == (3, 448, 576)
        for name, sample in packed["data_samples"].items():
            field = "gt_sem_seg" if name == "semantic" else f"gt_{name}"
            assert sample.get(field).shape == (448, 576)


@needs_samples
def test_real__evaluation_pipeline_keeps_labels_at_their_own_size():
    steps = [dict(type=LoadImage), dict(type=JointResize, short_side=96, multiple=32)]
    dataset = real("all", pipeline=[*steps, *load_labels(13), PACK], require=("boundary",))
    packed = dataset[0]
    assert packed["inputs"].shape == (3, 96, 128)
    assert packed["data_samples"]["boundary"].gt_boundary.shape == (480, 640)
    assert packed["data_samples"]["boundary"].metainfo["scale_factor"] == (0.2, 0.2)


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (dict(), 40),
        (dict(num_classes=13), 13),
        (dict(labels=["depth"]), 0),
        (dict(labels=["semantic", "depth"]), 40),
    ],
)
def test_classes_of__a_config(config: dict, count: int) -> None:
    assert len(NYUv2.classes_of(config)) == count
