"""Recipes expand to ordinary tasks that fit the backbone; mistakes are told by their own keys."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from mmseg.models import EncoderDecoder, SegformerHead
from torch import nn

from argus.errors import ConfigError, DataError
from argus.models import MultitaskModel
from argus.models.backbones import BackboneTraits, DinoVisionTransformer, PlainViT, ViTAdapter
from argus.models.backbones.trained import trained_backbone
from argus.recipes import SemanticTask, expand_config, expand_tasks
from argus.recipes.backbone_traits import backbone_traits
from argus.recipes.base_models import base_model, plain
from argus.registry import RECIPES
from argus.tasks import parse_tasks
from tests.tiny_model import tiny_model
from tests.toy import ToyBackbone

NAMES = ["ground", "plate", "dent"]
CLASSES: dict[str, Any] = dict(classes=NAMES)
DATASET = dict(type="mmseg.BaseSegDataset", metainfo=CLASSES)
PERSONS = dict(dataset=dict(type="CocoKeypoints", ann_file="a.json"))
# What the recipe of each kind needs besides the data.
NEEDED: dict[str, dict[str, Any]] = dict(
    SemanticTask=CLASSES,
    ParsingTask=CLASSES,
    DetectionTask=CLASSES,
    InstanceTask=CLASSES,
    PanopticTask=dict(classes=NAMES, things=NAMES[:2]),
    ClassificationTask=CLASSES,
    TagsTask=CLASSES,
    KeypointsTask=dict(train=PERSONS, val=PERSONS),
    DepthTask=dict(max_depth=10),
    NormalsTask={},
    BoundaryTask={},
    SaliencyTask={},
    AnomalyTask=dict(classes=["nut"]),
)


def recipe(kind: str = "SemanticTask", **values: Any) -> dict[str, Any]:
    return dict(type=kind, data="nowhere") | NEEDED[kind] | values


def expanded(kind: str = "SemanticTask", channels: int = 16, **values: Any) -> dict[str, Any]:
    backbone = dict(type="ToyBackbone", channels=channels)
    return expand_tasks(dict(plates=recipe(kind, **values)), backbone)["plates"]


def leaves(value: Any, wanted: str) -> list[Any]:
    """The values of a key, at any depth."""
    if isinstance(value, dict):
        own = [item for key, item in value.items() if key == wanted]
        return own + [leaf for item in value.values() for leaf in leaves(item, wanted)]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item, wanted)]
    return []


def _decoders(task: dict[str, Any]) -> dict[str, Any]:
    return dict(plates=parse_tasks(dict(plates=task))["plates"].decoder)


def test_kinds__all_have_a_case() -> None:
    RECIPES.import_from_location()
    ours = {n for n, kind in RECIPES.module_dict.items() if kind.__module__.startswith("argus.")}
    assert set(NEEDED) == ours


@pytest.mark.parametrize("kind", NEEDED)
@pytest.mark.parametrize("channels", [8, 96])
def test_decoder__of_every_name_is_built_for_the_backbone(kind: str, channels: int) -> None:
    for name in RECIPES.get(kind).DECODERS:
        task = expanded(kind, channels, decoder=name)
        parsed = parse_tasks(dict(plates=task))["plates"]
        assert parsed.train is not None and parsed.val is not None and parsed.primary
        model = MultitaskModel(ToyBackbone(channels), dict(plates=parsed.decoder))
        read = [leaf for leaf in leaves(task["decoder"], "in_channels") if leaf != 768]
        assert read and 768 not in read
        kernels = [p for p in model.decoder("plates").parameters() if p.dim() == 4]
        # What is concatenated is at most eight maps wide.
        assert max([p.shape[1] for p in kernels], default=0) <= 8 * max(channels, 8), name


@pytest.mark.parametrize("name", ["mask_dino", "mask_rcnn"])
def test_norms__divide_the_width_of_the_decoder_where_the_backbone_is_wider(name: str) -> None:
    task = expanded("InstanceTask", 288, decoder=name)
    model = MultitaskModel(ToyBackbone(288), _decoders(task))
    norms = [m for m in model.decoder("plates").modules() if isinstance(m, nn.GroupNorm)]
    assert norms and all(norm.num_channels % norm.num_groups == 0 for norm in norms)


def test_mask_rcnn__maps_of_its_neck_do_not_grow_with_what_they_are_made_of() -> None:
    task = expanded("InstanceTask", decoder="mask_rcnn")
    model = MultitaskModel(ToyBackbone(16), _decoders(task)).eval()
    neck = model.decoder("plates").neck
    maps = [torch.randn(1, 16, size, size) for size in (16, 8, 4, 2)]
    for small, large in zip(neck(maps), neck([100 * each for each in maps]), strict=True):
        torch.testing.assert_close(small, large, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("file", "width"),
    [
        ("upernet", 512),
        ("mask_rcnn", 256),
        ("co_detr", 256),
        ("mask_dino", 256),
        ("mask2former_instance", 256),
        ("mask2former_panoptic", 256),
        ("attentive_pool", 768),
        ("dpt_depth", 256),
        ("dpt_keypoint", 256),
        ("dpt_saliency", 256),
        ("upernet_boundary", 512),
        ("upernet_normals", 512),
        ("draem", 256),
        ("simplenet", 768),
    ],
)
def test_base_model__is_the_file_for_the_backbone_that_it_was_written_for(
    file: str, width: int
) -> None:
    from argus.recipes import base_models

    own = plain(base_models._read(file)[file])
    assert base_model(file, traits=BackboneTraits(channels=(768,) * 4), width=width) == own
    large = base_model(file, traits=BackboneTraits(channels=(1024,) * 4), width=width)
    assert large != own
    assert {c for item in leaves(large, "in_channels") for c in _flat(item)} == {
        1024 if c == 768 else c for item in leaves(own, "in_channels") for c in _flat(item)
    }


def _flat(value: Any) -> list[int]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def test_traits__come_from_the_config_of_the_backbone(tmp_path: Path) -> None:
    vit = dict(type=DinoVisionTransformer, arch="large", weights="random")
    for kind in (ViTAdapter, PlainViT):
        assert backbone_traits(dict(type=kind, vit=vit)).channels == (1024,) * 4
    trained = dict(type=trained_backbone, backbone=dict(type="PlainViT", vit=vit), checkpoint="x")
    assert backbone_traits(trained).channels == (1024,) * 4
    tiny_model("depth").write(tmp_path / "model")
    merged = dict(type="trained_backbone", checkpoint=str(tmp_path / "model"))
    assert backbone_traits(merged).channels == (96,) * 4


def test_traits__are_what_the_built_backbone_has() -> None:
    config = dict(
        vit=dict(
            type=DinoVisionTransformer,
            arch=dict(embed_dim=32, depth=2, num_heads=2),
            img_size=56,
            weights="random",
        )
    )
    built = PlainViT(**copy.deepcopy(config))
    traits = PlainViT.traits_of(config)
    assert (traits.channels, traits.strides) == (built.out_channels, built.strides)
    assert traits.size_divisor == built.size_divisor


def test_traits__normalisation_and_padding_are_the_backbones() -> None:
    class Other(ToyBackbone):
        @classmethod
        def traits_of(cls, config: dict[str, Any]) -> BackboneTraits:
            return BackboneTraits(
                channels=(16,) * 4, size_divisor=64, mean=(1.0, 2.0, 3.0), std=(4.0, 5.0, 6.0)
            )

    for kind in ("InstanceTask", "SemanticTask", "DepthTask"):
        task = expand_tasks(dict(plates=recipe(kind)), dict(type=Other))["plates"]
        preprocessor = task["decoder"]["data_preprocessor"]
        assert (preprocessor["mean"], preprocessor["std"]) == ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
        divisors = [
            *leaves(preprocessor, "pad_size_divisor"),
            *leaves(preprocessor, "size_divisor"),
        ]
        assert set(divisors) == {64}


def test_expansion__leaves_the_config_as_it_was_and_reads_no_file() -> None:
    tasks = dict(plates=recipe(), other=dict(decoder=dict(type="A")))
    before = copy.deepcopy(tasks)
    config = dict(backbone=dict(type="ToyBackbone"), tasks=tasks)
    first, second = expand_config(config), expand_config(config)
    assert config["tasks"] is tasks and tasks == before
    assert first == second and list(first["tasks"]) == ["plates", "other"]
    assert first["tasks"]["other"] is tasks["other"]
    assert expand_config(first) is first


def test_override__any_key_of_the_expansion_is_set_in_place() -> None:
    own = expanded()
    changed = expanded(
        train=dict(batch_size=7, sampling="balanced"),
        decoder=dict(decode_head=dict(channels=24)),
        loss_weight=3.0,
        metrics=dict(iou_metrics=["mIoU", "mDice"]),
    )
    expected = copy.deepcopy(own)
    expected["train"].update(batch_size=7, sampling="balanced")
    expected["decoder"]["decode_head"]["channels"] = 24
    expected["metrics"]["iou_metrics"] = ["mIoU", "mDice"]
    assert changed == expected | dict(loss_weight=3.0)


def test_override__of_another_type_takes_the_whole_place() -> None:
    loss = dict(type="mmseg.DiceLoss", loss_weight=2.0)
    head = expanded(decoder=dict(decode_head=dict(loss_decode=loss)))["decoder"]["decode_head"]
    assert head["loss_decode"] == loss
    cut = expanded(decoder=dict(auxiliary_head=dict(_delete_=True)))["decoder"]
    assert cut["auxiliary_head"] == {}
    named = expanded(decoder=dict(name="segformer", decode_head=dict(channels=9)))["decoder"]
    assert named["decode_head"]["type"] is SegformerHead and named["decode_head"]["channels"] == 9


def test_override__a_whole_decoder_is_taken_as_it_is() -> None:
    decoder = dict(type=EncoderDecoder, backbone=dict(type="SharedBackbone"))
    # No backbone is asked for anything.
    task = expand_tasks(dict(plates=recipe(decoder=decoder)), None)["plates"]
    assert task["decoder"] == decoder


def test_override__metrics_of_another_kind_leave_no_primary_behind() -> None:
    assert expanded()["primary"] == "mIoU"
    task = expanded(metrics=dict(type="mmseg.DepthMetric"))
    assert "primary" not in task and "report" not in task
    assert expanded(metrics=dict(type="A"), primary="b")["primary"] == "b"


def test_data__each_part_may_have_its_own() -> None:
    task = expanded(data="", train=dict(data="a", split="train"), val=dict(data="b", format="voc"))
    train, val = task["train"]["dataset"], task["val"]["dataset"]
    assert (train["data"], train["split"], "format" in train) == ("a", "train", False)
    assert (val["data"], val["split"], val["format"]) == ("b", "all", "voc")
    assert "test" not in task and "data" not in task["train"]
    assert expanded(val=None).keys() & {"val", "test"} == set()


def test_data__a_data_set_that_is_written_out_gets_the_pipelines() -> None:
    task = expanded(classes=(), train=dict(dataset=DATASET), val=dict(dataset=DATASET))
    assert task["train"]["dataset"].items() >= DATASET.items()
    assert task["train"]["dataset"]["pipeline"] and task["val"]["dataset"]["test_mode"]
    assert task["decoder"]["decode_head"]["num_classes"] == 3  # of its metainfo
    assert "test" not in task


@dataclass(kw_only=True)
class _Bolts(SemanticTask):
    DATASET: ClassVar[str] = "Bolts"


def test_registry__a_recipe_of_ones_own_plugs_in() -> None:
    RECIPES.register_module("ToyBolts", module=_Bolts, force=True)
    for kind in ("ToyBolts", _Bolts):
        task = dict(type=kind, data="nowhere", classes=NAMES)
        expansion = expand_tasks(dict(plates=task), dict(type="ToyBackbone"))
        assert expansion["plates"]["train"]["dataset"]["type"] == "Bolts"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (dict(clases=NAMES), ["tasks.plates: unknown key 'clases'", "'classes'"]),
        (dict(train=dict(batchsize=2)), ["tasks.plates.train", "'batchsize'", "'batch_size'"]),
        (dict(val=dict(dta="x")), ["tasks.plates.val", "'dta'", "'data'"]),
        (dict(type="SematicTask"), ["tasks.plates.type", "'SematicTask'", "'SemanticTask'"]),
        (dict(type=EncoderDecoder), ["tasks.plates.type", "EncoderDecoder", "decoder"]),
        (dict(classes="plate"), ["tasks.plates.classes", "list of names", "'plate'"]),
        (dict(classes=["a", "a"]), ["tasks.plates.classes", "'a' twice"]),
        (dict(size=100), ["tasks.plates.size", "multiple of 32", "100"]),
        (dict(size=[64, 64, 64]), ["tasks.plates.size", "height, width"]),
        (dict(flip=2), ["tasks.plates.flip", "[0, 1]", "2"]),
        (dict(decoder="uppernet"), ["tasks.plates.decoder", "upernet, segformer", "'upernet'"]),
        (dict(decoder=["upernet"]), ["tasks.plates.decoder", "found ['upernet']"]),
        (dict(data=3), ["tasks.plates.data", "path", "3"]),
        (dict(data="", classes=NAMES), ["tasks.plates.train", "which data", "tasks.plates.data"]),
        (dict(data="", classes=()), ["tasks.plates.classes", "does not say them"]),
        (dict(train="x"), ["tasks.plates.train", "expected a dict", "'x'"]),
        (
            dict(train=dict(dataset=DATASET), val=None, classes=["a"]),
            ["tasks.plates.classes", "['a']", "tasks.plates.train.dataset", "'dent'"],
        ),
    ],
)
def test_mistake__names_the_key_of_the_recipe(values: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        expand_tasks(dict(plates=recipe() | values), dict(type="ToyBackbone"))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("kind", ["SemanticTask", "KeypointsTask", "PanopticTask"])
def test_mistake__in_the_data_names_the_key_of_the_recipe(kind: str, tmp_path: Path) -> None:
    for data, message in ((tmp_path / "none", "no such file or folder"), (tmp_path, "no pictures")):
        values = dict(type=kind, data=str(data), classes=())
        with pytest.raises(DataError, match=rf"^tasks\.plates\.data: {data}: {message}"):
            expand_tasks(dict(plates=values), dict(type="ToyBackbone"))


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("DepthTask", dict(max_depth=0), ["tasks.plates.max_depth", "10 for rooms"]),
        ("DepthTask", dict(unit=-1), ["tasks.plates.unit", "-1"]),
        ("PanopticTask", dict(things=["dent"]), ["tasks.plates.things", "first of", "'ground'"]),
        ("NormalsTask", dict(classes=["a"]), ["tasks.plates.classes", "no classes"]),
    ],
)
def test_mistake__of_one_kind(kind: str, values: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        expanded(kind, **values)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("backbone", "words"),
    [
        (None, ["tasks.plates", "backbone", "found nothing"]),
        (dict(type="ViTAdaptor"), ["backbone.type", "no model", "'ViTAdaptor'"]),
        (dict(type="mmdet.ResNet"), ["ResNet", "traits_of"]),
        (dict(type="trained_backbone", checkpoint="nowhere"), ["nowhere", "does not exist"]),
    ],
)
def test_mistake__in_the_backbone(backbone: Any, words: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        expand_tasks(dict(plates=recipe()), backbone)
    for word in words:
        assert word in str(caught.value)


def test_mistake__the_recipe_without_its_name() -> None:
    with pytest.raises(ConfigError, match="found the recipe itself. Give it a name"):
        expand_config(dict(tasks=recipe()))


def test_parse_tasks__a_recipe_that_is_not_expanded() -> None:
    with pytest.raises(ConfigError, match="expand_config"):
        parse_tasks(dict(plates=recipe()))
