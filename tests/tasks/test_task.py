"""A wrong task config is found before anything is built, with a message that names the place."""

import copy

import pytest
from torch.utils.data import DataLoader

from argus.errors import ConfigError
from argus.tasks import parse_tasks, streams_of
from tests.toy import ToyClassification, toy_tasks


def test_parse_tasks__valid_config_keeps_order_and_defaults() -> None:
    tasks = parse_tasks(toy_tasks())
    assert list(tasks) == ["semantic", "classification"]
    task = tasks["classification"]
    assert task.test is task.val
    assert task.loss_weight == 1.0
    assert task.reported == ("classification/top1",)
    assert tasks["semantic"].reported == ("semantic/mIoU", "semantic/aAcc")
    assert streams_of(tasks) == {
        "semantic": ("semantic",),
        "classification": ("classification",),
    }


def _edit(path: str, value: object) -> dict:
    tasks = copy.deepcopy(toy_tasks())
    *parents, last = path.split(".")
    node = tasks
    for part in parents:
        node = node[part]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return tasks


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("semantic.los_weight", 2.0, ["tasks['semantic']", "'los_weight'", "'loss_weight'"]),
        ("semantic.train.batchsize", 2, ["tasks['semantic'].train", "'batch_size'"]),
        ("semantic.train.batch_size", None, ["tasks['semantic'].train", "batch_size", "missing"]),
        ("semantic.train.batch_size", 0, ["tasks['semantic'].train.batch_size", ">= 1", "0"]),
        ("semantic.train.dataset", None, ["tasks['semantic'].train.dataset", "data set"]),
        ("semantic.train.sampling", "random", ["sampling", "shuffle", "'random'"]),
        ("semantic.train.balance_power", 2, ["train.balance_power", "[0, 1]", "found 2"]),
        ("semantic.train.max_bad_share", -0.1, ["train.max_bad_share", "[0, 1]", "-0.1"]),
        ("semantic.decoder", None, ["tasks['semantic'].decoder", "found nothing"]),
        ("semantic.decoder.backbone", None, ["backbone=dict(type=SharedBackbone)"]),
        ("semantic.decoder.type", None, ["tasks['semantic'].decoder", "type"]),
        ("semantic.metrics", None, ["tasks['semantic']", "no metric"]),
        ("semantic.loss_weight", -1.0, ["tasks['semantic'].loss_weight", "-1.0"]),
        ("semantic.name", "seg", ["'name'", "remove"]),
        ("Semantic", {}, ["tasks['Semantic']", "lower case"]),
        ("classi_fication", toy_tasks()["classification"], ["one name", "underscores"]),
        (
            "classification.train.dataset",
            dict(type=ToyClassification, metainfo=dict(classes=["a", "b"])),
            ["head.num_classes", "is 3", "train data set has 2 labels"],
        ),
        (
            "classification.val.dataset",
            dict(type="Wrapper", dataset=dict(type=ToyClassification, metainfo=None)),
            [],
        ),
    ],
)
def test_parse_tasks__mistake_names_task_key_and_remedy(
    path: str, value: object, words: list[str]
) -> None:
    tasks = _edit(path, value)
    if not words:
        assert parse_tasks(tasks)
        return
    with pytest.raises(ConfigError) as caught:
        parse_tasks(tasks)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("empty", [None, {}, []])
def test_parse_tasks__no_tasks(empty: object) -> None:
    with pytest.raises(ConfigError, match="tasks is empty or missing"):
        parse_tasks(empty)


def test_parse_tasks__list_is_refused() -> None:
    with pytest.raises(ConfigError, match="found a list"):
        parse_tasks([dict(toy_tasks()["semantic"])])


def test_parse_tasks__label_count_through_wrapper_and_class_metainfo() -> None:
    tasks = toy_tasks()
    tasks["classification"]["decoder"]["head"]["num_classes"] = 7
    tasks["classification"]["train"]["dataset"] = dict(
        type="RepeatDataset", dataset=dict(type=ToyClassification)
    )
    with pytest.raises(ConfigError, match=r"head\.num_classes is 7.*has 3 labels"):
        parse_tasks(tasks)


def _named(decoder: object, dataset: dict, num_classes: int) -> dict:
    """One task whose decoder and data set are named in the given way."""
    head = dict(type="FCNHead", num_classes=num_classes)
    model = dict(type=decoder, backbone=dict(type="SharedBackbone"), decode_head=head)
    return dict(parts=dict(decoder=model, train=dict(dataset=dataset, batch_size=1)))


