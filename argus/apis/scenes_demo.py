"""The newcomer's tour: generate scenes, train five tasks on them, test, and show the answers.

Every step is one of the commands a user would type; the demo prints each before it runs it.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from argus.errors import ConfigError
from argus.evaluation.table import results_table

# What the demo has to reach on scenes it has not seen.
BARS = {
    "instance/bbox_mAP_50": 0.60,
    "instance/segm_mAP_50": 0.50,
    "semantic/mIoU": 0.60,
    "keypoints/AP_50": 0.30,
    "classification/top1": 0.90,
}
MIN_GAIN = 0.1  # and how far above the untrained model it has to be
# Settings of the demo's scenes, as scenes.json states them.
SCENES = dict(
    num_train=900, num_val=100, num_classification=[600, 200], width=128, height=128, seed=0
)


class ScenesDemo:
    """Run the demo.

    Args:
        root: The repository.
        work_dir: Where everything but the scenes is written.
        data_dir: Where the scenes are, or are written.
        num_processes: Processes of the training.
        options: Further ``KEY=VALUE`` changes of the config.
    """

    config = "configs/scenes/stage1_5task.py"

    def __init__(
        self,
        root: Path,
        *,
        work_dir: Path,
        data_dir: Path,
        num_processes: int = 2,
        options: Sequence[str] = (),
    ) -> None:
        self.root = root
        self.work_dir = work_dir
        self.data_dir = data_dir
        self.num_processes = num_processes
        self.options = list(options)
        self.seconds: dict[str, float] = {}

    def run(self) -> bool:
        """Run all steps; whether every bar was reached.

        Raises:
            ConfigError: If a step fails, or other scenes are in the place of the demo's.
        """
        self.generate()
        untrained = self.test("none", "untrained")
        checkpoint = self.train()
        trained = self.test(checkpoint, "trained", "--show-dir", str(self.work_dir / "pictures"))
        return self.report(trained, untrained)

    def generate(self) -> None:
        """Render the scenes unless they are there."""
        described = self.data_dir / "scenes.json"
        if described.is_file():
            found = json.loads(described.read_text())
            differ = [f"{k}={found.get(k)}" for k, v in SCENES.items() if found.get(k) != v]
            if differ or not {"coco", "ade20k", "imagenet"} <= set(found.get("layouts", ())):
                raise ConfigError(
                    f"the scenes in {self.data_dir} are not the demo's (found "
                    f"{', '.join(differ) or 'other layouts'}). Move that folder away; the demo "
                    "renders its own."
                )
            print(f"\n== scenes: using those in {self.data_dir}")
            return
        command = [sys.executable, "-m", "argus.datasets.scenes", str(self.data_dir)]
        layouts = ["--layouts", "coco", "ade20k", "imagenet"]
        self._step("scenes", [*command, *layouts, "--num-train", "900", "--num-val", "100"])

    def train(self) -> str:
        """Train from scratch; the path of the last checkpoint."""
        folder = self.work_dir / "train"
        shutil.rmtree(folder, ignore_errors=True)
        launcher = [str(self.root / "tools/dist_train.sh"), self.config, str(self.num_processes)]
        self._step("train", [*launcher, "--work-dir", str(folder), *self._cfg_options()])
        return (folder / "last_checkpoint").read_text().strip()

    def test(self, checkpoint: str, name: str, *arguments: str) -> dict[str, float]:
        """Evaluate a checkpoint; its metrics."""
        out = self.work_dir / f"{name}.json"
        command = [
            *(str(self.root / "tools/dist_test.sh"), self.config, checkpoint),
            *(str(self.num_processes), "--work-dir", str(self.work_dir / "test")),
            *("--out", str(out), *arguments, *self._cfg_options()),
        ]
        self._step(name, command)
        return json.loads(out.read_text())

    def report(self, trained: Mapping[str, float], untrained: Mapping[str, float]) -> bool:
        """Print the table and write ``results.json``; whether every bar was reached."""
        names = list(BARS)
        columns = {"trained": trained, "untrained": untrained, "to reach": BARS}
        table = results_table(columns, names=names, percent=names)
        out = self.work_dir / "results.json"
        results = {**trained, "untrained": dict(untrained), "seconds": self.seconds}
        out.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n")
        minutes = sum(self.seconds.values()) / 60
        print(f"\n== results on 100 scenes that were not trained on\n\n{table}\n")
        print(f"{minutes:.1f} minutes; all metrics: {out}; pictures: {self.work_dir / 'pictures'}")
        missed = [
            name
            for name in names
            if trained.get(name, 0.0) < max(BARS[name], untrained.get(name, 0.0) + MIN_GAIN)
        ]
        if missed:
            print(f"NOT reached: {', '.join(missed)}")
        return not missed

    def _cfg_options(self) -> list[str]:
        return ["--cfg-options", *self.options] if self.options else []

    def _step(self, name: str, command: Sequence[str]) -> None:
        print(f"\n== {name}: {shlex.join(command)}", flush=True)
        started = time.perf_counter()
        environment = {**os.environ, "PYTHON": sys.executable}
        finished = subprocess.run(command, cwd=self.root, env=environment, check=False)
        self.seconds[name] = round(time.perf_counter() - started, 1)
        if finished.returncode:
            raise ConfigError(
                f"the step {name!r} failed with exit status {finished.returncode}; its output is "
                "above."
            )
