#!/usr/bin/env python3
"""Label shards of pictures with regions and depth: ``label.py CONFIG SHARDS --out FOLDER``.

Every shard gets a side-car of its name in FOLDER, and a record, ``NAME.tar.done``. Start any number
of these on any number of machines that see the same folders: they share the shards, may be killed
at any time, and go on when they are started again.

    label.py configs/mtv/labels/captions.py data/pairs/images --out data/pairs/labels
    torchrun --nproc_per_node 8 tools/mtv/label.py ... --launcher torchrun
    srun python tools/mtv/label.py ... --launcher slurm    # in a job with --array=0-63
    RAY_ADDRESS=auto python tools/mtv/label.py ... --launcher ray

The exit status is 1 if shards could not be labelled.
"""

import argparse
import os
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.config_options import add_cfg_options  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.datasets.shards.shard_set import shards_in  # noqa: E402
from argus.errors import ConfigError  # noqa: E402


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="which labellers, as in configs/mtv/labels")
    parser.add_argument("shards", type=Path, help="folder of shards, or one of them")
    parser.add_argument("--out", type=Path, required=True, help="folder of the side-cars")
    parser.add_argument(
        "--launcher",
        choices=("none", "torchrun", "slurm", "ray"),
        default="none",
        help="who gives this process its share of the shards (default: none, all workers share)",
    )
    parser.add_argument(
        "--stale",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="after which a worker that shows no progress is given up (default: 600)",
    )
    parser.add_argument(
        "--workers", type=int, help="with ray: how many (default: one for each GPU of the cluster)"
    )
    parser.add_argument(
        "--gpus-per-worker", type=float, help="with ray (default: 1 where there are any)"
    )
    parser.add_argument("--retry", action="store_true", help="try shards again that failed")
    parser.add_argument(
        "--verify", action="store_true", help="compare side-cars with their hashes, label nothing"
    )
    add_cfg_options(parser, example="labellers.0.batch_size=8")
    return parser.parse_args()


def main() -> int:
    """Label, and return the exit status."""
    args = parse_args()
    with user_errors(saved="side-cars"):
        try:
            from argus.mtv.labelling import run
            from argus.mtv.labelling.partition import own_shards
        except ImportError as error:
            raise ConfigError(
                "MTV needs the extra 'mtv': python -m pip install -r requirements/mtv.txt, or "
                "'argus-multitask[mtv]'."
            ) from error
        shards = shards_in(args.shards)
        if args.launcher != "ray":
            shards = own_shards(shards, args.launcher, os.environ)
        if args.retry:
            run.retry(shards, args.out)
        if args.verify:
            faults = run.verify_all(shards, args.out)
        elif args.launcher == "ray":
            from argus.mtv.labelling.ray_workers import label_with_ray

            faults = label_with_ray(
                shards,
                args.out,
                args.config,
                options=args.cfg_options,
                workers=args.workers,
                gpus_per_worker=args.gpus_per_worker,
                stale=args.stale,
                tell=_tell,
            )
        else:
            labelling = run.read_labelling(args.config, args.cfg_options)
            _tell(run.teachers_text(labelling))
            faults = run.work(shards, args.out, labelling, stale=args.stale, tell=_tell)
        for fault in faults:
            print(f"error: {fault}", file=sys.stderr)
        return int(bool(faults))
    return 0


def _tell(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
