"""Mask2Former for panoptic and instance segmentation, alone and on one picture."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.registry import DATASETS
from mmengine.structures import InstanceData, PixelData

from argus.datasets.ade20k import ADE20KInstances
from argus.datasets.resilient import collate
from argus.datasets.scenes.classes import THING_CLASSES
from argus.datasets.scenes.generate import Settings, generate
from argus.datasets.transforms import PackPanoptic, PackTasks, PackThings
from argus.evaluation.evaluator import TaskEvaluator
from argus.models.multitask import MultitaskModel
from argus.tasks import parse_tasks
from tests.learning import expect_below, learn
from tests.models.decoders.test_fragments import (
    ConvMaps,
    build,
    load,
    loss_and_prediction,
    random_images,
)
from tests.real_data.samples import SAMPLES, needs_samples, replace_data_root

CONFIGS = Path(__file__).parents[3] / "configs"
CHANNELS = 32


@pytest.fixture(scope="module")
def scenes(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("data")
    settings = Settings(
        num_train=3,
        num_val=2,
        num_classification=(0, 0),
        num_anomaly=(0, 0, 0),
        width=64,
        height=64,
        seed=3,
        layouts=("ade20k",),
    )
    generate(out, settings, num_workers=1)
    return out / "ADEChallengeData2016"


@pytest.fixture
def task(scenes) -> dict:
    """The scenes' panoptic task for a backbone of few channels, on few scenes."""
    config = Config.fromfile(CONFIGS / "scenes/_base_/tasks/panoptic.py")["panoptic"]
    config["decoder"]["panoptic_head"]["in_channels"] = [CHANNELS] * 4
    config["decoder"]["train_cfg"]["num_points"] = 128
    for part in ("train", "val"):
        config[part]["dataset"]["data_root"] = str(scenes)
    return config


def instance_of(task: dict) -> dict:
    """The instance task beside a panoptic one: the same decoder without the stuff."""
    decoder = copy.deepcopy(task["decoder"])
    decoder["data_preprocessor"]["pad_seg"] = False
    decoder["panoptic_head"]["num_stuff_classes"] = 0
    decoder["panoptic_head"]["loss_cls"]["class_weight"] = [1.0] * 6 + [0.1]
    decoder["panoptic_fusion_head"]["num_stuff_classes"] = 0
    decoder["test_cfg"].update(panoptic_on=False, instance_on=True, max_per_image=20)
    return dict(decoder=decoder, stream="scenes")


def shrink(decoder: dict) -> dict:
    """A full-size decoder at width 32, two layers each, ten queries."""
    head = decoder["panoptic_head"]
    head.update(in_channels=[CHANNELS] * 4, feat_channels=32, out_channels=32, num_queries=10)
    position = dict(num_feats=16, normalize=True)
    head["positional_encoding"] = head["pixel_decoder"]["positional_encoding"] = position
    for part in (head["pixel_decoder"]["encoder"], head["transformer_decoder"]):
        part["num_layers"] = 2
        for key, layer in part["layer_cfg"].items():
            layer["embed_dims"] = 32
            if key == "ffn_cfg":
                layer["feedforward_channels"] = 48
    decoder["train_cfg"]["num_points"] = 64
    decoder["test_cfg"]["max_per_image"] = 3
    return decoder


def batch_of(task: dict, part: str, count: int = 2) -> dict:
    dataset = DATASETS.build(task[part]["dataset"])
    batch = collate([dataset[index] for index in range(count)])
    return {key: batch[key] for key in ("inputs", "data_samples")}


def losses_of(model: MultitaskModel, batches: dict) -> dict:
    losses, _ = model(batches, seeds=dict(panoptic=5, instance=5))
    return losses


@pytest.mark.parametrize("name", ["panoptic", "instance"])
def test_fragment__trains_and_predicts(name):
    config = shrink(load(f"mask2former_{name}"))
    model = build(config, CHANNELS)
    sample = DetDataSample(metainfo=dict(ori_shape=(40, 48), img_shape=(80, 96)))
    masks = np.zeros((2, 80, 96), np.uint8)
    masks[0, :30], masks[1, 30:60] = 1, 1
    sample.gt_instances = InstanceData(
        labels=torch.tensor([3, 99]), masks=BitmapMasks(masks, 80, 96)
    )
    if name == "panoptic":
        semantic = torch.full((1, 80, 96), 255, dtype=torch.uint8)
        semantic[:, :30], semantic[:, 30:60], semantic[:, 60:70] = 3, 99, 149
        sample.gt_sem_seg = PixelData(sem_seg=semantic)
    batch = dict(inputs=random_images(1, 80, 96), data_samples=[sample])
    losses, (prediction,) = loss_and_prediction(model, batch)
    assert {"loss_cls", "loss_mask", "loss_dice", "d0.loss_mask", "d1.loss_cls"} <= set(losses)
    num_classes = 150 if name == "panoptic" else 100
    # Ten queries; two or three objects, the others at a tenth of the weight. Chance: ln(classes).
    assert losses["loss_cls"] == pytest.approx(2 * np.log(num_classes + 1), rel=0.4)
    if name == "panoptic":
        assert prediction.pred_panoptic_seg.sem_seg.shape == (1, 40, 48)
    else:
        assert prediction.pred_instances.masks.shape[1:] == (40, 48)
        assert "pred_panoptic_seg" not in prediction


