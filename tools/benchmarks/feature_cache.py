#!/usr/bin/env python
"""What the feature cache saves: a training step of the depth decoder with and without it.

    python tools/benchmarks/feature_cache.py
    python tools/benchmarks/feature_cache.py --size 128 160 --steps 2

The backbone is Argus-Base with random weights, frozen; the step is that of
configs/stage2/nyuv2_depth.py. Both are timed in one run, on the same images.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.structures import PixelData

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # as a script, only its own folder is searched
    sys.path.insert(0, str(ROOT))

from argus.commands.errors import user_errors  # noqa: E402
from argus.libraries.importing import import_libraries  # noqa: E402
from argus.models.backbones.feature_cache import FeatureCache  # noqa: E402
from argus.models.multitask import MultitaskModel  # noqa: E402
from argus.precision import autocast  # noqa: E402
from argus.structures import DenseSample  # noqa: E402
from tools.benchmarks.timing import measure  # noqa: E402

CONFIG = ROOT / "configs/stage2/nyuv2_depth.py"
BATCH_SIZE = 2


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, nargs=2, default=(416, 544), metavar=("H", "W"))
    parser.add_argument("--steps", type=int, default=5, help="steps that are timed (default 5)")
    default = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=default, help=f"here by default {default}")
    return parser.parse_args()


def build(size: tuple[int, int], device: torch.device) -> tuple[MultitaskModel, str]:
    """The model of the config with random weights, and its precision."""
    config: Any = Config.fromfile(CONFIG)
    config.backbone.checkpoint = "random"
    config.backbone.backbone.vit.weights = "random"
    (name,) = config.tasks
    decoder = config.tasks[name].decoder
    decoder.data_preprocessor.size = tuple(size)
    model = MultitaskModel(config.backbone, {"depth": decoder})
    model.init_weights()
    return model.to(device).train(), config.precision


def batch_of(size: tuple[int, int]) -> dict[str, Any]:
    """Noise with a depth of one to nine metres."""
    samples = []
    for _ in range(BATCH_SIZE):
        sample = DenseSample(metainfo=dict(img_shape=tuple(size), ori_shape=tuple(size)))
        sample.gt_depth = PixelData(data=1.0 + 8.0 * torch.rand(1, *size))
        samples.append(sample)
    images = [torch.randint(0, 256, (3, *size), dtype=torch.uint8) for _ in samples]
    return dict(inputs=images, data_samples=samples)


def main() -> None:
    """Time and print."""
    args = parse_args()
    with user_errors():
        import_libraries()
        torch.manual_seed(0)
        device = torch.device(args.device)
        size = (args.size[0], args.size[1])
        model, precision = build(size, device)
        batch = batch_of(size)

        def step() -> None:
            with autocast(precision, device.type):
                losses, _ = model({"depth": batch})
            losses["depth"].backward()
            model.zero_grad()

        direct = measure(step, device, repeats=args.steps, warmup=1).milliseconds
        with tempfile.TemporaryDirectory() as folder:
            cache = FeatureCache(folder, backbone="benchmark" * 8)
            model.backbone.use_cache(cache)
            cached = measure(step, device, repeats=args.steps, warmup=1).milliseconds
            size_mb = cache.num_bytes / BATCH_SIZE / 1e6
        print(f"{device}, {precision}, {BATCH_SIZE} images of {size[0]} x {size[1]} a step")
        print(f"computed {direct:.0f} ms, from the cache {cached:.0f} ms a step: ", end="")
        print(f"{direct / cached:.1f} times as fast; {size_mb:.0f} MB an image on disk")


if __name__ == "__main__":
    main()
