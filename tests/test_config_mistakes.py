"""Typical mistakes in the config of a new task, made to the tutorial's, each told in one message.

The config goes through tools/train.py, so that what is compared is what a user reads.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import mmengine.runner.runner
import numpy as np
import pytest
from yapf.yapflib import yapf_api

from tests.tutorial import MODEL, file_in_page, write_files, write_model
from tools import train as train_tool

HEAD = "tasks['plates'].decoder.decode_head"
TRAIN = "tasks.plates.train.dataset: the data set cannot be built: dataset"
METRICS = '    metrics=dict(type=IoUMetric, iou_metrics=["mIoU"]),\n'
# The tutorial's text and what stands there by mistake; words of the message.
MISTAKES = {
    "misspelt key": (
        "primary=",
        "primry=",
        ["ConfigError: tasks['plates']", "unknown key 'primry'", "Did you mean 'primary'?"],
    ),
    "no metric": (METRICS, "", ["ConfigError: tasks['plates']", "no metric", "Add metrics=dict("]),
    "metric without a dict": (
        METRICS,
        "    metrics=IoUMetric,\n",
        ["ConfigError: tasks['plates'].metrics: expected dict(type=...)", "IoUMetric"],
    ),
    "other number of classes": (
        "    num_classes=3,\n",
        "    num_classes=4,\n",
        [f"ConfigError: {HEAD}.num_classes is 4", "train data set has 3", "Set num_classes=3"],
    ),
    "no batch size": (
        "        batch_size=4,\n        num_workers=1,\n    ),\n    val=",
        "    ),\n    val=",
        ["ConfigError: tasks['plates'].train", "'batch_size' is missing"],
    ),
    "unknown sampling": (
        "        batch_size=4,\n        num_workers=1,\n    ),\n    val=",
        "        batch_size=4,\n        sampling='random',\n    ),\n    val=",
        ["ConfigError: tasks['plates'].train.sampling", "'shuffle'", "found 'random'"],
    ),
    "a list of tasks": (
        "dict(plates=plates)",
        "[plates]",
        ["ConfigError: tasks: expected dict(name=task, ...), found a list"],
    ),
    "the task without its name": (
        "tasks = dict(plates=plates)",
        "tasks = plates",
        ["ConfigError: tasks: expected dict(name=task, ...), found the task", "Give it a name"],
    ),
    "unknown key of the training": (
        "max_iters=",
        "max_iter=",
        ["ConfigError: train_cfg: unknown key 'max_iter'", "max_iters"],
    ),
    "no data": (
        "data/plates",
        "data/plate",
        ["DataError: tasks.plates.train.dataset", "Missing:", "data/plate\n", "data_root=..."],
    ),
    "no model": (
        MODEL,
        "work_dirs/demo/modle",
        ["Error: ", "work_dirs/demo/modle", "checkpoint"],
    ),
    "not a model": (
        MODEL,
        "work_dirs/demo",
        ["CheckpointError: work_dirs/demo is not the folder of a model", "merge.py makes one"],
    ),
    "key of the backbone": (
        "checkpoint=",
        "chekpoint=",
        ["ConfigError: backbone: unknown key 'chekpoint'", "Did you mean 'checkpoint'?"],
    ),
    "a backbone of its own": (
        "dict(type=SharedBackbone)",
        "dict(type='ResNet', depth=18)",
        ["ConfigError: tasks['plates'].decoder", "'ResNet'", "backbone=dict(type=SharedBackbone)"],
    ),
    "other channels": (
        "[96, 96, 96, 96]",
        "[768, 768, 768, 768]",
        [f"ConfigError: {HEAD}.in_channels=[768, 768, 768, 768]", "4 maps", "of 96 channels"],
    ),
    "misspelt model": (
        "type=EncoderDecoder",
        "type='mmseg.EncodeDecoder'",
        ["ConfigError: tasks['plates'].decoder.type", "Did you mean 'mmseg.EncoderDecoder'"],
    ),
    "model without its library": (
        "type=EncoderDecoder",
        "type='EncoderDecoder'",
        ["tasks['plates'].decoder.type: there is no model", "Did you mean 'mmseg.EncoderDecoder'"],
    ),
    "misspelt head": (
        "type=SegformerHead",
        "type='SegFormerHead'",
        [f"ConfigError: {HEAD}.type: there is no model 'SegFormerHead'", "mean 'SegformerHead'"],
    ),
    "misspelt layer": (
        'type="GN"',
        'type="GNN"',
        [f"ConfigError: {HEAD}.norm_cfg.type: there is no layer 'GNN'", "Did you mean 'GN'?"],
    ),
    "misspelt data set": (
        "type=BaseSegDataset",
        "type='BaseSegDatset'",
        [f"DataError: {TRAIN}.type: there is no dataset", "Did you mean 'BaseSegDataset'"],
    ),
    "misspelt transform": (
        "type=RandomFlip",
        "type='RandomFlp'",
        [f"DataError: {TRAIN}.pipeline[2].type: there is no transform", "mean 'RandomFlip'"],
    ),
    "misspelt metric": (
        "type=IoUMetric",
        "type='IOUMetric'",
        ["ConfigError: tasks['plates'].metrics[0].type: there is no metric", "mean 'IoUMetric'"],
    ),
    "key of a head": (
        "align_corners",
        "align_corner",
        [f"ConfigError: {HEAD}: unknown key 'align_corner' of Seg", "mean 'align_corners'?"],
    ),
    "key of a data set": (
        "img_suffix",
        "image_suffix",
        [f"DataError: {TRAIN}: unknown key 'image_suffix' of BaseSeg", "mean 'img_suffix'?"],
    ),
    "head without a key": (
        "            num_classes=3,\n",
        "",
        [f"ConfigError: {HEAD}: 'num_classes' missing, which SegformerHead needs"],
    ),
    "groups that do not divide": (
        "num_groups=8",
        "num_groups=7",
        ["ConfigError: tasks['plates'].decoder cannot be built", "divisible by num_groups (7)"],
    ),
    "factor of nothing": (
        "weight_decay=0.05)",
        "weight_decay=0.05), paramwise_cfg=dict(lr_mult={'decoders.plate.': 2.0})",
        ["ConfigError: optim_wrapper.paramwise_cfg.lr_mult", "begins with ['decoders.plate.']"],
    ),
    "wrong suffix": (
        'img_suffix=".png"',
        'img_suffix=".jpg"',
        ["DataError: tasks.plates.train.dataset: no samples found", "file suffix"],
    ),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the tutorial's config is right."""
    folder = tmp_path_factory.mktemp("mistakes")
    write_files(folder)
    write_model(folder)
    return folder


