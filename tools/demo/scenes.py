#!/usr/bin/env python3
"""Generate scenes, train both stages on them, merge, test, draw: what ``make demo`` runs.

Every step is one of the commands a user would type; the demo prints each before it runs it.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Works from any folder, installed or not.
sys.path.insert(0, str(ROOT))

from argus.commands.config_options import add_cfg_options  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.files.durable import write_json  # noqa: E402
from tools.demo.bars import Bar, bars_table, missed  # noqa: E402
from tools.demo.steps import Demo  # noqa: E402

BARS = {
    "instance/bbox_mAP_50": Bar(0.60),
    "instance/segm_mAP_50": Bar(0.50),
    "keypoints/AP_50": Bar(0.30),
    "semantic/mIoU": Bar(0.60),
    "classification/top1": Bar(0.90),
    "panoptic/PQ": Bar(0.35),
    "depth/abs_rel": Bar(0.15, is_error=True),
    "boundary/odsF": Bar(0.60),
    "normals/mErr": Bar(25.0, is_error=True, in_percent=False),
    "parsing/mIoU": Bar(0.40),
    "saliency/maxF": Bar(0.80),
    "anomaly/I_AUROC": Bar(0.90),
}
# Settings of the demo's scenes, as scenes.json states them.
SCENES = dict(
    num_train=900,
    num_val=100,
    num_classification=[600, 200],
    num_anomaly=[60, 10, 10],
    width=128,
    height=128,
    seed=0,
)
SPLITS = "validation, which settings are chosen on; anomaly: test, which nothing is chosen on"
"""What the table shows of the scenes that were not trained on."""
LAYOUTS = ("coco", "ade20k", "imagenet", "nyuv2", "pascal", "mvtec")


class ScenesDemo(Demo):
    """Run the demo.

    Args:
        root: The repository.
        data_dir: Where the scenes are, or are written.
        **settings: As :class:`~tools.demo.steps.Demo`.
    """

    stage1 = "configs/scenes/stage1_5task.py"
    stage2 = "configs/scenes/stage2_7task.py"

    def __init__(self, root: Path, *, data_dir: Path, **settings: Any) -> None:
        super().__init__(root, **settings)
        self.data_dir = data_dir

    def run(self) -> bool:
        """Run all steps; whether every bar was reached.

        Raises:
            ConfigError: If a step fails, or other scenes are in the place of the demo's.
        """
        self.generate()
        random = "backbone.checkpoint=random"
        untrained = self.test("untrained_stage1", self.stage1, "none")
        untrained |= self.test("untrained_stage2", self.stage2, "none", options=[random])
        first = self.train("stage1", self.stage1)
        second = self.train("stage2", self.stage2, f"backbone.checkpoint={first}")
        model = self.merge(first, second)
        arguments = ("--save-metrics", "--show-dir", str(self.work_dir / "pictures"))
        trained = self.test("trained", model, arguments=arguments)
        return self.report(trained, untrained)

    def generate(self) -> None:
        """Render the scenes unless they are there."""
        options = ["--layouts", *LAYOUTS, "--num-train", "900", "--num-val", "100"]
        self.scenes(self.data_dir, SCENES, layouts=LAYOUTS, options=options)

    def report(self, trained: Mapping[str, float], untrained: Mapping[str, float]) -> bool:
        """Print the table and write ``results.json``; whether every bar was reached."""
        table = bars_table(BARS, {"trained": trained, "untrained": untrained})
        out = self.work_dir / "results.json"
        results = {**trained, "untrained": dict(untrained), "seconds": self.seconds}
        write_json(out, results, sort_keys=True)
        print(f"\n== results on scenes that were not trained on ({SPLITS})\n\n{table}\n")
        pictures = self.work_dir / "pictures"
        print(f"{self.minutes:.1f} minutes; all metrics: {out}; pictures: {pictures}")
        failed = missed(BARS, trained, untrained)
        if failed:
            print(f"NOT reached: {', '.join(failed)}")
        return not failed


def main() -> None:
    """Run the demo; exit with 1 if a number is not reached."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/demo"))
    parser.add_argument("--num-processes", type=int, default=2, help="processes (default 2)")
    add_cfg_options(parser, example="train_cfg.max_iters=100")
    args = parser.parse_args()
    with user_errors():
        demo = ScenesDemo(
            ROOT,
            work_dir=args.work_dir.resolve(),
            data_dir=ROOT / "data/scenes",
            num_processes=args.num_processes,
            options=args.cfg_options,
        )
        reached = demo.run()
    sys.exit(0 if reached else 1)


if __name__ == "__main__":
    main()
