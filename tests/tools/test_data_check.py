import json
from pathlib import Path

import pytest
from PIL import Image

from argus.errors import ConfigError
from tests.datasets import toy_coco
from tests.datasets.convert.archive_files import write_tree
from tests.datasets.convert.published_numbers import publish
from tests.datasets.own.layouts import class_folders
from tests.datasets.toy_coco import annotation
from tests.pictures import png_header
from tools.data import check as tool

REPOSITORY = Path(__file__).parents[2]
CONFIG = """
from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs

from argus.datasets.coco import CocoInstances
from argus.datasets.transforms import LoadImage
from tests.toy import ToyBackbone

backbone = dict(type=ToyBackbone)
optim_wrapper = dict(optimizer=dict(type="AdamW", lr=1e-4))
tasks = dict(
    instance=dict(
        decoder=DECODER,
        train=dict(
            dataset=dict(
                type=CocoInstances,
                data_root="{root}",
                ann_file="instances.json",
                data_prefix=dict(img="images/"),
                metainfo=dict(classes=("person", "car")),
                pipeline=[
                    dict(type=LoadImage),
                    dict(type=LoadAnnotations, with_bbox=True, with_mask=True),
                    dict(type=PackDetInputs),
                ],
            ),
            batch_size=2,
            num_workers=0,
        ),
    ),
)
train_cfg = dict(max_iters=10)
"""
DECODER = """dict(
            type="mmdet.RetinaNet",
            backbone=dict(type="SharedBackbone"),
            neck=dict(type="FPN", in_channels=[8] * 4, out_channels=8, num_outs=5),
            bbox_head=dict(type="RetinaHead", num_classes=2, in_channels=8, feat_channels=8),
        )"""
CONFIG = CONFIG.replace("DECODER", DECODER)


@pytest.fixture
def config(tmp_path):
    toy_coco.write(tmp_path / "coco", [annotation(1, 1)])
    path = tmp_path / "config.py"
    path.write_text(CONFIG.format(root=tmp_path / "coco"))
    return path


def test_main__good_data_gives_zero_and_the_report(config, tmp_path, capsys):
    report = tmp_path / "out/report.json"
    arguments = [str(config), "--json", str(report), "--num-processes", "2"]
    assert tool.main(arguments) == 0
    assert "epochs of the schedule: 10.00" in capsys.readouterr().out
    whole, findings = json.loads(report.read_text())
    assert whole["where"] == "config" and not whole["errors"]
    assert findings["counts"]["samples drawn in the schedule"] == 40
    assert findings["classes"] == dict(person=1, car=0)


def test_main__broken_image_gives_one_and_its_name(config, tmp_path, capsys):
    (tmp_path / "coco/images/3.jpg").write_bytes(b"")
    assert tool.main([str(config)]) == 1
    output = capsys.readouterr().out
    assert "images/3.jpg: the file is empty" in output
    assert "1 data set checked, 1 error." in output
    assert "`argus convert NAME` brings a download into the layout" in output


def test_main__data_of_ones_own_need_no_layout(tmp_path, capsys):
    data = class_folders(tmp_path / "data")
    (data / "cat/0.png").write_bytes(b"")
    path = tmp_path / "own.py"
    path.write_text(
        "from tests.toy import ToyBackbone\n"
        "backbone = dict(type=ToyBackbone)\n"
        f'tasks = dict(one=dict(type="ClassificationTask", data={str(data)!r}))\n'
        "train_cfg = dict(max_iters=10)\n"
        'optim_wrapper = dict(optimizer=dict(type="AdamW", lr=1e-4))\n'
    )
    assert tool.main([str(path)]) == 1
    output = capsys.readouterr().out
    assert "cat/0.png: the file is empty" in output and "argus convert" not in output


