"""Every config parses, passes the task check, agrees in its widths, and builds at toy size."""

import copy
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.optim import CosineAnnealingLR

from argus.datasets.transforms import (
    BoxJitter,
    CheckLabel,
    IgnoreEmpty,
    JointRandomCrop,
    JointRandomRotate,
    LoadInstances,
    LoadSegMap,
    PackInstances,
    SyntheticAnomaly,
)
from argus.errors import CheckpointError
from argus.evaluation.evaluator import metric_name
from argus.evaluation.metrics import depth, normals
from argus.models.backbones import DinoVisionTransformer, PlainViT, trained_backbone
from argus.registry import MODELS
from argus.tasks import Task, parse_tasks
from tests.toy_sized import build_backbone, build_new_decoders, inner_backbone, shrink

CONFIGS = Path(__file__).parents[1] / "configs"
FILES = sorted(
    path
    for path in CONFIGS.rglob("*.py")
    if not {"_base_", "mtv"} & set(path.relative_to(CONFIGS).parts)  # MTV's: tests/mtv
)
# Name of each stage-2 config and of its tasks.
STAGE2 = {
    "ade20k_panoptic": ["panoptic"],
    "ade20k_instance": ["ade20k_instance"],
    "nyuv2_semantic": ["nyuv2_semantic"],
    "nyuv2_depth": ["depth"],
    "nyuv2_boundary": ["boundary"],
    "nyuv2_normals": ["normals"],
    "pascal_parsing": ["parsing"],
    "pascal_saliency": ["saliency"],
    "mvtec_anomaly": ["anomaly"],
    "mvtec_anomaly_draem": ["anomaly"],
    "coco_mask_rcnn": ["mask_rcnn"],
    "coco_co_detr": ["co_detr"],
    "coco_vitpose": ["vitpose"],
}
OPTIONS = {
    "nyuv2_semantic_13": "nyuv2_semantic",
    "nyuv2_depth_bins": "nyuv2_depth",
    "nyuv2_normals_cosine": "nyuv2_normals",
}
JOINT = {
    "ade20k_joint": ["ade20k_panoptic", "ade20k_instance"],
    "nyuv2_joint": ["nyuv2_semantic", "nyuv2_boundary", "nyuv2_normals", "nyuv2_depth"],
    "pascal_joint": ["pascal_parsing", "pascal_saliency"],
}
TUNED = [name for name in STAGE2 if not name.startswith(("mvtec", "coco"))]
needs_every_config = pytest.mark.parametrize(
    "path", FILES, ids=lambda path: str(path.relative_to(CONFIGS).with_suffix(""))
)


def leaves(config: object, wanted: str) -> Iterator[object]:
    """The values of a key, at any depth."""
    if isinstance(config, dict):
        for key, value in config.items():
            if key == wanted:
                yield value
            else:
                yield from leaves(value, wanted)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from leaves(value, wanted)


@functools.cache
def read(path: Path) -> Config:
    """A config, read once; not to be changed."""
    return Config.fromfile(path)


def changeable(path: Path) -> Config:
    """A copy of a config."""
    return copy.deepcopy(read(path))


def test_configs__all_are_found():
    names = {str(path.relative_to(CONFIGS)) for path in FILES}
    assert {"stage1_5task.py", "stage1_5task_large.py", "scenes/stage1_5task.py"} <= names
    assert {f"stage2/{name}.py" for name in STAGE2} <= names
    assert len(names) >= 13 + 45


def test_configs__decoders_have_the_width_of_the_backbone():
    for path in FILES:
        config = read(path)
        vit = inner_backbone(config).vit
        width = vit.type.architecture(vit.arch).embed_dim
        for task in config.tasks.values():
            found: set[int] = set()
            for value in leaves(task.decoder, "in_channels"):
                found |= set(value if isinstance(value, (list, tuple)) else [value])
            # Behind a neck of mmdet, its width counts.
            behind = (
                {task.decoder.neck.out_channels}
                if "out_channels" in task.decoder.get("neck", {})
                else set()
            )
            assert width in found, path
            assert found <= {width} | behind, path


