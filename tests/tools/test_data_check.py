import json
from pathlib import Path

import pytest
from PIL import Image

from argus.errors import ConfigError
from tests.datasets import toy_coco
from tests.datasets.toy_coco import annotation
from tests.pictures import png_header
from tools.data import check as tool

REPOSITORY = Path(__file__).parents[2]
CONFIG = """
from mmdet.datasets.transforms import LoadAnnotations

from argus.datasets.coco import CocoInstances

tasks = dict(
    instance=dict(
        decoder=dict(),
        train=dict(
            dataset=dict(
                type=CocoInstances,
                data_root="{root}",
                ann_file="instances.json",
                data_prefix=dict(img="images/"),
                metainfo=dict(classes=("person", "car")),
                pipeline=[dict(type=LoadAnnotations, with_mask=True)],
            ),
            batch_size=2,
        ),
    ),
)
train_cfg = dict(max_iters=10)
"""


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
    (findings,) = json.loads(report.read_text())
    assert findings["counts"]["samples drawn in the schedule"] == 40
    assert findings["classes"] == dict(person=1, car=0)


def test_main__broken_image_gives_one_and_its_name(config, tmp_path, capsys):
    (tmp_path / "coco/images/3.jpg").write_bytes(b"")
    assert tool.main([str(config)]) == 1
    output = capsys.readouterr().out
    assert "images/3.jpg: the file is empty" in output
    assert "1 data sets checked, 1 errors." in output


SEMANTIC = """
from mmseg.datasets import BaseSegDataset

tasks = dict(
    semantic=dict(
        decoder=dict(),
        train=dict(
            dataset=dict(
                type=BaseSegDataset,
                data_root="{root}",
                data_prefix=dict(img_path="images", seg_map_path="labels"),
                img_suffix=".png",
                metainfo=dict(classes=("person", "car")),
                pipeline=[],
            ),
            batch_size=1,
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
    (findings,) = json.loads(report.read_text())
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