SEMANTIC = """
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import PackSegInputs

from argus.datasets.transforms import LoadImage, LoadSegMap
from tests.toy import ToyBackbone

backbone = dict(type=ToyBackbone)
optim_wrapper = dict(optimizer=dict(type="AdamW", lr=1e-4))
tasks = dict(
    semantic=dict(
        decoder=dict(
            type="mmseg.EncoderDecoder",
            backbone=dict(type="SharedBackbone"),
            decode_head=dict(type="FCNHead", in_channels=8, channels=8, num_classes=2),
            test_cfg=dict(mode="whole"),
        ),
        train=dict(
            dataset=dict(
                type=BaseSegDataset,
                data_root="{root}",
                data_prefix=dict(img_path="images", seg_map_path="labels"),
                img_suffix=".png",
                metainfo=dict(classes=("person", "car")),
                pipeline=[
                    dict(type=LoadImage),
                    dict(type=LoadSegMap, num_classes=2),
                    dict(type=PackSegInputs),
                ],
            ),
            batch_size=1,
            num_workers=0,
        ),
    ),
)
"""


@pytest.mark.parametrize(
    ("size", "message"),
    [(2**16, "a decompression bomb"), (2**21, "a side may have at most 1,048,576 pixels")],
)
def test_main__pictures_that_declare_more_than_opencv_decodes(size, message, tmp_path, capsys):
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
        for name in ("good", "huge_image", "huge_label"):
            Image.new("L", (10, 8)).save(tmp_path / folder / f"{name}.png")
    (tmp_path / "images/huge_image.png").write_bytes(png_header(size, size))
    (tmp_path / "labels/huge_label.png").write_bytes(png_header(size, size, kind=0))
    config = tmp_path / "config.py"
    config.write_text(SEMANTIC.format(root=tmp_path))
    report = tmp_path / "report.json"
    assert tool.main([str(config), "--json", str(report)]) == 1
    whole, findings = json.loads(report.read_text())
    assert whole["where"] == "config" and not whole["errors"]
    errors = sorted(findings["errors"])
    assert [error.split(":")[0] for error in errors] == [
        str(tmp_path / "images/huge_image.png"),
        str(tmp_path / "labels/huge_label.png"),
    ]
    for error in errors:
        assert f"declares {size} x {size} pixels" in error and message in error
    assert findings["counts"]["label maps"] == 1
    assert "Traceback" not in capsys.readouterr().err


def test_main__root_from_the_command_line(config, capsys):
    option = "tasks.instance.train.dataset.data_root=nowhere"
    assert tool.main([str(config), "--cfg-options", option]) == 1
    assert "nowhere: no such file or folder" in capsys.readouterr().out


def test_main__unknown_task(config):
    with pytest.raises(ConfigError, match=r"\['pose'\]: the config has instance"):
        tool.main([str(config), "--tasks", "pose"])


def test_main__config_of_one_task(capsys):
    path = REPOSITORY / "configs/_base_/tasks/ade20k_semantic.py"
    option = "ade20k_semantic.train.dataset.data_root=nowhere"
    assert tool.main([str(path), "--cfg-options", option]) == 1
    assert "ade20k_semantic.train: ERROR" in capsys.readouterr().out


def test_main__missing_config_is_one_error(tmp_path):
    with pytest.raises(ConfigError, match="no.py does not exist"):
        tool.main([str(tmp_path / "no.py")])


def test_main__every_lack_of_a_config_is_a_finding(config, capsys):
    text = config.read_text()
    for right, wrong in (
        ("PackDetInputs),", "'PackDetInput'),"),
        ("with_bbox=True", "with_boxes=True"),
        ("lr=1e-4", "lr=0"),
        ("num_outs=5", "num_out=5"),
    ):
        assert right in text
        text = text.replace(right, wrong)
    config.write_text(text + "default_hooks = dict(checkpoint=dict(type='CheckpointHok'))\n")
    assert tool.main([str(config)]) == 1
    output = capsys.readouterr().out
    for words in (
        "dataset.pipeline[1]: unknown key 'with_boxes' of LoadAnnotations. Did you mean 'with_bbox",
        "dataset.pipeline[2].type: there is no transform 'PackDetInput' in mmdet. Did you mean",
        "optim_wrapper.optimizer.lr: expected a number > 0, found 0",
        "tasks['instance'].decoder.neck: unknown key 'num_out' of FPN",
        "default_hooks.checkpoint.type: there is no hook 'CheckpointHok'",
    ):
        assert words in output
    assert "files decoded: 4" in output and "Traceback" not in output


