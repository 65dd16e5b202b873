"""The data of the full-size task configs: their settings, and their pipelines on real samples."""

import csv
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS, DefaultScope
from PIL import Image

from argus.datasets.resilient import ResilientDataset, collate
from argus.datasets.samplers import TaskSampler
from argus.tasks import parse_tasks
from tests.real_data.samples import replace_data_root

REPOSITORY = Path(__file__).parents[2]
SAMPLES = (REPOSITORY / "../shared/data").resolve()
ROOTS = dict(
    coco_instance="coco",
    coco_keypoints="coco",
    ade20k_semantic="ade20k/ADEChallengeData2016",
    imagenet_classification="imagenet",
)
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no sample data beside the project")


def task_config(name):
    return Config.fromfile(REPOSITORY / f"configs/_base_/tasks/{name}.py")[name]


@pytest.mark.parametrize("name", ROOTS)
def test_config__meets_the_contract(name):
    task = parse_tasks({name: task_config(name)})[name]
    assert task.primary in task.paper
    preprocessor = task.decoder["data_preprocessor"]
    assert list(preprocessor["mean"]) == [123.675, 116.28, 103.53]
    assert list(preprocessor["std"]) == [58.395, 57.12, 57.375]
    assert preprocessor.get("bgr_to_rgb") or preprocessor.get("to_rgb")


@pytest.mark.parametrize(
    ("name", "num_samples", "epochs"),
    [
        ("coco_instance", 118_287, 40.6),
        ("coco_keypoints", 149_813, 256),
        ("ade20k_semantic", 20_210, 237),
        ("imagenet_classification", 1_281_167, 60),
    ],
)
def test_config__batch_size_gives_the_exposure_of_the_specification(name, num_samples, epochs):
    batch_size = task_config(name)["train"]["batch_size"]
    sampler = TaskSampler(num_samples, batch_size, seed=0, world_size=8)
    assert sampler.epochs(300_000) == pytest.approx(epochs, rel=0.01)


