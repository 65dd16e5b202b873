#!/usr/bin/env python3
r"""Nearest neighbours and linear probes of frozen features, on sets of pictures with classes.

    tools/analysis/transfer.py MODEL data/cifar10 data/dtd
    tools/analysis/transfer.py CONFIG CHECKPOINT data/cifar10
    tools/analysis/transfer.py MODEL data/cifar10 --beside dinov2_vitb14_reg4_pretrain.pth
    tools/analysis/transfer.py dinov2_vits14_pretrain.pth data/cifar10

MODEL is the folder of a merged model; a weight file is a DINOv2 ViT alone. The frozen ViT that a
model stands on is measured beside it, unless --alone. DATA is a folder with train and test (or val)
and a folder for each class in them, or a set of Kornblith et al. as it is published. Prints a table
in percent and writes OUT.
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
from argus.commands.notes import warnings_as_notes  # noqa: E402
from argus.errors import ConfigError  # noqa: E402

if TYPE_CHECKING:
    from argus.analysis.transfer.features import FeatureSource

_WEIGHTS = (".pth", ".pt", ".bin", ".safetensors")


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", metavar="MODEL|CONFIG|WEIGHTS")
    parser.add_argument("paths", nargs="+", metavar="[CHECKPOINT] DATA")
    parser.add_argument(
        "--beside",
        nargs="+",
        action="append",
        default=[],
        metavar="MODEL|WEIGHTS|CONFIG CHECKPOINT",
        help="another model for the same table; can be repeated",
    )
    parser.add_argument(
        "--alone", action="store_true", help="do not measure the model's own ViT beside it"
    )
    parser.add_argument(
        "--features",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="kinds to measure; default: all",
    )
    parser.add_argument(
        "--grid", type=int, default=16, help="patches along a side; default 16: 224 px, Argus 256"
    )
    parser.add_argument("--held-out", type=float, default=0.2, metavar="SHARE")
    parser.add_argument("--seed", type=int, default=0, help="of the pictures that are held out")
    parser.add_argument(
        "--max-steps", type=int, default=1000, metavar="N", help="of each fit of the linear probe"
    )
    parser.add_argument("--batch-size", type=int, default=64, metavar="N")
    parser.add_argument("--num-workers", type=int, default=2, metavar="N")
    add_weights(parser)
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path("work_dirs/transfer/features"),
        help="folder of the features; default: work_dirs/transfer/features",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("transfer.json"), help="default: transfer.json"
    )
    add_trust(parser, what="MODEL")
    parser.set_defaults(cfg_options=[], amp=False, launcher="none", work_dir=None)
    return parser.parse_args()


def sources_of(
    args: argparse.Namespace, model: str, checkpoint: str | None, *, alone: bool
) -> "list[FeatureSource]":
    """The features of a model, and of the ViT that it stands on."""
    from argus.libraries.importing import import_libraries

    import_libraries()
    from argus.analysis.transfer.features import argus_source, plain_source, vit_of
    from argus.inference.device import choose_device, choose_precision

    device = choose_device("auto")
    precision = choose_precision("auto", device)
    if Path(model).suffix in _WEIGHTS:
        from argus.analysis.transfer.vit_file import read_vit

        vit = read_vit(model)
        return [plain_source(vit, name=Path(model).stem, device=device, precision=precision)]
    config = load_config(argparse.Namespace(**{**vars(args), "config": model}))
    from argus.analysis.loaded_model import load_model
    from argus.models.backbones.separate_vit import read_model

    loaded = load_model(
        config, read_model(model) if checkpoint is None else checkpoint, kind=args.weights
    )
    name = Path(model).stem
    plain = None if alone else vit_of(loaded)
    sources = [argus_source(loaded, config["backbone"], name=name)]
    if plain is not None:
        plain_name = f"{plain.architecture_name} of {name}"
        sources.append(plain_source(plain, name=plain_name, device=device, precision=precision))
    return sources


def split_checkpoint(model: str, paths: list[str], *, where: str) -> tuple[str | None, list[str]]:
    """The checkpoint that follows a config, and what is left."""
    if Path(model).suffix != ".py":
        return None, paths
    if not paths:
        raise ConfigError(f"{where}: expected a checkpoint after the config {model}.")
    return paths[0], paths[1:]


def main() -> None:
    """Measure, print and write."""
    args = parse_args()
    with user_errors(), warnings_as_notes():
        checkpoint, data = split_checkpoint(args.model, args.paths, where="CONFIG CHECKPOINT DATA")
        if not data:
            raise ConfigError("no data: expected MODEL DATA..., or CONFIG CHECKPOINT DATA...")
        models = [(args.model, checkpoint, args.alone)]
        for model, *rest in args.beside:
            other, left = split_checkpoint(model, rest, where="--beside CONFIG CHECKPOINT")
            if left:
                raise ConfigError(f"--beside {model}: expected one model, found {left} after it.")
            models.append((model, other, True))

        from argus.commands.progress import progress
        from argus.datasets.transfer import read_image_set
        from argus.files.durable import write_json

        sets = [read_image_set(folder, seed=args.seed) for folder in data]
        from argus.analysis.transfer.measure import Protocol, measure
        from argus.analysis.transfer.report import transfer_record, transfer_table

        protocol = Protocol(
            grid=args.grid, max_steps=args.max_steps, held_out=args.held_out, seed=args.seed
        )
        rows = []
        for model, other, alone in models:
            for source in sources_of(args, model, other, alone=alone):
                for images in sets:
                    with progress(f"{source.name}: {images.name}", total=1) as bar:
                        for row in measure(
                            source,
                            images,
                            protocol,
                            cache=args.cache,
                            batch_size=args.batch_size,
                            num_workers=args.num_workers,
                            kinds=args.features,
                            on_progress=lambda what, done, total, bar=bar: bar.update(
                                bar.task_ids[0], description=what, completed=done, total=total
                            ),
                        ):
                            rows.append(row)
                            write_json(args.out, transfer_record(rows, protocol))
        if not rows:
            raise ConfigError(f"--features: no model has {', '.join(args.features)}.")
        print(transfer_table(rows))
        for remark in dict.fromkeys(
            f"{row.model}, {row.features}, {row.images}: {text}"
            for row in rows
            for text in row.remarks
        ):
            print(remark)
        print(f"written to {args.out}")


if __name__ == "__main__":
    main()