def test_main__pipeline_without_its_end(config, capsys):
    text = config.read_text().replace("dict(type=PackDetInputs),", "")
    config.write_text(text)
    assert tool.main([str(config)]) == 1
    assert "no 'inputs' and no 'data_samples'. End it with the packing" in capsys.readouterr().out


def test_main__weights_that_are_missing_are_no_error_of_the_data(config, tmp_path, capsys):
    config.write_text(config.read_text() + "load_from = 'nowhere.pth'\n")
    report = tmp_path / "report.json"
    assert tool.main([str(config), "--json", str(report)]) == 0
    output = capsys.readouterr().out
    assert "weights: " in output and "nowhere.pth" in output.partition("weights: ")[2]
    assert "1 data set checked, 0 errors; 1 weight file missing." in output
    whole, _, weights = json.loads(report.read_text())
    assert not whole["errors"] and "nowhere.pth" in weights["missing"][0]


def test_main__samples_that_do_not_name_the_tasks_of_their_stream(config, capsys):
    other = f"tasks['other'] = dict(stream='instance', decoder={DECODER})\n"
    text = config.read_text().replace("decoder=dict", "stream='both', decoder=dict", 1)
    config.write_text(text + other.replace("'instance'", "'both'", 1))
    assert tool.main([str(config)]) == 1
    output = capsys.readouterr().out
    assert "the tasks instance, other share it, and its samples have labels of one" in output


def test_main__names_of_the_decoders_library_are_found(config, capsys):
    text = config.read_text().replace("type=LoadAnnotations", "type='LoadAnnotations'")
    config.write_text(text.replace("type=CocoInstances", "type='argus.CocoInstances'"))
    assert tool.main([str(config)]) == 0


def test_main__a_data_set_by_name(tmp_path, monkeypatch, capsys):
    publish(monkeypatch, "sod", {"masks": 2})
    masks = write_tree(tmp_path / "sod", {"masks/1.png": b"", "masks/2.png": b""}) / "masks"
    report = tmp_path / "report.json"
    arguments = ["sod", str(tmp_path / "sod"), "--json", str(report)]
    assert tool.main(arguments) == 0
    assert "All of SOD, as it is published." in capsys.readouterr().out
    (masks / "2.png").unlink()
    assert tool.main(arguments) == 1
    output = capsys.readouterr().out
    assert "error: masks: 1 of the 2 that are published, 1 missing (https://" in output
    assert json.loads(report.read_text())[0]["counts"] == dict(masks=1)
    assert tool.main([*arguments, "--allow-partial"]) == 0
    assert "A part of SOD, on purpose." in capsys.readouterr().out
    with pytest.raises(
        ConfigError, match=r"config.py is no data set .* known are coco, coco-karpathy"
    ):
        tool.main(["config.py", str(tmp_path)])


def test_main__data_smaller_than_published_is_a_warning(config, tmp_path, monkeypatch, capsys):
    publish(monkeypatch, "coco", {"train images": 2})
    root = write_tree(tmp_path / "data/coco", {"train2017/1.jpg": b""})
    config.write_text(config.read_text() + f"tasks['instance']['val'] = dict(data_root='{root}')\n")
    tool.main([str(config)])
    output = capsys.readouterr().out
    assert f"coco in {root}: ok" in output and "1 missing (https://cocodataset" in output
    tool.main([str(config), "--allow-partial"])
    assert "note: train images: 1 of the 2 that are published" in capsys.readouterr().out