@pytest.fixture(autouse=True)
def place(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work there, without what mmengine logs at each start: compilers, a well-formatted config."""
    monkeypatch.chdir(root)
    monkeypatch.setattr(mmengine.runner.runner, "collect_env", dict)
    monkeypatch.setattr(yapf_api, "FormatCode", lambda text, **_: (text, True))
    yield


def train(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Exit status of ``tools/train.py`` with a config."""
    text = text.replace("max_iters=200", "max_iters=1").replace("num_workers=1", "num_workers=0")
    Path("wrong.py").write_text(text)
    monkeypatch.setattr(sys, "argv", ["train.py", "wrong.py"])
    try:
        train_tool.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake__is_told_in_one_message(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right, wrong, words = MISTAKES[name]
    text = file_in_page("plates.py")
    assert right in text
    capsys.readouterr()
    assert train(text.replace(right, wrong), monkeypatch) == 2
    message = capsys.readouterr().err
    assert [word for word in words if word not in message] == [], message
    assert "Traceback" not in message


def test_mistake__sides_that_the_backbone_cannot_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = file_in_page("plates.py").replace("size_divisor=32,\n", "size=(100, 100),\n", 1)
    crop = "dict(type='RandomCrop', crop_size=(100, 100))"
    assert train(text.replace("dict(type=RandomFlip, prob=0.5)", crop), monkeypatch) == 2
    message = capsys.readouterr().err
    assert "tasks['plates'].decoder.data_preprocessor gives images of 100x100" in message
    assert "multiples of 32" in message and "size_divisor=32" in message


def test_mistake__labels_out_of_range_are_told_with_their_file(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / "data/plates/labels/val/003.png"
    labels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    try:
        cv2.imwrite(str(path), np.full_like(labels, 7))
        assert train(file_in_page("plates.py"), monkeypatch) == 2
    finally:
        cv2.imwrite(str(path), labels)
    message = capsys.readouterr().err
    assert "DataError: task 'plates': sample 3" in message and "images/val/003.png" in message
    assert "labels [7] out of range: expected 0..2 or 255" in message


def test_mistake__metrics_that_are_not_measured_are_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = file_in_page("plates.py").replace('"mIoU",\n)', '"mIOU", report=["mIoU", "dice"],\n)')
    assert train(text, monkeypatch) == 0
    log = capsys.readouterr().out
    for key, name in (("primary", "mIOU"), ("report", "dice")):
        assert f"tasks['plates'].{key} names {name}, which was not measured" in log
    assert "Measured: aAcc, mAcc, mIoU." in log