def test_configs__tables_show_fractions_under_the_metrics_names():
    for path in FILES:
        tasks = parse_tasks(read(path).tasks)
        trained = {task.stream for task in tasks.values() if task.train is not None}
        for task in tasks.values():
            where = (path, task.name)
            assert task.stream in trained and task.val is not None, where
            known = metrics_of(task)
            named = {task.primary, *task.paper, *task.report, *task.lower_is_better}
            assert named <= known and set(task.units) <= known, where
            for name, value in task.paper.items():
                is_angle = task.units.get(name) == "degrees"
                assert value > 1 if is_angle else 0.1 < value < 1, where
            assert task.reported, where
            if not {"scenes", "small"} & set(path.parts):
                kind = "On MTV" if "mtv" in path.stem else "Paper, Table "
                assert task.table.startswith(kind) and task.licence, where


LIBRARY_METRICS = {
    "mmdet": [f"coco/{kind}_{m}" for kind in ("bbox", "segm") for m in ("mAP", "mAP_50")],
    "mmpose": ["coco/AP", "coco/AP .5", "coco/AR"],
    "mmseg": ["mIoU", "aAcc"],
    "mmpretrain": ["accuracy/top1", "accuracy/top5"],
}
OWN_METRICS = {
    "AnomalyImageMetric": ["I_AUROC"],
    "AnomalyPixelMetric": ["P_AUROC", "PRO"],
    "BoundaryMetric": ["odsF", "oisF", "AP"],
    "DepthMetric": depth.NAMES,
    "NormalsMetric": ["mErr", "median", *normals.WITHIN],
    "PanopticQuality": [f"{m}{part}" for m in ("PQ", "SQ", "RQ") for part in ("", "_th", "_st")],
    "SaliencyMetric": [
        *("maxF", "maxF_sigmoid", "maxF_image", "mF", "MAE"),
        *("S_measure", "E_max", "E_mean"),
    ],
}


def metrics_of(task: Task) -> set[str]:
    """What the metrics of a task can report, by their own naming."""
    kinds = [metric["type"] for metric in task.metrics]
    return {
        metric_name(name)
        for kind in kinds
        for name in OWN_METRICS.get(kind.__name__) or LIBRARY_METRICS[kind.__module__.split(".")[0]]
    }


@needs_every_config
def test_config__builds_at_toy_size(path):
    config = shrink(changeable(path))
    backbone = build_backbone(config)
    build_new_decoders(config, backbone)
    trained = any(parameter.requires_grad for parameter in backbone.parameters())
    is_frozen = config.backbone.get("freeze", False) or isinstance(backbone, PlainViT)
    assert trained != is_frozen


def test_configs__schedule_ends_with_the_training():
    for path in FILES:
        config = read(path)
        step = 0
        for scheduler in config.param_scheduler:
            assert scheduler.begin in (0, step), path  # a warm-up may be a part of what follows
            step = scheduler.end
            if scheduler.type is CosineAnnealingLR:
                assert scheduler.T_max == scheduler.end - scheduler.begin, path
                assert scheduler.eta_min <= 1e-8, path
            assert all(milestone < step for milestone in scheduler.get("milestones", [])), path
        assert step in (0, config.train_cfg.max_iters), path  # 0: a constant rate


def test_base__settings_that_libraries_would_choose_otherwise():
    """Where a default of a library is not what the specification says, the config says it."""
    config = Config.fromfile(CONFIGS / "stage1_5task.py")
    steps = config.tasks.keypoints.train.dataset.pipeline
    boxes = next(step for step in steps if step["type"] is BoxJitter)
    assert boxes == dict(type=BoxJitter, scale=0.5, degrees=40.0, rotate_prob=0.6)
    assert config.ema.ramp == 10
    for part in ("train", "val"):  # labels are looked at before they are on a GPU
        steps = config.tasks.instance[part].dataset.pipeline
        kinds = [step["type"] for step in steps]
        check = kinds.index(CheckLabel)
        assert kinds.index(LoadInstances) < check < kinds.index(PackInstances)
        assert steps[check]["num_classes"] == config.tasks.instance.decoder.num_things_classes
    for task in ("instance", "keypoints"):  # loaders pin memory
        assert MODELS.build(config.tasks[task].decoder.data_preprocessor)._non_blocking