@pytest.mark.parametrize(
    ("decoder", "kind"),
    [
        ("mmseg.EncoderDecoder", "mmseg.ADE20KDataset"),
        ("mmseg.EncoderDecoder", "mmseg.datasets.ADE20KDataset"),
        ("mmseg.EncoderDecoder", "ADE20KDataset"),
        ("class", "ADE20KDataset"),
    ],
)
def test_parse_tasks__label_count_of_a_dataset_given_by_name(decoder: str, kind: str) -> None:
    from mmseg.models import EncoderDecoder

    model = EncoderDecoder if decoder == "class" else decoder
    dataset = dict(type=kind, data_root="data")
    for config in (
        dataset,
        dict(type="RepeatDataset", dataset=dataset, times=2),
        dict(type="ConcatDataset", datasets=[dataset, dataset]),
    ):
        assert parse_tasks(_named(model, config, 150))
        with pytest.raises(ConfigError, match=r"num_classes is 151.*has 150 labels"):
            parse_tasks(_named(model, config, 151))
    assert parse_tasks(_named(model, dataset | dict(metainfo=dict(classes=("a", "b"))), 2))


@pytest.mark.parametrize("kind", ["Nowhere", "mmseg.Nowhere", "no_library.Nowhere", "a.b.c"])
def test_parse_tasks__unknown_dataset_name_is_left_to_the_build(kind: str) -> None:
    assert parse_tasks(_named("mmseg.EncoderDecoder", dict(type=kind), 3))


def test_parse_tasks__keypoint_count_of_a_dataset_given_by_name() -> None:
    head = dict(type="HeatmapHead", out_channels=14, decoder=dict(type="UDPHeatmap"))
    decoder = dict(type="mmpose.TopdownPoseEstimator", backbone={}, head=head)
    train = dict(dataset=dict(type="CocoDataset"), batch_size=1)
    with pytest.raises(ConfigError, match=r"head\.out_channels is 14.*has 17 labels"):
        parse_tasks(dict(keypoints=dict(decoder=decoder, train=train)))


def test_parse_tasks__bare_names_beside_a_decoder_of_argus() -> None:
    decoder = dict(type="MaskDINO", backbone={}, num_things_classes=6, num_stuff_classes=0)
    for kind, count in (("CocoDataset", 80), ("CocoInstances", 80), ("LVISV1Dataset", 1203)):
        train = dict(dataset=dict(type=kind), batch_size=1)
        with pytest.raises(ConfigError, match=rf"num_things_classes is 6.*has {count:,} labels"):
            parse_tasks(dict(instance=dict(decoder=decoder, train=train)))


def test_parse_tasks__keypoint_count() -> None:
    from mmpose.datasets import CocoDataset

    head = dict(type="DPTKeypointHead", out_channels=14, decoder=dict(type="UDPHeatmap"))
    decoder = dict(type="TopdownPoseEstimator", backbone=dict(type="SharedBackbone"), head=head)
    train = dict(dataset=dict(type=CocoDataset), batch_size=1)
    with pytest.raises(ConfigError, match=r"head\.out_channels is 14.*has 17 labels"):
        parse_tasks(dict(keypoints=dict(decoder=decoder, train=train)))
    head["out_channels"] = 17
    assert parse_tasks(dict(keypoints=dict(decoder=decoder, train=train)))


def test_parse_tasks__shared_stream_needs_one_source() -> None:
    tasks = toy_tasks()
    for task in tasks.values():
        task["stream"] = "both"
    with pytest.raises(ConfigError, match="exactly one of them must have train data"):
        parse_tasks(tasks)
    del tasks["semantic"]["train"]
    assert streams_of(parse_tasks(tasks)) == {"both": ("classification", "semantic")}


@pytest.mark.parametrize("part", ["train", "val", "test"])
@pytest.mark.parametrize("place", ["", ".dataset"])
def test_parse_tasks__loader_of_the_user_is_refused(part: str, place: str) -> None:
    """Its processes would be watched by nobody."""
    tasks = toy_tasks()
    tasks["semantic"]["test"] = copy.deepcopy(tasks["semantic"]["val"])
    own = DataLoader(ToyClassification(), batch_size=2)
    if place:
        tasks["semantic"][part]["dataset"] = own
    else:
        tasks["semantic"][part] = own
    with pytest.raises(ConfigError, match=rf"\['semantic'\]\.{part}{place}: .*found DataLoader"):
        parse_tasks(tasks)


def test_parse_tasks__class_of_a_loader_is_no_key() -> None:
    tasks = toy_tasks()
    tasks["semantic"]["train"]["type"] = DataLoader
    with pytest.raises(ConfigError, match=r"\['semantic'\]\.train: unknown key 'type'"):
        parse_tasks(tasks)
