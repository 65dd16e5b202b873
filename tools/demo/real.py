#!/usr/bin/env python3
"""Train on streets and cell nuclei with a frozen ViT-S, test, draw: what ``make demo-real`` runs.

Every step is one of the commands a user would type; the demo prints each before it runs it.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
# Works from any folder, installed or not.
sys.path.insert(0, str(ROOT))

from argus.commands.config_options import add_cfg_options  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.errors import ConfigError  # noqa: E402
from argus.evaluation.table import results_table  # noqa: E402
from argus.files.addresses import is_address  # noqa: E402
from argus.files.durable import write_json  # noqa: E402
from argus.visualization import contact_sheet  # noqa: E402
from tools.demo.steps import Demo  # noqa: E402

VIT = "dinov2_vits14"
VIT_FILE = f"data/weights/{VIT}_pretrain.pth"
PHOTOS = dict(camvid="camvid/images/test", nuclei="nuclei/val")
"""Folders of test photos below the data, by task; the first part is the name of the data set."""
METRICS = ("camvid/mIoU", "camvid/aAcc", "nuclei/segm_mAP", "nuclei/segm_mAP_50")
_NUM_PHOTOS = 4  # of each task


class RealDemo(Demo):
    """Run the demo.

    Args:
        root: The repository.
        data_dir: Where the small sets are, or are put.
        weights: The ViT-S: a file at hand, or the address of a mirror; the file in data/weights by
            default, which is fetched from the publisher if it is not there.
        steps: Of the training; the config's by default.
        **settings: As :class:`~tools.demo.steps.Demo`.
    """

    config = "configs/small/demo.py"

    def __init__(
        self,
        root: Path,
        *,
        data_dir: Path,
        weights: str | None = None,
        steps: int | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(root, **settings)
        self.data_dir = data_dir
        self.weights = weights
        self.steps = steps

    def run(self) -> None:
        """Run all steps.

        Raises:
            ConfigError: If a step fails, as where there is no ViT and no connection.
        """
        vit = self.get_vit()
        self.get_data()
        options = [f"backbone.vit.weights={vit}"]
        # A validation takes a minute or two, and nothing is chosen by it.
        options += [f"tasks.{task}.val=None" for task in PHOTOS]
        options += [] if self.steps is None else schedule(self.steps)
        checkpoint = self.train("stage1", self.config, *options)
        model = self.merge(checkpoint)
        pictures = ("--show-dir", str(self.work_dir / "pictures"))
        metrics = self.test("results", model, arguments=("--save-metrics", *pictures))
        self.report(metrics, self.draw(model))

    def get_vit(self) -> str:
        """Path of the ViT's file: one at hand, or that of the publisher."""
        if self.weights and not is_address(self.weights):
            if not Path(self.weights).is_file():
                raise ConfigError(
                    f"WEIGHTS: there is no file {Path(self.weights).absolute()}: expected a "
                    "ViT-S/14 of DINOv2 in the official, timm or Hugging Face layout, or an "
                    "address."
                )
            return str(Path(self.weights).absolute())
        if not (self.root / VIT_FILE).is_file():
            tool = str(self.root / "tools/checkpoints/download.py")
            mirror = ["--from", self.weights] if self.weights else []
            try:
                self.step("vit", [sys.executable, tool, VIT, *mirror])
            except ConfigError as error:
                raise ConfigError(
                    f"{VIT} did not come, for the reason above: name a file of it that you have, "
                    "or the address of a mirror, by `make demo-real WEIGHTS=FILE`."
                ) from error
        return VIT_FILE

    def get_data(self) -> None:
        """Fetch the sets that are not there."""
        for folder in PHOTOS.values():
            name = folder.split("/")[0]
            if (self.data_dir / folder).is_dir():
                print(f"\n== {name}: using that in {self.data_dir / name}", flush=True)
                continue
            tool = str(self.root / "tools/data/get.py")
            self.step(name, [sys.executable, tool, name, "--to", str(self.data_dir / name)])

    def draw(self, model: str) -> Path:
        """Answer a few test photos, and put the answers on one sheet; its path."""
        drawn, titles = [], []
        for task, folder in PHOTOS.items():
            photos = spread(sorted((self.data_dir / folder).iterdir()), _NUM_PHOTOS)
            out = self.work_dir / "answers" / task
            command = [sys.executable, "-m", "argus", "predict", *map(str, photos)]
            options = ["--model", model, "--tasks", task, "--out", str(out)]
            self.step(f"predict_{task}", [*command, *options])
            for photo in photos:
                with Image.open(out / photo.stem / f"{task}.png") as picture:
                    drawn.append(np.asarray(picture.convert("RGB")))
                titles.append(f"{task}: {photo.stem}")
        sheet = self.work_dir / "predictions.jpg"
        grid = contact_sheet(drawn, titles, _NUM_PHOTOS, cell_width_px=480)
        Image.fromarray(grid).save(sheet, quality=90)
        return sheet

    def report(self, metrics: Mapping[str, float], sheet: Path) -> None:
        """Print the table and where everything is."""
        names = [name for name in METRICS if name in metrics]
        table = results_table({"this model": metrics}, names=names, percent=names)
        write_json(self.work_dir / "seconds.json", self.seconds)
        print(f"\n== results on test photos\n\n{table}\n")
        print(f"{self.minutes:.1f} minutes; all metrics: {self.work_dir / 'results.json'}")
        print(f"answers to test photos: {sheet}")
        print(f"answers beside the truth: {self.work_dir / 'pictures'}")
        print(f"the model, for argus predict, serve and export: {self.work_dir / 'model'}")


def schedule(steps: int) -> list[str]:
    """Changes of the config that make its training this long."""
    warmup = max(1, steps // 10)
    return [
        f"train_cfg.max_iters={steps}",
        f"param_scheduler.0.end={warmup}",
        f"param_scheduler.1.begin={warmup}",
        f"param_scheduler.1.end={steps}",
        f"param_scheduler.1.T_max={max(1, steps - warmup)}",
    ]


def spread(items: Sequence[Path], count: int) -> list[Path]:
    """As many items, evenly over all of them, the first among them."""
    return list(items[:: max(1, len(items) // count)][:count])


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/demo_real"))
    parser.add_argument("--num-processes", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--steps", type=int, help="of the training (default: those of the config)")
    parser.add_argument(
        "--weights", help="a DINOv2 ViT-S/14 at hand, or the address of a mirror of the official"
    )
    add_cfg_options(parser, example="train_cfg.max_iters=100")
    args = parser.parse_args()
    with user_errors():
        if args.steps is not None and args.steps < 1:
            raise ConfigError(f"STEPS: expected 1 or more, found {args.steps}.")
        demo = RealDemo(
            ROOT,
            work_dir=args.work_dir.resolve(),
            data_dir=ROOT / "data/small",
            weights=args.weights,
            steps=args.steps,
            num_processes=args.num_processes,
            options=args.cfg_options,
        )
        demo.run()


if __name__ == "__main__":
    main()
