#!/usr/bin/env python3
r"""Grad-CAM: where the classifier of a model sees a class, beside another model if one is given.

    tools/analysis/grad_cam.py MODEL photo.jpg other.jpg
    tools/analysis/grad_cam.py CONFIG CHECKPOINT photo.jpg --class "tabby, tabby cat"
    tools/analysis/grad_cam.py configs/stage1_5task.py ARGUS.pth photo.jpg \
        --baseline configs/stage1/dinov2_adapted.py DINOV2.pth

MODEL is the folder of a merged model. The class is the one that the model finds most probable; the
baseline explains the same one.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.config_options import load_config  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.model_options import add_trust, add_weights  # noqa: E402
from argus.errors import ConfigError  # noqa: E402

if TYPE_CHECKING:
    from argus.analysis.grad_cam import Explainer


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", metavar="MODEL|CONFIG")
    parser.add_argument("paths", nargs="+", metavar="[CHECKPOINT] IMAGE")
    parser.add_argument(
        "--baseline",
        nargs="+",
        action="extend",
        metavar="MODEL|CONFIG CHECKPOINT",
        help="model to compare with",
    )
    parser.add_argument("--class", dest="name", metavar="NAME", help="class to explain")
    parser.add_argument("--task", help="classification task, where a model has several")
    parser.add_argument(
        "--method",
        choices=("grad-cam", "hires-cam"),
        default="grad-cam",
        help="hires-cam shows only places that the pooler attends to",
    )
    add_weights(parser)
    add_trust(parser, what="MODEL")
    parser.add_argument(
        "--out", type=Path, default=Path("grad_cam.png"), help="default: grad_cam.png"
    )
    parser.set_defaults(cfg_options=[], amp=False, launcher="none", work_dir=None)
    return parser.parse_args()


def explainer_of(args: argparse.Namespace, config: str, checkpoint: str | None) -> "Explainer":
    """The classifier of a model folder, or of a config and a checkpoint."""
    read = load_config(argparse.Namespace(**{**vars(args), "config": config}))
    from argus.analysis.grad_cam import Explainer
    from argus.analysis.loaded_model import load_model
    from argus.models.backbones.separate_vit import read_model

    weights = read_model(config) if checkpoint is None else checkpoint
    tasks = None if args.task is None else [args.task]
    loaded = load_model(read, weights, kind=args.weights, tasks=tasks)
    return Explainer(loaded, task=args.task, method=args.method)


def main() -> None:
    """Explain the pictures and write the sheet."""
    args = parse_args()
    with user_errors():
        images = args.paths if Path(args.config).is_dir() else args.paths[1:]
        if not images:
            raise ConfigError("no image: expected MODEL IMAGE..., or CONFIG CHECKPOINT IMAGE...")
        models = [(args.config, None if images is args.paths else args.paths[0])]
        if args.baseline:
            expected = 1 if Path(args.baseline[0]).is_dir() else 2
            if len(args.baseline) != expected:
                raise ConfigError(
                    "--baseline: expected the folder of a model, or a config and a checkpoint, "
                    f"after the images; found {' '.join(args.baseline)}."
                )
            models.append((args.baseline[0], args.baseline[1] if expected == 2 else None))
        explainers = {Path(config).stem: explainer_of(args, config, c) for config, c in models}
        if len(explainers) < len(models):
            explainers = {f"{config}": explainer_of(args, config, c) for config, c in models}

        from PIL import Image

        from argus.analysis.grad_cam import draw_explanations
        from argus.inference.images import load_image

        rows = []
        for path in images:
            image, name, row = load_image(path), args.name, {}
            for model, explain in explainers.items():
                row[model] = explain(image, name=name)
                name = row[model].name
                print(f"{path}: {model}: {name} {100 * row[model].probability:.1f} %")
            rows.append(row)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw_explanations(rows)).save(args.out)
        print(f"written to {args.out}")


if __name__ == "__main__":
    main()
