"""ADE20K's panoptic and instance labels: generated, real, and in the official files' format."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS
from mmengine.structures import InstanceData
from PIL import Image

from argus.datasets.ade20k import ADE20KInstances, ADE20KPanoptic, _places
from argus.datasets.scenes.classes import SEMANTIC_CLASSES, STUFF_CLASSES, THING_CLASSES
from argus.datasets.scenes.generate import Settings, generate
from argus.errors import DataError
from argus.evaluation.evaluator import TaskEvaluator
from argus.tasks import parse_tasks
from tests.datasets.official_ade20k import OFFICIAL, write_official
from tests.real_data.samples import SAMPLES, needs_samples, replace_data_root

REPOSITORY = Path(__file__).parents[2]
META = dict(
    classes=SEMANTIC_CLASSES, thing_classes=THING_CLASSES, stuff_classes=STUFF_CLASSES, palette=None
)
THINGS = ("bed", "windowpane", "cabinet")


@pytest.fixture(scope="module")
def scenes(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("data")
    settings = Settings(
        num_train=3,
        num_val=2,
        num_classification=(0, 0),
        num_anomaly=(0, 0, 0),
        width=96,
        height=96,
        seed=1,
        layouts=("ade20k",),
    )
    generate(out, settings, num_workers=1)
    return out / "ADEChallengeData2016"


def panoptic(root, **changes):
    config = dict(
        type=ADE20KPanoptic,
        data_root=str(root),
        ann_file="ade20k_panoptic_train.json",
        data_prefix=dict(img="images/training", seg="ade20k_panoptic_train"),
        metainfo=META,
        pipeline=[],
    )
    return DATASETS.build(config | changes)


def test_panoptic__scenes(scenes):
    dataset = panoptic(scenes)
    assert len(dataset) == 3
    semantic = scenes / "annotations/training"
    for index in range(3):
        info = dataset.get_data_info(index)
        ids = np.array(Image.open(info["panoptic_path"])).astype(int) @ [1, 256, 65536]
        # The semantic PNG has 0 for "other"; things are its first classes.
        labels = np.array(Image.open(semantic / f"{Path(info['img_path']).stem}.png")).astype(int)
        for segment in info["segments_info"]:
            assert (labels[ids == segment["id"]] == segment["label"] + 1).all()
            assert segment["is_thing"] == (segment["label"] < len(THING_CLASSES))
            assert segment["area"] == (ids == segment["id"]).sum() and not segment["is_crowd"]
        assert dataset.get_cat_ids(index) == [s["label"] for s in info["segments_info"]]


def test_panoptic__official_file_has_things_first(tmp_path):
    write_official(tmp_path, crowd=1)
    dataset = panoptic(tmp_path, **OFFICIAL)
    for index in range(2):
        info = dataset.get_data_info(index)
        assert info["img_id"] == f"ADE_val_0000000{index + 1}"
        assert info["panoptic_path"].endswith(f"{info['img_id']}.png")
        found = [(s["label"], s["is_thing"], s["is_crowd"]) for s in info["segments_info"]]
        assert found == [(2, False, False), (1, True, True), (0, True, False)]


def test_panoptic__things_are_numbered_as_in_the_instance_file(tmp_path):
    write_official(tmp_path)
    info = panoptic(tmp_path, **OFFICIAL).get_data_info(0)
    config = dict(
        type=ADE20KInstances,
        data_root=str(tmp_path),
        ann_file="instance.json",
        data_prefix=dict(img=""),
        metainfo=dict(classes=("bed", "windowpane")),
        pipeline=[],
    )
    dataset = DATASETS.build(config)
    assert dataset.metainfo["classes"] == ("bed", "window ")  # by which CocoMetric looks them up
    labels = [instance["bbox_label"] for instance in dataset.get_data_info(0)["instances"]]
    assert labels == [s["label"] for s in info["segments_info"] if s["is_thing"]] == [1, 0]


def test_panoptic__full_class_list_of_the_data_set():
    meta = ADE20KPanoptic.METAINFO
    assert meta["classes"] == (*meta["thing_classes"], *meta["stuff_classes"])
    assert len(meta["thing_classes"]) == 100 and len(meta["stuff_classes"]) == 50
    assert len(ADE20KInstances.METAINFO["classes"]) == 100


def test_panoptic__filter_drops_images_without_segments(tmp_path):
    write_official(tmp_path)
    content = json.loads((tmp_path / "panoptic.json").read_text())
    content["annotations"][0]["segments_info"] = []
    (tmp_path / "panoptic.json").write_text(json.dumps(content))
    assert len(panoptic(tmp_path, **OFFICIAL)) == 2
    only = dict(filter_cfg=dict(filter_empty_gt=True))
    (kept,) = panoptic(tmp_path, **OFFICIAL, **only)
    assert kept["img_id"] == "ADE_val_00000002"
    assert len(panoptic(tmp_path, **OFFICIAL, **only, test_mode=True)) == 2
    small = dict(filter_cfg=dict(min_size=11))
    with pytest.raises(ValueError):  # no image is left
        panoptic(tmp_path, **OFFICIAL, **small)


def test_panoptic__other_classes_are_refused(tmp_path):
    write_official(tmp_path)
    wrong = OFFICIAL["metainfo"] | dict(thing_classes=("bed",))
    with pytest.raises(DataError, match="2 of its 4 categories are things.* has 1 thing_classes"):
        panoptic(tmp_path, **OFFICIAL | dict(metainfo=wrong))
    wrong = OFFICIAL["metainfo"] | dict(classes=("bed", "window", "wall"))
    with pytest.raises(DataError, match="4 categories, but the data set has 3 classes"):
        panoptic(tmp_path, **OFFICIAL | dict(metainfo=wrong))
    wrong = OFFICIAL["metainfo"] | dict(thing_classes=("bed", "sky"), stuff_classes=("wall",))
    with pytest.raises(DataError, match="lists other classes before its 2 thing_classes"):
        panoptic(tmp_path, **OFFICIAL | dict(metainfo=wrong))
    wrong = dict(
        classes=("bed", "wall", "window", "sky"),
        thing_classes=("bed", "wall"),
        stuff_classes=("window", "sky"),
    )
    with pytest.raises(DataError, match="isthing of the category 'window ' is 1, but it is stuff"):
        panoptic(tmp_path, **OFFICIAL | dict(metainfo=wrong))


@pytest.mark.parametrize("order", [(0, 3, 2, 1), (3, 2, 1, 0), (2, 0, 1, 3)])
def test_panoptic__order_of_the_file_is_free(tmp_path, order):
    write_official(tmp_path)
    expected = [panoptic(tmp_path, **OFFICIAL).get_data_info(i) for i in range(2)]
    write_official(tmp_path, order=order)
    assert [panoptic(tmp_path, **OFFICIAL).get_data_info(i) for i in range(2)] == expected


def test_names__in_two_writings_are_found_unless_the_order_is_another_too(tmp_path):
    names = ["wall", "screen, silver screen", "sofa;couch", "crt screen", "light source"]
    alike = ["wall ", "Screen, silver screen", "sofa", "CRT screen", "light"]
    assert _places(names, alike, "a.json") == [0, 1, 2, 3, 4]  # by its place, the last
    order = [3, 1, 0, 2]
    assert _places([names[i] for i in order], alike[:4], "a.json") == order
    with pytest.raises(DataError, match="its category 'light source' is none of .*'crt screen' is"):
        _places([names[i] for i in (3, 1, 0, 2, 4)], alike, "a.json")
    # Who writes the file's names into metainfo has any order.
    assert _places([names[i] for i in (3, 1, 0, 2, 4)], names, "a.json") == [3, 1, 0, 2, 4]


def test_panoptic__incomplete_files_are_refused(tmp_path):
    write_official(tmp_path)
    path = tmp_path / "panoptic.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | dict(annotations=content["annotations"][:1])))
    with pytest.raises(DataError, match="image ADE_val_00000002 has no annotation"):
        panoptic(tmp_path, **OFFICIAL)
    content["annotations"][1]["segments_info"][0]["category_id"] = 77
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="ADE_val_0000000.*category_id 77 is not in"):
        panoptic(tmp_path, **OFFICIAL)
    del content["annotations"][0]["segments_info"][1]["area"]
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="panoptic.json: image .*segment 2: area null, expected a"):
        panoptic(tmp_path, **OFFICIAL)
    del content["categories"]
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="no list 'categories'"):
        panoptic(tmp_path, **OFFICIAL)
    path.write_text("[" * 100_000)
    with pytest.raises(DataError, match="panoptic.json: no valid JSON"):
        panoptic(tmp_path, **OFFICIAL)


def test_instances__order_of_the_file_is_free(tmp_path):
    found = []
    for things in (("bed", "window"), ("window", "bed")):
        write_official(tmp_path, things=things)
        dataset = ADE20KInstances(
            data_root=str(tmp_path),
            ann_file="instance.json",
            data_prefix=dict(img=""),
            metainfo=dict(classes=("bed", "window")),
        )
        found.append([item["bbox_label"] for item in dataset.get_data_info(0)["instances"]])
    assert found == [[1, 0], [0, 1]]  # the ids of the annotations have changed names


def task(name):
    """A full-size task config on the real samples, which have training files only."""
    config = Config.fromfile(REPOSITORY / f"configs/_base_/tasks/{name}.py")[name]
    config = replace_data_root(config, str(SAMPLES / "ade20k/ADEChallengeData2016"))
    for key in ("ann_file", "data_prefix"):
        config["val"]["dataset"][key] = config["train"]["dataset"][key]
    if "ann_file" in config["metrics"]:
        config["metrics"]["ann_file"] = str(
            SAMPLES / "ade20k/ADEChallengeData2016" / config["train"]["dataset"]["ann_file"]
        )
    return config


@pytest.mark.parametrize("name", ["ade20k_panoptic", "ade20k_instance"])
def test_config__meets_the_contract(name):
    config = Config.fromfile(REPOSITORY / f"configs/_base_/tasks/{name}.py")[name]
    parsed = parse_tasks({name: config})[name]
    assert parsed.primary in parsed.paper
    assert parsed.train.batch_size * 8 == 16


@needs_samples
def test_real__panoptic_train():
    dataset = DATASETS.build(task("ade20k_panoptic")["train"]["dataset"])
    things, semantic = set(), set()
    for index in [0, 1, 2] * 3:
        item = dataset[index]
        assert item["inputs"].shape == (3, 640, 640) and item["inputs"].dtype.itemsize == 1
        gt = item["data_samples"].gt_instances
        labels = item["data_samples"].gt_sem_seg.sem_seg
        assert labels.shape == (1, 640, 640)
        assert gt.masks.masks.shape == (len(gt), 640, 640)
        assert gt.masks.areas.min(initial=1) >= 1
        for mask, label in zip(gt.masks.masks, gt.labels, strict=True):
            assert (labels[0].numpy()[mask > 0] == label.item()).all()
        things |= set(gt.labels.tolist())
        semantic |= set(labels.unique().tolist())
    assert max(things) < 100 and len(things) > 5
    assert {label for label in semantic if label < 100} == things
    assert semantic <= {*range(150), 255} and any(100 <= label < 150 for label in semantic)


@needs_samples
def test_real__panoptic_val_agrees_with_the_semantic_labels():
    dataset = DATASETS.build(task("ade20k_panoptic")["val"]["dataset"])
    order = [*dataset.metainfo["thing_classes"], *dataset.metainfo["stuff_classes"]]
    content = json.loads(Path(dataset.ann_file).read_text())
    semantic_id = [
        item["id"] for item in sorted(content["categories"], key=lambda c: -c["isthing"])
    ]
    assert len(order) == len(semantic_id) == 150
    for index in range(3):
        item = dataset[index]
        sample = item["data_samples"]
        assert min(item["inputs"].shape[1:]) == 640
        found = sample.gt_panoptic_seg.sem_seg[0].numpy()
        assert found.shape == sample.ori_shape
        path = sample.img_path.replace("images", "annotations").replace(".jpg", ".png")
        expected = np.array(Image.open(path)).astype(int) - 1
        table = np.array([*semantic_id, *[-1] * 850])
        labels = table[found % 1000]
        assert (labels[labels >= 0] == expected[labels >= 0]).mean() > 0.99


@needs_samples
@pytest.mark.parametrize("part", ["train", "val"])
def test_real__instances(part):
    config = task("ade20k_instance")
    dataset = DATASETS.build(config[part]["dataset"])
    assert len(dataset) == 3
    total = 0
    for index in range(3):
        item = dataset[index]
        gt = item["data_samples"].gt_instances
        assert ((gt.labels >= 0) & (gt.labels < 100)).all()
        total += len(gt)
        if part == "train":
            assert item["inputs"].shape == (3, 640, 640)
            assert gt.masks.masks.shape == (len(gt), 640, 640)
    assert total == 66 if part == "val" else total > 0


def test_instances__metric_of_the_official_file_is_one_for_the_truth(tmp_path):
    write_official(tmp_path)
    config = Config.fromfile(REPOSITORY / "configs/_base_/tasks/ade20k_instance.py")
    config = config["ade20k_instance"]
    config["val"]["dataset"].update(
        data_root=str(tmp_path),
        ann_file="instance.json",
        data_prefix=dict(img=""),
        metainfo=dict(classes=("bed", "windowpane")),
    )
    dataset = DATASETS.build(config["val"]["dataset"])
    metric = config["metrics"] | dict(ann_file=str(tmp_path / "instance.json"))
    evaluator = TaskEvaluator("instance", [metric], dataset_meta=dataset.metainfo)
    for index in range(2):
        sample = dataset[index]["data_samples"]
        truth = sample.gt_instances
        sample.pred_instances = InstanceData(
            labels=truth.labels,
            masks=torch.from_numpy(truth.masks.masks.astype(bool)),
            bboxes=truth.bboxes.tensor,
            scores=torch.ones(len(truth)),
        )
        evaluator.process([sample], {})
    assert evaluator.evaluate(2)["instance/segm_mAP"] == 1.0