@pytest.mark.parametrize("name", ["nyuv2_semantic", "nyuv2_semantic_13", "pascal_parsing"])
def test_stage2__cross_entropies_of_invpt_divide_by_labelled_pixels(name):
    config = stage2(name)
    (task,) = config.tasks.values()
    classes = task.decoder.decode_head.num_classes
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, classes, 8, 8, generator=generator)
    labels = torch.randint(classes, (2, 8, 8), generator=generator)
    labels[:, 3:] = 255
    expected = torch.nn.functional.cross_entropy(logits, labels, ignore_index=255)
    for head in (task.decoder.decode_head, task.decoder.auxiliary_head):
        loss = MODELS.build(head.loss_decode)(logits, labels, ignore_index=255)
        torch.testing.assert_close(loss, head.loss_decode.loss_weight * expected)
        unknown = MODELS.build(head.loss_decode)(logits, labels * 0 + 255, ignore_index=255)
        assert unknown == 0
    crop = next(s for s in task.train.dataset.pipeline if s["type"] is JointRandomCrop)
    assert crop["cat_max_ratio"] == 0.75


@pytest.mark.parametrize("name", ["pascal_parsing", "pascal_joint"])
def test_stage2__parsing_learns_nothing_beside_people(name):
    tasks = stage2(name).tasks
    source = next(task.train for task in tasks.values() if "train" in task)
    kinds = [step["type"] for step in source.dataset.pipeline]
    assert kinds.index(JointRandomCrop) < kinds.index(IgnoreEmpty)
    kinds = [step["type"] for step in tasks.parsing.val.dataset.pipeline]
    assert kinds.index(LoadSegMap) < kinds.index(IgnoreEmpty)


def test_stage2__anomaly_recipes_are_those_of_their_code():
    steps = stage2("mvtec_anomaly_draem").tasks.anomaly.train.dataset.pipeline
    kinds = [step["type"] for step in steps]
    turn = kinds.index(JointRandomRotate)
    assert turn < kinds.index(SyntheticAnomaly)  # a defect is painted on the turned picture
    assert (steps[turn]["degrees"], steps[turn]["prob"]) == (90, 0.3)
    wrapper = stage2("mvtec_anomaly").optim_wrapper
    rate, decay = wrapper.optimizer.lr, wrapper.optimizer.weight_decay
    assert (rate, decay) == (1e-4, 0.01)  # the adaptor
    for key, whole, expected in (("lr_mult", rate, 2e-4), ("decay_mult", decay, 1e-5)):
        factors = wrapper.paramwise_cfg[key]
        assert len(factors) == 4
        for prefix, factor in factors.items():
            assert prefix.endswith(".discriminator.")
            assert whole * factor == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("no_ema_200k", {}),
        ("ema_200k", {}),
        ("batch_norm", dict(norm="SyncBN")),
        ("no_scaling", dict(scale_tokens=False)),
        ("unfrozen_vit", dict(freeze_vit=False)),
        ("famo", {}),
        ("gradnorm", {}),
    ],
)
def test_ablation__changes_its_row_alone(name, changes):
    main = Config.fromfile(CONFIGS / "stage1_5task.py")
    config = Config.fromfile(CONFIGS / f"stage1/{name}.py")
    assert config.backbone.to_dict() == main.backbone.to_dict() | changes
    assert (config.train_cfg.max_iters, main.train_cfg.max_iters) == (200_000, 300_000)
    assert bool(config.custom_hooks) == (name == "ema_200k")
    assert ("balancing" in config) == (name in ("famo", "gradnorm"))
    for key, task in main.tasks.items():
        assert differing(config.tasks[key], task) == {"paper", "table"}


@pytest.mark.parametrize("name", ["instance", "keypoints", "semantic", "classification"])
def test_leave_one_out__all_but_one(name):
    main = Config.fromfile(CONFIGS / "stage1/no_ema_200k.py")
    config = Config.fromfile(CONFIGS / f"stage1/without_{name}.py")
    assert set(main.tasks) - set(config.tasks) == {name}
    assert config.backbone.to_dict() == main.backbone.to_dict()