@pytest.mark.parametrize(("name", "num_classes"), [("panoptic", 150), ("instance", 100)])
def test_fragment__parameters_at_full_size(name, num_classes):
    with torch.device("meta"):
        model = build(load(f"mask2former_{name}"), channels=1)
    c, norm = 256, 2 * 256
    linear = lambda fan_in, fan_out: fan_in * fan_out + fan_out  # noqa: E731
    # 8 heads, 3 levels, 4 points: offsets and weights, value and output projections.
    deformable = linear(c, 8 * 3 * 4 * 2) + linear(c, 8 * 3 * 4) + 2 * linear(c, c)
    encoder = 6 * (deformable + linear(c, 1024) + linear(1024, c) + 2 * norm)
    pixel = 3 * (linear(768, c) + norm) + (768 * c + norm) + (9 * c * c + norm) + linear(c, c)
    attention = 4 * linear(c, c)
    decoder = 9 * (2 * attention + linear(c, 2048) + linear(2048, c) + 3 * norm) + norm
    embeddings = 2 * 100 * c + 2 * 3 * c  # queries and their positions; levels, twice
    heads = linear(c, num_classes + 1) + 3 * linear(c, c)
    expected = encoder + pixel + decoder + embeddings + heads
    assert sum(p.numel() for p in model.parameters()) == expected


def test_scenes__task_meets_the_contract(task):
    parsed = parse_tasks(dict(panoptic=task))["panoptic"]
    assert parsed.primary == "PQ"
    assert parsed.test is parsed.val


def test_scenes__truth_as_prediction_is_one(task):
    dataset = DATASETS.build(task["val"]["dataset"])
    evaluator = TaskEvaluator("panoptic", [task["metrics"]], dataset_meta=dataset.metainfo)
    samples = [dataset[index]["data_samples"] for index in range(2)]
    for sample in samples:
        sample.pred_panoptic_seg = sample.gt_panoptic_seg.clone()
    evaluator.process(samples, {})
    found = evaluator.evaluate(2)
    assert found == dict.fromkeys(found, 1.0)
    assert {"panoptic/PQ", "panoptic/RQ_st", "panoptic/SQ_th"} <= set(found)


@pytest.mark.trains
def test_scenes__overfits_and_predicts_at_the_original_size(task):
    torch.manual_seed(0)
    model = MultitaskModel(ConvMaps(CHANNELS), dict(panoptic=task["decoder"]))
    model.init_weights()
    batch = batch_of(task, "train", 1)
    losses = learn(
        model.parameters(),
        lambda: losses_of(model.train(), dict(panoptic=batch))["panoptic"],
        steps=20,
        rate=3e-3,
    )
    expect_below("Mask2Former: loss of its first", losses[-1] / losses[0], 0.75)
    val = batch_of(task, "val", 1)
    val["data_samples"][0].set_metainfo(dict(ori_shape=(48, 80)))
    (prediction,) = model.eval().predict("panoptic", val)
    found = prediction.pred_panoptic_seg.sem_seg
    assert found.shape == (1, 48, 80)
    assert ((found % 1000) <= 10).all()  # 10 is void


def test_scenes__prediction_does_not_depend_on_the_batch(task):
    torch.manual_seed(0)
    model = MultitaskModel(ConvMaps(CHANNELS), dict(panoptic=task["decoder"])).eval()
    batch = batch_of(task, "val", 2)
    inputs = torch.stack([image.float() for image in batch["inputs"]]) / 64
    head = model.decoders["panoptic"].panoptic_head
    with torch.no_grad():
        together, alone = head(model.features(inputs), []), head(model.features(inputs[:1]), [])
    for pair in zip(together, alone, strict=True):
        for many, one in zip(*pair, strict=True):
            torch.testing.assert_close(many[:1], one, rtol=1e-4, atol=1e-4)


