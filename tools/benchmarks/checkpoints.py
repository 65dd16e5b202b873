#!/usr/bin/env python
"""Time what makes a checkpoint safe: checksums, fsync, reading back, the look for NaN.

    python tools/benchmarks/checkpoints.py --megabytes 1024 --folder work_dirs

The checkpoint is one of random tensors of 4 MB in the folder, which should be on the disk that
trainings save to. ``plain`` is ``torch.save`` alone, without bringing anything to the disk.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # as a script, only its own folder is searched
    sys.path.insert(0, str(ROOT))

from argus.commands.errors import user_errors  # noqa: E402
from argus.libraries.importing import import_libraries  # noqa: E402

import_libraries()

import torch  # noqa: E402

from argus.engine.checkpoints.saving import check_finite  # noqa: E402
from argus.errors import ConfigError  # noqa: E402
from argus.files.checksums import checksums  # noqa: E402
from argus.storage.checkpoint import (  # noqa: E402
    read_checkpoint,
    verify_checkpoint,
    write_checkpoint,
)

_MEGABYTES_EACH = 4


def measure(megabytes: int, folder: Path) -> dict[str, float]:
    """Seconds of each part, for a checkpoint of a size."""
    torch.manual_seed(0)
    count = -(-megabytes // _MEGABYTES_EACH)
    tensors = {f"w{i}": torch.randn(_MEGABYTES_EACH * 2**18) for i in range(count)}
    checkpoint: dict[str, Any] = dict(state_dict=tensors)
    path = folder / "checkpoint.pth"
    parts: dict[str, Callable[[], object]] = {
        "plain: torch.save": lambda: torch.save(checkpoint, path),
        "plain: torch.load": lambda: torch.load(path, weights_only=True),
        "look for NaN and infinity": lambda: check_finite(checkpoint, earlier=[]),
        "checksums": lambda: checksums(checkpoint),
        "write: checksums, torch.save, fsync": lambda: write_checkpoint(path, checkpoint),
        "read back from the disk and compare": lambda: verify_checkpoint(path),
        "load: read and compare": lambda: read_checkpoint(path),
    }
    seconds = {}
    for name, part in parts.items():
        started = time.perf_counter()
        part()
        seconds[name] = time.perf_counter() - started
    return seconds


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=1024, help="size of the checkpoint")
    parser.add_argument("--folder", type=Path, default=Path(), help="on the disk to measure")
    args = parser.parse_args()
    with user_errors():
        if args.megabytes < 1:
            raise ConfigError(f"--megabytes: expected at least 1, found {args.megabytes}.")
        with tempfile.TemporaryDirectory(dir=args.folder, prefix=".checkpoints_") as folder:
            seconds = measure(args.megabytes, Path(folder))
    print(f"| {args.megabytes} MB, {torch.get_num_threads()} threads | s |\n|---|---:|")
    for name, value in seconds.items():
        print(f"| {name} | {value:.2f} |")


if __name__ == "__main__":
    main()
