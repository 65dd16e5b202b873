"""The demo's whole way at the smallest size: scenes, both stages, merging, table, pictures."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from argus.apis.scenes_demo import BARS, ScenesDemo

REPOSITORY = Path(__file__).resolve().parents[2]


class SmallDemo(ScenesDemo):
    """As the demo, on a dozen scenes."""

    def generate(self) -> None:
        sizes = ["--num-train", "8", "--num-val", "4", "--num-classification", "20", "10"]
        sizes += ["--num-anomaly", "4", "1", "--workers", "1"]
        command = [sys.executable, "-m", "argus.datasets.scenes", str(self.data_dir)]
        subprocess.run([*command, *sizes], cwd=REPOSITORY, check=True)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> ScenesDemo:
    # A root of its own, since the configs read data/scenes below the current folder.
    root = tmp_path_factory.mktemp("demo root")
    for name in ("tools", "configs", "argus"):
        (root / name).symlink_to(REPOSITORY / name)
    demo = SmallDemo(
        root,
        work_dir=root / "work_dirs/demo",
        data_dir=root / "data/scenes",
        num_processes=1,  # the launch scripts have tests of their own with two
        options=["train_cfg.max_iters=2"],
    )
    demo.reached = demo.run()
    return demo


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
    steps = {"untrained_stage1", "untrained_stage2", "stage1", "stage2", "merge", "trained"}
    assert set(results["seconds"]) == steps


def test_demo__saves_a_picture_of_every_task(demo: ScenesDemo) -> None:
    for task in {name.split("/")[0] for name in BARS}:
        sheet = cv2.imread(str(demo.work_dir / f"pictures/{task}.png"))
        assert sheet.shape[0] > 200 and sheet.shape[1] > 200
        assert list((demo.work_dir / "pictures" / task).glob("*.png"))