CORE = {"instance", "keypoints", "semantic", "classification"}
ROOMS = {"depth", "boundary", "normals"}
PEOPLE = {"parsing", "saliency"}


@pytest.mark.parametrize("folder", ["stage1", "scenes/stage1"])
@pytest.mark.parametrize(
    ("name", "tasks"),
    [
        ("other_5task", ROOMS | PEOPLE),
        ("core_8task", CORE | ROOMS),
        ("core_11task", CORE | ROOMS | PEOPLE | {"panoptic"}),
    ],
)
def test_core_sets__are_the_tasks_of_the_other_configs(folder, name, tasks):
    config = read(CONFIGS / f"{folder}/{name}.py")
    assert set(config.tasks) == tasks
    if folder != "stage1":
        assert config.train_cfg == read(CONFIGS / "scenes/stage1_5task.py").train_cfg
        return
    main = read(CONFIGS / "stage1/no_ema_200k.py")
    for key in ("backbone", "train_cfg", "optim_wrapper", "param_scheduler", "custom_hooks"):
        assert config[key] == main[key], key
    alone = {STAGE2[single][0]: stage2(single).tasks for single in STAGE2}
    alone |= dict.fromkeys(PEOPLE, stage2("pascal_joint").tasks)  # in one stream
    alone |= dict.fromkeys(CORE, main.tasks)
    for key, task in config.tasks.items():
        assert differing(task, alone[key][key]) <= {"paper", "table", "stream"}, key


def stage2(name: str) -> Config:
    return read(CONFIGS / f"stage2/{name}.py")


def differing(first: Config | ConfigDict, second: Config | ConfigDict) -> set[str]:
    """Top-level keys whose values differ, without the private ones."""
    one, other = first.to_dict(), second.to_dict()
    keys = {key for key in {*one, *other} if not key.startswith("_")}
    return {key for key in keys if one.get(key) != other.get(key)}


@pytest.mark.parametrize("name", STAGE2)
def test_stage2__a_task_on_the_frozen_backbone(name):
    config = stage2(name)
    assert list(config.tasks) == STAGE2[name]
    assert config.backbone.type is trained_backbone
    assert config.backbone["freeze"] is True
    assert config.backbone.backbone == read(CONFIGS / "stage1_5task.py").backbone
    # All tasks go into one model: a name means one task.
    assert not set(config.tasks) & set(read(CONFIGS / "stage1_5task.py").tasks)


@pytest.mark.parametrize("name", OPTIONS)
def test_stage2_option__changes_its_task_alone(name):
    config, main = stage2(name), stage2(OPTIONS[name])
    assert differing(config, main) == {"tasks"}
    assert list(config.tasks) == list(main.tasks)


def test_stage2_option__thirteen_classes_everywhere():
    config = stage2("nyuv2_semantic_13")
    assert set(leaves(config.tasks.to_dict(), "num_classes")) == {13}
    decoder = config.tasks.nyuv2_semantic.decoder
    assert decoder.data_preprocessor.test_cfg == dict(size=(480, 640))


def test_stage2_option__bins_and_cosine_replace_what_was_there():
    bins = stage2("nyuv2_depth_bins").tasks.depth.decoder.head
    assert bins.type.__name__ == "BinDepthHead" and bins.network.initial_output == 1.0
    loss = stage2("nyuv2_normals_cosine").tasks.normals.decoder.head.loss
    assert loss.type.__name__ == "NormalsCosineLoss"


@pytest.mark.parametrize("name", [*STAGE2, *JOINT])
def test_dinov2_adapted__changes_the_backbone_alone(name):
    config, main = stage2(f"dinov2_adapted/{name}"), stage2(name)
    assert differing(config, main) <= {"backbone", "tasks"}
    assert config.backbone == read(CONFIGS / "stage1/dinov2_adapted.py").backbone
    for key, task in main.tasks.items():
        assert differing(config.tasks[key], task) <= {"paper"}