@needs_samples
@pytest.mark.parametrize("name", ["panoptic", "instance"])
def test_real__full_size_task_trains_and_evaluates(name):
    root = SAMPLES / "ade20k/ADEChallengeData2016"
    config = Config.fromfile(CONFIGS / f"_base_/tasks/ade20k_{name}.py")[f"ade20k_{name}"]
    config = replace_data_root(config, str(root))
    for key in ("ann_file", "data_prefix"):  # the samples have training files only
        config["val"]["dataset"][key] = config["train"]["dataset"][key]
    if "ann_file" in config["metrics"]:
        config["metrics"]["ann_file"] = str(root / config["train"]["dataset"]["ann_file"])
    for transform in config["train"]["dataset"]["pipeline"]:
        small = {key: (128, 128) for key in ("size", "crop_size") if key in transform}
        transform.update(small)
    config["val"]["dataset"]["pipeline"][1]["scale"] = (256, 96)
    torch.manual_seed(0)
    model = MultitaskModel(ConvMaps(CHANNELS), dict(task=shrink(config["decoder"])))
    model.init_weights()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(2):
        loss = losses_of(model.train(), dict(task=batch_of(config, "train")))["task"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert loss.isfinite()
    model.eval()
    dataset = DATASETS.build(config["val"]["dataset"])
    evaluator = TaskEvaluator("task", [config["metrics"]], dataset_meta=dataset.metainfo)
    for index in range(3):
        batch = {key: [value] for key, value in dataset[index].items()}
        evaluator.process(model.predict("task", batch), batch)
    found = evaluator.evaluate(3)
    assert 0 <= found["task/PQ" if name == "panoptic" else "task/segm_mAP"] < 0.2


def test_image_without_segments__costs_only_the_class_loss(task):
    torch.manual_seed(0)
    model = MultitaskModel(ConvMaps(CHANNELS), dict(panoptic=task["decoder"]))
    batch = batch_of(task, "train", 1)
    sample = batch["data_samples"][0]
    sample.gt_instances = sample.gt_instances[:0]
    sample.gt_sem_seg.sem_seg[:] = 255
    losses, logs = model(dict(panoptic=batch))
    losses["panoptic"].backward()
    assert logs["panoptic/loss_mask"] == logs["panoptic/loss_dice"] == 0 < logs["panoptic/loss_cls"]
    assert all(parameter.grad is not None for parameter in model.parameters())


class CountingMaps(ConvMaps):
    calls = 0

    def forward(self, image):
        self.calls += 1
        return super().forward(image)


def test_one_picture__two_tasks_share_a_pass_and_have_the_gradients_of_each_alone(task):
    names = ("panoptic", "instance")
    packers = dict(panoptic=dict(type=PackPanoptic), instance=dict(type=PackThings))
    decoders = dict(panoptic=task["decoder"], instance=instance_of(task)["decoder"])
    torch.manual_seed(0)
    model = MultitaskModel(CountingMaps(CHANNELS), decoders, streams=dict(scenes=names))

    def gradients(batches):
        model.zero_grad()
        losses = losses_of(model.train(), batches)
        sum(losses.values()).backward()
        found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
        return losses, found

    joint = copy.deepcopy(task)
    pipeline = task["train"]["dataset"]["pipeline"]
    joint["train"]["dataset"]["pipeline"] = [*pipeline[:2], dict(type=PackTasks, packers=packers)]
    batch = batch_of(joint, "train")
    losses, both = gradients(dict(scenes=copy.deepcopy(batch)))
    assert model.backbone.calls == 1
    model.streams = {name: (name,) for name in names}
    expected: dict[str, torch.Tensor] = {}
    for name in names:
        samples = [sample[name] for sample in batch["data_samples"]]
        own = dict(inputs=batch["inputs"], data_samples=copy.deepcopy(samples))
        loss, alone = gradients({name: own})
        torch.testing.assert_close(loss[name], losses[name])
        for parameter, gradient in alone.items():
            expected[parameter] = expected.get(parameter, 0) + gradient
    assert expected.keys() == both.keys() == {name for name, _ in model.named_parameters()}
    for name, gradient in both.items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-4, atol=1e-5, msg=name)


def test_one_picture__stream_is_a_legal_config(task):
    joint = copy.deepcopy(task)
    joint["stream"] = "scenes"
    tasks = parse_tasks(dict(panoptic=joint, instance=instance_of(task)))
    assert tasks["instance"].train is None


def test_instance_metric__true_masks_have_ap_one(scenes):
    ann_file = scenes / "ade20k_instance_val.json"
    dataset = DATASETS.build(
        dict(
            type=ADE20KInstances,
            ann_file=str(ann_file),
            data_prefix=dict(img=str(scenes / "images/validation")),
            metainfo=dict(classes=THING_CLASSES),
            test_mode=True,
            pipeline=Config.fromfile(CONFIGS / "_base_/tasks/ade20k_instance.py")[
                "ade20k_instance"
            ]["val"]["dataset"]["pipeline"],
        )
    )
    metric = Config.fromfile(CONFIGS / "_base_/tasks/ade20k_instance.py")["ade20k_instance"][
        "metrics"
    ]
    evaluator = TaskEvaluator(
        "instance", [metric | dict(ann_file=str(ann_file))], dataset_meta=dataset.metainfo
    )
    assert len(json.loads(ann_file.read_text())["annotations"]) > 2
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
    found = evaluator.evaluate(2)
    assert found["instance/segm_mAP"] == 1.0
