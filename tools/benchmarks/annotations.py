#!/usr/bin/env python
"""Start-up time and memory of a data set of COCO's size, and of its loader processes.

    python tools/benchmarks/annotations.py
    python tools/benchmarks/annotations.py --images 2000 --annotations 15000 --workers 2 --stock

Writes an annotation file to a temporary folder (by default 0.45 GB), reads it as a training does,
and draws samples without their pictures in loader processes. Memory is the proportional set size
(PSS) of all processes, which counts what they share once.
"""

import argparse
import contextlib
import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # as a script, only its own folder is searched
    sys.path.insert(0, str(ROOT))

from argus.libraries.importing import import_libraries  # noqa: E402

NUM_CLASSES, OUTLINES = 80, 2000
_BATCH, _BATCHES = 16, 100
_SIZE = (480, 640)


class NoPicture:
    """A pipeline that gives the labels alone."""

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Its objects are counted, so that they have been read."""
        return dict(inputs=torch.zeros(1), data_samples=len(results["instances"]))


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=118_000)
    parser.add_argument("--annotations", type=int, default=860_000)
    parser.add_argument("--workers", type=int, default=8, help="loader processes")
    parser.add_argument("--stock", action="store_true", help="mmdet's data set instead of ours")
    return parser.parse_args(argv)


def write_file(path: Path, num_images: int, num_annotations: int) -> None:
    """Write an annotation file; outlines have 12 to 43 corners with two decimals, as in COCO."""
    rng = np.random.default_rng(0)
    outlines = []
    for _ in range(OUTLINES):
        extent = rng.uniform(20, 300, 2)
        corner = rng.uniform(0, 1, 2) * (np.array(_SIZE[::-1]) - extent)
        places = corner + rng.uniform(0, 1, (int(rng.integers(12, 44)), 2)) * extent
        outline, box = places.round(2).ravel().tolist(), [*corner.round(2), *extent.round(2)]
        outlines.append(
            f'"segmentation":[{json.dumps(outline)}],"area":{extent.prod():.2f},"iscrowd":0,'
            f'"bbox":{json.dumps([float(x) for x in box])}'
        )
    images = rng.integers(num_images, size=num_annotations) + 1
    with path.open("w") as file:
        entries = (
            f'{{"id":{i},"file_name":"{i:012d}.jpg","height":{_SIZE[0]},"width":{_SIZE[1]}}}'
            for i in range(1, num_images + 1)
        )
        file.write('{"images":[' + ",".join(entries) + '],"categories":[')
        file.write(",".join(f'{{"id":{n},"name":"class {n}"}}' for n in range(NUM_CLASSES)))
        file.write('],"annotations":[')
        for number, image in enumerate(images.tolist()):
            text = f'{{"id":{number + 1},"image_id":{image},"category_id":{number % NUM_CLASSES},'
            file.write(f"{',' * (number > 0)}{text}{outlines[number % OUTLINES]}}}")
        file.write("]}")


def pss_mb(*processes: int) -> float:
    """Proportional set size of processes in 10^6 bytes."""
    kilobytes = 0
    for process in processes:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
        (line,) = (line for line in text.splitlines() if line.startswith("Pss:"))
        kilobytes += int(line.split()[1])
    return kilobytes * 1024 / 1e6


@contextlib.contextmanager
def _no_prints() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def measure(args: argparse.Namespace, path: Path) -> dict[str, float]:
    """Numbers of a start; ``..._cpu_s`` are of the processor, ``..._mb`` 10^6 bytes."""
    from mmdet.datasets import CocoDataset

    from argus.datasets.coco import CocoInstances
    from argus.datasets.resilient import ResilientDataset
    from argus.engine.loading.fixed_order import FixedOrder
    from argus.engine.loading.watched_loader import WatchedLoader

    before = pss_mb(_own())
    start, cpu = time.perf_counter(), time.process_time()
    with _no_prints():
        dataset = (CocoDataset if args.stock else CocoInstances)(
            ann_file=str(path),
            data_prefix=dict(img="."),
            metainfo=dict(classes=tuple(f"class {n}" for n in range(NUM_CLASSES))),
            filter_cfg=dict(filter_empty_gt=True, min_size=32),
            pipeline=[NoPicture()],
        )
    found = dict(read_s=time.perf_counter() - start, read_cpu_s=time.process_time() - cpu)
    order = np.random.default_rng(0).permutation(len(dataset)).tolist()
    loader = WatchedLoader(
        ResilientDataset(dataset, task="instance", seed=0),
        batch_size=_BATCH,
        num_workers=args.workers,
        timeout=0,
        make_sampler=lambda first: FixedOrder(order),
    )
    start = time.perf_counter()
    with contextlib.closing(loader.iterate()) as batches:
        next(batches)
        found["first_batch_s"] = time.perf_counter() - start
        for _ in range(min(_BATCHES, len(order) // _BATCH - 1)):
            next(batches)
        children = _children()
        found["imports_mb"] = before
        found["annotations_mb"] = dataset.data_bytes.nbytes / 1e6
        found["all_processes_mb"] = pss_mb(_own(), *children)
        found["workers_mb"] = pss_mb(*children)
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return found


def _own() -> int:
    return int(Path("/proc/self").readlink().name)


def _children() -> list[int]:
    own = _own()
    return list(map(int, Path(f"/proc/{own}/task/{own}/children").read_text().split()))


def main(argv: list[str] | None = None) -> int:
    """Write, read, print."""
    args = parse_args(argv)
    import_libraries()
    with tempfile.TemporaryDirectory(prefix="argus_annotations_") as folder:
        path = Path(folder) / "instances.json"
        write_file(path, args.images, args.annotations)
        megabytes = path.stat().st_size / 1e6
        print(f"{args.images} images, {args.annotations} annotations, {megabytes:.0f} MB of JSON")
        for name, number in measure(args, path).items():
            print(f"{name:>18}  {number:,.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
