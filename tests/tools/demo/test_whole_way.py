"""The demo's whole way at the smallest size: scenes, both stages, merging, table, pictures."""

import json
from pathlib import Path

import cv2
import pytest

from argus.engine.config_files.reading import read_config_file
from tests.in_process import ROOT
from tests.tools.demo.small_demo import run_small
from tools.demo.scenes import BARS, ScenesDemo

SIZES = "--num-train 4 --num-val 2 --num-classification 10 10 --num-anomaly 2 1 1 --workers 1"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> ScenesDemo:
    root = tmp_path_factory.mktemp("demo root")
    return run_small(
        ScenesDemo, root, work="demo", data="scenes", sizes=SIZES, options=["train_cfg.max_iters=2"]
    )


def test_demo__writes_results_and_says_that_two_steps_are_not_enough(demo: ScenesDemo) -> None:
    results = json.loads((demo.work_dir / "results.json").read_text())
    assert len(BARS) == 12
    for name, bar in BARS.items():
        highest = 1.0 if bar.in_percent and not bar.is_error else 180.0
        assert 0.0 <= results[name] <= highest
        assert 0.0 <= results["untrained"][name] <= highest
    manifest = json.loads((demo.work_dir / "model/manifest.json").read_text())
    depth = manifest["tasks"]["depth"]
    assert depth["metrics"]["abs_rel"] == results["depth/abs_rel"]
    assert not demo.reached
    steps = "scenes untrained_stage1 untrained_stage2 stage1 stage2 merge trained"
    assert list(results["seconds"]) == sorted(steps.split())


def test_demo__saves_a_picture_of_every_task(demo: ScenesDemo) -> None:
    for task in {name.split("/")[0] for name in BARS}:
        sheet = cv2.imread(str(demo.work_dir / f"pictures/{task}.png"))
        assert sheet.shape[0] > 200 and sheet.shape[1] > 200
        assert list((demo.work_dir / "pictures" / task).glob("*.png"))


def test_demo__says_which_pictures_the_table_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = ScenesDemo(tmp_path, work_dir=tmp_path, data_dir=tmp_path)
    values = {name: bar.value for name, bar in BARS.items()}
    demo.report(values, values)
    assert (
        "(validation, which settings are chosen on; anomaly: test, which" in capsys.readouterr().out
    )


def test_anomaly__is_tested_on_other_pictures_than_it_is_validated_on() -> None:
    config = read_config_file(str(ROOT / "configs/scenes/stage2/anomaly.py"))
    task = config.tasks.anomaly
    assert [task[part].dataset.split for part in ("train", "val", "test")] == [
        *("train", "validation", "test")
    ]