def sample_task(name, folder):
    """Task config on the sample data."""
    task = replace_data_root(task_config(name), str(SAMPLES / ROOTS[name]))
    if name == "coco_keypoints":
        task["val"]["dataset"]["bbox_file"] = None  # annotated boxes
    if name == "imagenet_classification":
        with open(SAMPLES / "imagenet/classes_sample.tsv", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        listing = folder / "val.txt"
        listing.write_text(
            "".join(f"{r['path'].removeprefix('val/')} {r['ilsvrc1k_index']}\n" for r in rows)
        )
        for part in ("train", "val"):
            task[part]["dataset"].update(ann_file=str(listing), data_prefix="val", split="")
    return task


def load(task, part, count):
    dataset = DATASETS.build(task[part]["dataset"])
    dataset = ResilientDataset(dataset, task="real", seed=0, strict=part == "val")
    sampling = "shuffle" if part == "train" else "sequential"
    sampler = TaskSampler(len(dataset), 1, seed=0, sampling=sampling)
    samples = [dataset[key] for key in islice(sampler, count)]
    assert collate(samples)["replaced"] == []
    return samples


def preprocess(task, samples, *, training):
    with DefaultScope.overwrite_default_scope(None):
        preprocessor = MODELS.build(task["decoder"]["data_preprocessor"])
    batch = collate(samples)
    data = {key: batch[key] for key in ("inputs", "data_samples")}
    return preprocessor(data, training)


@needs_samples
@pytest.mark.parametrize("name", ROOTS)
def test_train__augmentation_is_a_function_of_the_draw(tmp_path, name):
    task = sample_task(name, tmp_path)
    np.random.seed(0)
    first = load(task, "train", 3)
    np.random.seed(1)
    again = load(task, "train", 3)
    for one, two in zip(first, again, strict=True):
        assert torch.equal(one["inputs"], two["inputs"])


@needs_samples
def test_coco_instance__train(tmp_path):
    task = sample_task("coco_instance", tmp_path)
    samples = load(task, "train", 40)
    for sample in samples:
        height, width = sample["inputs"].shape[1:]
        assert max(height, width) <= 1024
        gt = sample["data_samples"].gt_instances
        boxes = gt.bboxes.tensor
        assert gt.masks.masks.shape == (len(gt), height, width)
        assert ((gt.labels >= 0) & (gt.labels < 80)).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all() and (boxes >= 0).all()
        assert (boxes[:, 0::2] <= width).all() and (boxes[:, 1::2] <= height).all()
        assert gt.masks.areas.min(initial=1) >= 1
    # Scales from 0.1 to 2 of 1024: small pictures and full crops both occur.
    longest = [max(sample["inputs"].shape[1:]) for sample in samples]
    assert min(longest) < 400 and max(longest) == 1024
    data = preprocess(task, samples[:2], training=True)
    assert data["inputs"].shape == (2, 3, 1024, 1024)
    assert data["data_samples"][0].gt_instances.masks.masks.shape[1:] == (1024, 1024)


@needs_samples
def test_coco_instance__crowd_regions_are_ignored(tmp_path):
    dataset = DATASETS.build(sample_task("coco_instance", tmp_path)["train"]["dataset"])
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    crowds = [i for i, info in enumerate(infos) if any(x["ignore_flag"] for x in info["instances"])]
    assert sum(x["ignore_flag"] for info in infos for x in info["instances"]) == 5
    found = 0
    for index in crowds:
        sample = ResilientDataset(dataset, task="real", seed=0)[index]["data_samples"]
        assert len(sample.gt_instances) + len(sample.ignored_instances) <= len(
            infos[index]["instances"]
        )
        found += len(sample.ignored_instances)
    assert found > 0


@needs_samples
def test_coco_instance__val(tmp_path):
    task = sample_task("coco_instance", tmp_path)
    samples = load(task, "val", 6)
    for sample in samples:
        height, width = sample["inputs"].shape[1:]
        assert min(height, width) == 800 or max(height, width) == 1333
        inputs = preprocess(task, [sample], training=False)["inputs"]
        assert inputs.shape[2] % 32 == inputs.shape[3] % 32 == 0
        assert inputs.shape[2] - height < 32 and inputs.shape[3] - width < 32


@needs_samples
def test_coco_keypoints__train(tmp_path):
    task = sample_task("coco_keypoints", tmp_path)
    samples = load(task, "train", 40)
    peaks = []
    for sample in samples:
        assert sample["inputs"].shape == (3, 256, 192)
        heatmaps = sample["data_samples"].gt_fields.heatmaps
        weights = sample["data_samples"].gt_instance_labels.keypoint_weights.flatten()
        assert heatmaps.shape == (17, 64, 48)
        assert set(weights.tolist()) <= {0.0, 1.0}
        peaks += heatmaps.flatten(1).amax(1)[weights > 0].tolist()
    # A joint just outside the crop leaves the flank of its peak; all others peak near 1.
    assert len(peaks) > 100 and max(peaks) <= 1
    assert sum(peak > 0.8 for peak in peaks) > 0.9 * len(peaks)
    assert preprocess(task, samples[:3], training=True)["inputs"].shape == (3, 3, 256, 192)


@needs_samples
def test_coco_keypoints__val_from_annotated_boxes(tmp_path):
    task = sample_task("coco_keypoints", tmp_path)
    samples = load(task, "val", 33)
    assert len(DATASETS.build(task["val"]["dataset"])) == 33
    for sample in samples:
        assert sample["inputs"].shape == (3, 256, 192)
        assert sample["data_samples"].gt_instances.bboxes.shape == (1, 4)


@needs_samples
def test_ade20k_semantic__train(tmp_path):
    task = sample_task("ade20k_semantic", tmp_path)
    samples = load(task, "train", 16)
    seen = set()
    for sample in samples:
        labels = sample["data_samples"].gt_sem_seg.data
        assert labels.shape == (1, *sample["inputs"].shape[1:])
        assert max(labels.shape) <= 512
        seen |= set(labels.unique().tolist())
    assert seen <= {*range(150), 255} and len(seen) > 20
    data = preprocess(task, samples[:2], training=True)
    assert data["inputs"].shape == (2, 3, 512, 512)
    assert data["data_samples"][0].gt_sem_seg.data.shape == (1, 512, 512)


@needs_samples
def test_ade20k_semantic__val(tmp_path):
    task = sample_task("ade20k_semantic", tmp_path)
    for sample in load(task, "val", 5):
        assert min(sample["inputs"].shape[1:]) == 512
        labels = sample["data_samples"].gt_sem_seg.data
        assert tuple(labels.shape[1:]) == sample["data_samples"].ori_shape
        inputs = preprocess(task, [sample], training=False)["inputs"]
        assert inputs.shape[2] % 32 == inputs.shape[3] % 32 == 0


@needs_samples
def test_ade20k_semantic__zero_is_ignored_and_classes_begin_at_zero(tmp_path):
    sample = load(sample_task("ade20k_semantic", tmp_path), "val", 1)[0]["data_samples"]
    raw = torch.from_numpy(np.array(Image.open(sample.seg_map_path))).long()
    expected = torch.where(raw == 0, 255, raw - 1)
    assert torch.equal(sample.gt_sem_seg.data[0].long(), expected)


@needs_samples
@pytest.mark.parametrize("part", ["train", "val"])
def test_imagenet_classification(tmp_path, part):
    task = sample_task("imagenet_classification", tmp_path)
    samples = load(task, part, 50)
    assert all(sample["inputs"].shape == (3, 224, 224) for sample in samples)
    labels = {sample["data_samples"].gt_label.item() for sample in samples}
    assert len(labels) == 50 and min(labels) == 11 and max(labels) < 1000
    data = preprocess(task, samples[:4], training=part == "train")
    assert data["inputs"].shape == (4, 3, 224, 224)
    assert data["inputs"].abs().max() < 3  # normalised
