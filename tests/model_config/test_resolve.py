"""Names in a model's config and what is found for them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mmcv.ops import RoIAlign
from mmdet.models.losses import CrossEntropyLoss
from mmdet.models.task_modules import AnchorGenerator
from mmengine.config import Config
from mmseg.models import EncoderDecoder, FCNHead
from torch import nn

from argus.errors import CheckpointError
from argus.model_config import resolve_backbone, resolve_config, resolve_task
from argus.models.backbones import trained_backbone
from argus.models.backbones.shared import SharedBackbone
from argus.storage.config_values import from_json, to_json, to_plain
from tests.toy import ToyBackbone

ROOT = Path(__file__).parents[2]
CONFIGS = sorted(
    str(path.relative_to(ROOT / "configs"))
    for pattern in ("*.py", "stage*/*.py", "scenes/*.py", "scenes/stage2/*.py")
    for path in (ROOT / "configs").glob(pattern)
)


def decoder(**parts: Any) -> dict[str, Any]:
    return dict(decoder=dict(type="mmseg.EncoderDecoder", **parts))


def built(**parts: Any) -> dict[str, Any]:
    return resolve_task("a", decoder(**parts))["decoder"]


@pytest.mark.parametrize("path", CONFIGS)
def test_real_configs__come_back_as_they_were(path: str) -> None:
    config = Config.fromfile(ROOT / "configs" / path, format_python_code=False)
    backbone = from_json(to_json(to_plain(config.backbone)))
    assert to_plain(resolve_backbone(backbone, weight_files=True)) == backbone
    for name, task in config.tasks.items():
        plain = {k: v for k, v in to_plain(task).items() if k not in ("train", "stream")}
        resolved = resolve_task(name, from_json(to_json(plain)), given=())
        assert to_plain(resolved) == plain
        names = {kind for kind in types_of(resolved) if not isinstance(kind, type)}
        assert names <= {"GN", "ReLU", "nms", "soft_nms"}, "layers and suppressions alone"


def types_of(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if "type" in value:
            yield value["type"]
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from types_of(item)


def test_name__is_looked_up_in_the_library_then_in_argus() -> None:
    found = built(decode_head=dict(type="FCNHead"), backbone=dict(type="SharedBackbone"))
    assert found["type"] is EncoderDecoder
    assert found["decode_head"]["type"] is FCNHead
    assert found["backbone"]["type"] is SharedBackbone


def test_name__of_a_layer_stays() -> None:
    found = built(
        head=dict(type="FCNHead", norm_cfg=dict(type="SyncBN"), act_cfg=dict(type="GELU"))
    )
    assert found["head"]["norm_cfg"] == {"type": "SyncBN"}
    assert found["head"]["act_cfg"] == {"type": "GELU"}


def test_name__of_a_layer_of_the_library_stays_where_layers_are_named() -> None:
    classifier = dict(type="mmpretrain.ImageClassifier", neck=dict(norm_cfg=dict(type="LN2d")))
    assert resolve_task("a", dict(decoder=classifier))["decoder"]["neck"] == classifier["neck"]
    with pytest.raises(CheckpointError, match="norm_cfg.type: the model needs 'LN2d'"):
        built(neck=dict(norm_cfg=dict(type="LN2d")))
    with pytest.raises(CheckpointError, match="norm_cfg.type"):
        resolve_task("a", dict(decoder=classifier | dict(neck=dict(norm_cfg=dict(type="CLIP")))))


@pytest.mark.parametrize("word", ["nms", "soft_nms"])
def test_type__that_is_a_word(word: str) -> None:
    test_cfg = dict(rpn=dict(nms=dict(type=word)), rcnn=dict(nms_cfg=dict(type=word)))
    assert built(test_cfg=test_cfg)["test_cfg"] == test_cfg
    for key in ("nmx", "head", "loss"):
        with pytest.raises(CheckpointError, match=f"a.{key}.type"):
            built(a={key: dict(type=word)})


def test_metainfo__of_keypoints_has_types_that_are_words() -> None:
    nose = dict(name="nose", id=0, color=[1, 2, 3], type="upper", swap="")
    metainfo = dict(dataset_name="a", keypoint_info={"0": nose})
    resolved = resolve_task("a", data(metainfo=metainfo))
    # mmpose counts, and JSON has texts for keys alone.
    numbered = dict(dataset_name="a", keypoint_info={0: nose})
    assert resolved["test"]["dataset"]["metainfo"] == numbered
    metainfo["keypoint_info"]["0"]["from_file"] = "x.py"  # type: ignore[index]
    with pytest.raises(CheckpointError, match="from_file"):
        resolve_task("a", data(metainfo=metainfo))


def test_weights__are_a_word_in_a_decoder() -> None:
    vit = dict(type="argus.DinoVisionTransformer", weights="random")
    assert built(vit=vit)["vit"]["weights"] == "random"
    with pytest.raises(CheckpointError, match="vit.weights: expected a word"):
        built(vit={**vit, "weights": "/etc/passwd"})


def test_class__of_layers_needs_no_registry() -> None:
    found = built(
        a=dict(type=f"class:{RoIAlign.__module__}.RoIAlign"),
        b="class:torch.nn.modules.linear.Linear",
    )
    assert found["a"]["type"] is RoIAlign and found["b"] is nn.Linear


@pytest.mark.parametrize(
    ("place", "name", "words"),
    [
        ("data_preprocessor", "mmseg.FCNHead", "a data preprocessor"),
        ("decode_head", "mmdet.AnchorGenerator", "a network, layer or loss"),
        ("anchor_generator", "mmdet.CrossEntropyLoss", "an assigner"),
        ("loss", "mmengine.CocoMetric", "a network, layer or loss"),
        ("codec", "mmseg.FCNHead", "a codec"),
        ("anything", "mmengine.CheckpointHook", "a network"),
        ("anything", "mmdet.CocoDataset", "a network"),
        ("anything", "argus.trained_backbone", "no class but a function"),
        ("anything", "mmpretrain.BlipCaption", "no class but a function"),
        ("anything", "mmpretrain.TIMMBackbone", "that a model from a file may use"),
        ("anything", "class:mmengine.runner.runner.Runner", "a class that is none"),
        ("anything", "class:mmengine.visualization.visualizer.Visualizer", "a class that is none"),
        ("anything", "class:torch.utils.data.dataset.Dataset", "a class that is none"),
        ("anything", "FCNHeed", "not installed here"),
    ],
)
def test_place__takes_its_kind_alone(place: str, name: str, words: str) -> None:
    for value in (dict(type=name), [dict(type=name)]):
        with pytest.raises(CheckpointError, match=rf"tasks.a.decoder.{place}[.0]*.type: .*{words}"):
            built(**{place: value})


def test_place__of_a_whole_model() -> None:
    with pytest.raises(CheckpointError, match="decoder.type: expected a whole model"):
        resolve_task("a", dict(decoder=dict(type="mmseg.FCNHead")))


def test_right_places() -> None:
    found = built(
        anchor_generator=dict(type="mmdet.AnchorGenerator"),
        losses=[dict(type="mmdet.CrossEntropyLoss")],
    )
    assert found["anchor_generator"]["type"] is AnchorGenerator
    assert found["losses"][0]["type"] is CrossEntropyLoss


@pytest.mark.parametrize("prefix", ["", "class:"])
@pytest.mark.parametrize(
    "path", ["os.system", "subprocess.Popen", "builtins.eval", "os.path.join", "x.y.z"]
)
def test_package__that_is_not_trusted(path: str, prefix: str) -> None:
    with pytest.raises(CheckpointError, match="none of the packages.*--trust"):
        built(head=dict(type=prefix + path))


@pytest.mark.parametrize("prefix", ["", "class:"])
@pytest.mark.parametrize(
    "path",
    [
        "argus.storage.config_values.inspect.getfile",
        "argus.storage.config_values.Mapping",
        "mmengine.fileio.io.dump",
        "mmengine.dump",
        "torch.hub.load",
        "torch.load",
    ],
)
def test_package__is_not_reached_through(path: str, prefix: str) -> None:
    with pytest.raises(CheckpointError):
        built(head=dict(type=prefix + path))


def test_trust__widens_the_packages_and_not_the_kinds() -> None:
    path = f"class:{ToyBackbone.__module__}.ToyBackbone"
    with pytest.raises(CheckpointError, match=r"backbone.type: .*allow 'tests' by name"):
        resolve_backbone(dict(type=path))
    assert resolve_backbone(dict(type=path), trusted=["tests"])["type"] is ToyBackbone
    for name in ("class:json.dumps", "class:json.JSONEncoder"):
        with pytest.raises(CheckpointError, match="expected a network"):
            resolve_backbone(dict(type=name), trusted=["json"])


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (dict(a="x/y"), "decoder.a: expected a word"),
        (dict(a=["x", "a.py"]), "decoder.a.1: expected a word"),
        (dict(a="os.system"), "expected a word"),
        (dict(a="f()"), "expected a word"),
        (dict(a="x\n"), "expected a word"),
        (dict(pretrained="resnet"), "pretrained: a part of a model must name no"),
        (dict(head=dict(pretrained=True)), "head.pretrained: a part of a model must name no"),
        (dict(head=dict(log_file="x")), "head.log_file"),
        (dict(a=dict(ann_file="x")), "a.ann_file"),
        (dict(_scope_="mmdet"), "the key '_scope_' has no place"),
        (dict(a=dict(size=(32, 9_000))), "a.size.1: expected at most 8,192 pixels, found 9,000"),
        (dict(a=dict(pad_size_divisor=10**5)), "a.pad_size_divisor: expected at most 8,192"),
        (dict(a=10**9), "a: expected a number of at most 1,000,000, found 1,000,000,000"),
        (dict(a=10**4000), "a: expected a number of at most"),
        (dict(a=b"x"), "a: expected a number, a text, a list or a dict, found a bytes"),
        (dict(a=dict(type=3)), "a.type: expected the name of a class, found 3"),
        (dict(a=dict(type=["GN"])), "a.type: expected the name of a class"),
        (dict(a=dict(type=None)), "a.type: expected the name of a class, found None"),
        (dict(a={3: 4}), "a: expected names as keys, found"),
        (dict(a=[0] * 200_000), "a: expected at most 100,000 entries"),
        (dict(test_cfg=dict(nms=dict(type="exit"))), "test_cfg.nms.type"),
    ],
)
def test_value__that_a_model_must_not_say(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        built(**parts)


def test_nesting__is_bounded() -> None:
    nested: Any = 0
    for _ in range(10_000):
        nested = [nested]
    with pytest.raises(CheckpointError, match="nested more than 40 levels deep"):
        built(a=nested)
    for _ in range(10_000):
        nested = dict(a=nested)
    with pytest.raises(CheckpointError, match="nested more than 40 levels deep"):
        built(a=nested)


def test_init_cfg__is_none_wherever_it_is() -> None:
    evil = dict(type="Pretrained", checkpoint="/x")
    found = built(init_cfg=evil, a=dict(b=[dict(init_cfg=evil, c=1)]))
    left = dict(init_cfg=None, c=1)
    assert found == dict(type=EncoderDecoder, init_cfg=None, a=dict(b=[left]))


def test_trained_backbone__of_a_model_reads_nothing() -> None:
    inner = dict(type="argus.PlainViT", vit=dict(type="argus.DinoVisionTransformer"))
    config = dict(type="argus.trained_backbone", backbone=inner, checkpoint="random")
    assert resolve_backbone(config)["type"] is trained_backbone
    for place in ("other.pth", "/folder", "http://x"):
        with pytest.raises(CheckpointError, match="backbone.checkpoint: expected 'random'"):
            resolve_backbone({**config, "checkpoint": place})
    inner["vit"]["weights"] = "vit.pth"
    with pytest.raises(CheckpointError, match=r"backbone.backbone.vit.weights: expected 'random'"):
        resolve_backbone(config)
    assert resolve_backbone(config, weight_files=True)["backbone"]["vit"]["weights"] == "vit.pth"
    inner["vit"]["weights"] = "https://x/vit.pth"
    with pytest.raises(CheckpointError, match="expected 'random'"):
        resolve_backbone(config, weight_files=True)


def data(**values: Any) -> dict[str, Any]:
    return decoder() | dict(test=dict(dataset=dict(type="mmseg.BaseSegDataset", **values)))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (dict(data_root="http://x/y"), "dataset.data_root: the data of a model are files of this"),
        (dict(ann_file="x.pkl"), "dataset.ann_file: the data of a model are files"),
        (dict(metainfo=dict(from_file="x")), "metainfo.from_file: the data of a model must write"),
        (dict(backend_args=dict(backend="petrel")), "backend_args: the data of a model must write"),
        (dict(pipeline=[dict(type="LoadImage", backend_args={"a": 1})]), "pipeline.0.backend_args"),
        (dict(pipeline=[dict(type="os.system")]), "pipeline.0.type: .*none of the packages"),
        (dict(pipeline=[dict(type="mmseg.FCNHead")]), "pipeline.0.type: .*a transform"),
        (dict(dataset=dict(type="mmdet.CocoMetric")), "dataset.dataset.type: .*a data set"),
    ],
)
def test_data__that_a_model_must_not_name(values: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        resolve_task("a", data(**values))


@pytest.mark.parametrize(("key", "limit"), [("num_workers", 64), ("batch_size", 4096)])
def test_data__starts_no_crowd_of_processes(key: str, limit: int) -> None:
    config = data()
    config["test"][key] = limit
    assert resolve_task("a", config)
    config["test"][key] = limit + 1
    with pytest.raises(CheckpointError, match=rf"tasks.a.test.{key}: expected at most {limit:,}"):
        resolve_task("a", config)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../b", "~/x"])
def test_data__paths_leave_the_folder_only_if_the_user_says_so(path: str) -> None:
    config = data(data_root=path)
    assert resolve_task("a", config)["test"]["dataset"]["data_root"] == path, "not read"
    place = "tasks.a.test.dataset.data_root"
    with pytest.raises(
        CheckpointError, match=f"{place}: the model may name .*--cfg-options {place}="
    ):
        resolve_task("a", config, given=())
    assert resolve_task("a", config, given=(place,))
    assert resolve_task("a", data(data_root="data/x"), given=())


@pytest.mark.parametrize("key", ["outfile_prefix", "format_only", "output_dir", "collect_dir"])
def test_metric__writes_nothing(key: str) -> None:
    metric = {"type": "mmdet.CocoMetric", key: "x"}
    with pytest.raises(CheckpointError, match=f"tasks.a.metrics.0.{key}: the data of a model"):
        resolve_task("a", decoder() | dict(metrics=[metric]))
    with pytest.raises(CheckpointError, match=r"tasks.a.metrics.type: expected a metric"):
        resolve_task("a", decoder() | dict(metrics=dict(type="mmengine.DumpResults")))


@pytest.mark.parametrize(
    "config",
    [
        None,
        [],
        {},
        dict(backbone={}, tasks=[]),
        dict(backbone=3, tasks={}),
        dict(backbone=dict(type="argus.PlainViT"), tasks=dict(a=3)),
        dict(backbone=dict(type="argus.PlainViT"), tasks=dict(a={})),
        dict(backbone=dict(type="argus.PlainViT"), tasks={"../a": decoder()}),
        dict(backbone=dict(type="argus.PlainViT"), tasks=dict(a=decoder() | dict(val=3))),
        dict(backbone=dict(type="argus.PlainViT"), tasks=dict(a=decoder() | dict(metrics=[3]))),
    ],
)
def test_shape__of_the_config(config: Any) -> None:
    with pytest.raises(CheckpointError, match="expected"):
        resolve_config(config)
