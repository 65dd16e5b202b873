"""Every config parses, passes the task check, agrees in its widths, and builds at toy size."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs
from mmengine.config import Config
from mmpose.datasets.transforms import RandomBBoxTransform

from argus.datasets.transforms import CheckLabel
from argus.errors import CheckpointError
from argus.evaluation.evaluator import metric_name
from argus.models import MultitaskModel
from argus.models.backbones import DinoVisionTransformer, PlainViT
from argus.models.backbones.dinov2 import resolve_architecture
from argus.registry import MODELS
from argus.tasks import Task, parse_tasks

CONFIGS = Path(__file__).parents[1] / "configs"
FILES = sorted(
    path for path in CONFIGS.rglob("*.py") if "_base_" not in path.relative_to(CONFIGS).parts
)
SHRINK = 8
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


def shrink(config: Config) -> Config:
    """Random weights, widths divided by 8, a ViT of four blocks; everything else as it is."""
    vit = config.backbone.vit
    arch = resolve_architecture(vit.arch)
    vit.update(weights="random", img_size=112)
    if isinstance(vit.arch, str):
        vit.arch = dict(embed_dim=arch.embed_dim // SHRINK, depth=4, num_heads=arch.num_heads)
        for task in config.tasks.values():
            divide_widths(task.decoder)
    return config


def divide_widths(decoder: dict) -> None:
    for key, value in decoder.items():
        if key == "in_channels":
            wide = isinstance(value, (list, tuple))
            decoder[key] = [c // SHRINK for c in value] if wide else value // SHRINK
        elif isinstance(value, dict):
            divide_widths(value)


def build(config: Config) -> MultitaskModel:
    tasks = parse_tasks(config.tasks)
    return MultitaskModel(config.backbone, {name: task.decoder for name, task in tasks.items()})


def test_configs__all_are_found():
    names = {str(path.relative_to(CONFIGS)) for path in FILES}
    assert {"stage1_5task.py", "stage1_5task_large.py", "scenes/stage1_5task.py"} <= names
    assert len(names) >= 13


@needs_every_config
def test_config__decoders_have_the_width_of_the_backbone(path):
    config = Config.fromfile(path)
    width = resolve_architecture(config.backbone.vit.arch).embed_dim
    for task in config.tasks.values():
        found = list(leaves(task.decoder, "in_channels"))
        assert found
        for value in found:
            assert set(value if isinstance(value, (list, tuple)) else [value]) == {width}


@needs_every_config
def test_config__tables_show_fractions_under_the_metrics_names(path):
    for task in parse_tasks(Config.fromfile(path).tasks).values():
        assert task.train is not None and task.val is not None
        known = metrics_of(task)
        assert {task.primary, *task.paper, *task.report} <= known
        assert all(0.4 < value < 0.9 for value in task.paper.values())
        assert task.reported


def metrics_of(task: Task) -> set[str]:
    """What the metrics of a task can report, by their own naming."""
    names = {
        "mmdet": [f"coco/{kind}_{m}" for kind in ("bbox", "segm") for m in ("mAP", "mAP_50")],
        "mmpose": ["coco/AP", "coco/AP .5", "coco/AR"],
        "mmseg": ["mIoU", "aAcc"],
        "mmpretrain": ["accuracy/top1", "accuracy/top5"],
    }
    libraries = {metric["type"].__module__.split(".")[0] for metric in task.metrics}
    return {metric_name(name) for library in libraries for name in names[library]}


@needs_every_config
def test_config__builds_at_toy_size(path):
    config = shrink(Config.fromfile(path))
    model = build(config)
    assert list(model.decoders) == list(config.tasks)
    trained = any(parameter.requires_grad for parameter in model.backbone.parameters())
    assert trained != isinstance(model.backbone, PlainViT)


@needs_every_config
def test_config__schedule_ends_with_the_training(path):
    config = Config.fromfile(path)
    warmup, cosine = config.param_scheduler
    assert warmup.end == cosine.begin
    assert cosine.end == config.train_cfg.max_iters == cosine.begin + cosine.T_max
    assert cosine.eta_min == 0


def test_base__settings_that_libraries_would_choose_otherwise():
    """Where a default of a library is not what the specification says, the config says it."""
    config = Config.fromfile(CONFIGS / "stage1_5task.py")
    steps = config.tasks.keypoints.train.dataset.pipeline
    boxes = next(step for step in steps if step["type"] is RandomBBoxTransform)
    assert boxes["shift_prob"] == 0
    assert config.ema.ramp == 10
    for part in ("train", "val"):  # labels are looked at before they are on a GPU
        steps = config.tasks.instance[part].dataset.pipeline
        kinds = [step["type"] for step in steps]
        check = kinds.index(CheckLabel)
        assert kinds.index(LoadAnnotations) < check < kinds.index(PackDetInputs)
        assert steps[check]["num_classes"] == config.tasks.instance.decoder.num_things_classes
    for task in ("instance", "keypoints"):  # loaders pin memory
        assert MODELS.build(config.tasks[task].decoder.data_preprocessor)._non_blocking


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("no_ema_200k", {}),
        ("ema_200k", {}),
        ("batch_norm", dict(norm="SyncBN")),
        ("no_scaling", dict(scale_tokens=False)),
        ("unfrozen_vit", dict(freeze_vit=False)),
    ],
)
def test_ablation__changes_its_row_alone(name, changes):
    main = Config.fromfile(CONFIGS / "stage1_5task.py")
    config = Config.fromfile(CONFIGS / f"stage1/{name}.py")
    assert config.backbone.to_dict() == main.backbone.to_dict() | changes
    assert (config.train_cfg.max_iters, main.train_cfg.max_iters) == (200_000, 300_000)
    assert bool(config.custom_hooks) == (name == "ema_200k")
    for key, task in main.tasks.items():
        same = config.tasks[key].to_dict() | dict(paper=task.paper.to_dict())
        assert same == task.to_dict()


@pytest.mark.parametrize("name", ["instance", "keypoints", "semantic", "classification"])
def test_leave_one_out__all_but_one(name):
    main = Config.fromfile(CONFIGS / "stage1/no_ema_200k.py")
    config = Config.fromfile(CONFIGS / f"stage1/without_{name}.py")
    assert set(main.tasks) - set(config.tasks) == {name}
    assert config.backbone.to_dict() == main.backbone.to_dict()


def test_base__full_size_backbone_has_the_parameters_of_the_paper():
    config = Config.fromfile(CONFIGS / "stage1_5task.py")
    config.backbone.vit.weights = "random"
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