@pytest.mark.parametrize("name", TUNED)
def test_tuned_adapter__changes_the_backbone_and_its_rate_alone(name):
    config, main = stage2(f"tuned_adapter/{name}"), stage2(name)
    assert differing(config, main) == {"backbone", "optim_wrapper", "tasks"}
    assert differing(config.backbone, main.backbone) == {"freeze"}
    assert config.backbone["freeze"] is False
    assert differing(config.optim_wrapper, main.optim_wrapper) == {"paramwise_cfg"}
    assert config.optim_wrapper.paramwise_cfg == dict(lr_mult={"backbone.": 0.1})
    (key,) = STAGE2[name]
    assert differing(config.tasks[key], main.tasks[key]) == {"paper", "table"}


@pytest.mark.parametrize("name", ["instance", "keypoints", "semantic", "classification"])
def test_left_out__stands_on_the_stage_1_without_it(name):
    config = stage2(f"left_out/{name}")
    before = f"stage1/without_{name}"
    assert list(config.tasks) == [name]
    assert name not in read(CONFIGS / f"{before}.py").tasks
    steps = read(CONFIGS / f"{before}.py").train_cfg.max_iters
    assert config.backbone.checkpoint == f"work_dirs/{before}/iter_{steps}.pth"


@pytest.mark.parametrize("name", JOINT)
def test_joint__tasks_are_those_of_their_own_configs(name):
    config = stage2(name)
    singles = {STAGE2[single][0]: stage2(single) for single in JOINT[name]}
    assert set(config.tasks) == set(singles)
    for key, single in singles.items():
        assert differing(config.tasks[key], single.tasks[key]) <= {"train", "stream"}


@pytest.mark.parametrize("name", JOINT)
def test_joint__pictures_are_moved_as_in_the_tasks_own_configs(name):
    """Between loading and packing, a stream does to images what the tasks' own pipelines do."""
    tasks = stage2(name).tasks
    for single in JOINT[name]:
        if single == "ade20k_instance":  # its own are mmdet's transforms, as its labels are masks
            continue
        (key,) = STAGE2[single]
        own = stage2(single).tasks[key].train
        stream = tasks[key].get("stream")
        (source,) = (
            task.train
            for task in tasks.values()
            if task.get("stream") == stream and "train" in task
        )
        assert augmentations(source) == augmentations(own)
        assert source.batch_size == own.batch_size


def augmentations(train: ConfigDict) -> list[dict]:
    """The steps of a pipeline that neither load nor pack; saliency has no classes to cap."""
    steps = train.to_dict()["dataset"]["pipeline"]
    return [
        {key: value for key, value in step.items() if key != "cat_max_ratio"}
        for step in steps
        if not step["type"].rsplit(".", 1)[-1].startswith(("Load", "Pack", "IfPresent", "Ignore"))
    ]


def test_base__full_size_backbone_has_the_parameters_of_the_paper():
    config = Config.fromfile(CONFIGS / "stage1_5task.py")
    config.backbone.vit.weights = "random"
    with torch.device("meta"):
        backbone = MODELS.build(config.backbone)
    parameters = list(backbone.parameters())
    assert sum(p.numel() for p in parameters) == 100_264_160
    assert sum(p.numel() for p in parameters if p.requires_grad) == 13_680_608


@pytest.mark.parametrize(
    ("name", "file", "folder"),
    [
        ("stage1_5task", "dinov2_vitb14_reg4_pretrain.pth", "dinov2_vitb14"),
        ("stage1_5task_large", "dinov2_vitl14_reg4_pretrain.pth", "dinov2_vitl14"),
        ("stage1/dinov2_adapted", "dinov2_vitb14_reg4_pretrain.pth", "dinov2_vitb14"),
    ],
)
def test_weights__missing_file_is_an_error_that_helps(name, file, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = Config.fromfile(CONFIGS / f"{name}.py")

    def never(*args: object) -> None:
        raise AssertionError("random weights without being asked")

    monkeypatch.setattr(DinoVisionTransformer, "_initialise", never)
    with torch.device("meta"), pytest.raises(CheckpointError) as error:
        MODELS.build(config.backbone)
    message = str(error.value)
    assert str(tmp_path / "data/weights" / file) in message
    assert f"/{folder}/{file}" in message  # where to download it
    assert f"tools/checkpoints/convert.py SOURCE data/weights/{file}" in message
    assert 'weights="random"' in message
