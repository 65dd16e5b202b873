#!/usr/bin/env python
"""Time prediction: all tasks from one backbone pass, against a model per task one after another.

    python tools/benchmarks/predict.py                     # a tiny model with random weights
    python tools/benchmarks/predict.py work_dirs/argus_base --size 512
    python tools/benchmarks/predict.py --base --size 512   # Argus-Base, random weights, 12 tasks

Times are warm: from a picture in memory to results in NumPy, post-processing included. ``apart`` is
the sum over models of one task each, which pay for the backbone every time. The time of random
weights is that of trained ones but for the post-processing of objects, which depends on how many
there are. On a CPU with other work take ``--clock processor`` and OMP_NUM_THREADS=1.
"""

import argparse
import logging
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # as a script, only its own folder is searched
    sys.path.insert(0, str(ROOT))

from argus.libraries.importing import import_libraries  # noqa: E402

import_libraries()

import torch  # noqa: E402
from mmengine.config import Config  # noqa: E402

from argus.api import Argus  # noqa: E402
from argus.models.backbones import trained_backbone  # noqa: E402
from argus.models.backbones.separate_vit import read_model  # noqa: E402
from argus.models.multitask import MultitaskModel  # noqa: E402
from argus.storage.config_values import to_plain  # noqa: E402
from argus.storage.model_folder import ModelFolder  # noqa: E402
from tools.benchmarks.memory import peak_memory  # noqa: E402
from tools.benchmarks.timing import MEGABYTE, measure  # noqa: E402

CONFIGS = ROOT / "configs"
TINY = ("scenes/stage1_5task.py", "scenes/stage2_7task.py")
BASE = (
    "stage1_5task.py",
    *("stage2/ade20k_panoptic.py", "stage2/nyuv2_depth.py", "stage2/nyuv2_boundary.py"),
    *("stage2/nyuv2_normals.py", "stage2/nyuv2_semantic.py", "stage2/pascal_parsing.py"),
    *("stage2/pascal_saliency.py", "stage2/mvtec_anomaly.py"),
)
COUNTS = (1, 4)
MEMORY = ("weights together, MB", "weights apart, MB", "added by a prediction, MB")
SEED = 0


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", help="folder of a model; default: random weights")
    parser.add_argument("--base", action="store_true", help="Argus-Base with random weights")
    parser.add_argument(
        "--tasks", nargs="+", action="extend", metavar="NAME", help="these tasks; default: all"
    )
    parser.add_argument("--size", type=int, default=512, help="short side, pixels (default 512)")
    parser.add_argument("--batch", type=int, default=1, help="pictures at once (default 1)")
    parser.add_argument("--people", type=int, default=2, help="people in the picture (default 2)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda:N")
    parser.add_argument("--dtype", default="auto", choices=("auto", "bf16", "fp32"))
    parser.add_argument(
        "--clock", default="wall", choices=("wall", "processor"), help="on a CPU (default wall)"
    )
    parser.add_argument("--compile", action="store_true", help="compile the backbone")
    parser.add_argument("--repeats", type=int, default=5, help="runs that count (default 5)")
    parser.add_argument("--warmup", type=int, default=1, help="runs before them (default 1)")
    return parser.parse_args(arguments)


def random_model(configs: Sequence[str], tasks: Sequence[str] | None = None) -> ModelFolder:
    """A model with random weights of the tasks of several configs, on the first one's backbone."""
    read = [Config.fromfile(CONFIGS / name, format_python_code=False) for name in configs]
    backbone = read[0].backbone
    backbone["vit"]["weights"] = "random"
    found = {name: task for config in read for name, task in config.tasks.items()}
    found = {name: found[name] for name in tasks or found}
    torch.manual_seed(SEED)
    with quiet():
        model = MultitaskModel(
            dict(type=trained_backbone, backbone=backbone, checkpoint="random"),
            {name: task["decoder"] for name, task in found.items()},
        )
        model.init_weights()
    config = dict(
        backbone=to_plain(dict(type=trained_backbone, backbone=backbone, checkpoint="random")),
        tasks={
            name: {k: to_plain(v) for k, v in task.items() if k not in ("train", "stream")}
            for name, task in found.items()
        },
    )
    manifest = dict(backbone=dict(name="random"), tasks={})
    return ModelFolder(config=config, state=dict(model.state_dict()), manifest=manifest)


class Bench:
    """Measures predictions of a model.

    A model of one task does the same work as the whole model that is asked for that task alone.

    Args:
        model: The whole model.
        args: Of the command line.
    """

    def __init__(self, model: Argus, args: argparse.Namespace) -> None:
        self.model = model
        self.args = args
        self.image = np.random.default_rng(SEED).integers(0, 256, (args.size,) * 2 + (3,), np.uint8)
        boxes = np.tile([[0, 0, args.size // 3, args.size]], (args.people, 1))
        self.images, self.boxes = [self.image] * args.batch, [boxes] * args.batch
        categories = [c for info in model.tasks.values() for c in info.categories]
        self.category = categories[0] if categories else None

    def prediction(self, tasks: Sequence[str]) -> tuple[float, float]:
        """Milliseconds, and megabytes at the peak above what was held before."""
        return self._time(
            lambda: self.model.predict(
                self.images,
                tasks,
                size=self.args.size,
                boxes=self.boxes,
                category=self.category,
                batch_size=self.args.batch,
            )
        )

    def backbone(self) -> float:
        """Milliseconds of the backbone alone."""
        return self._time(lambda: self.model.features(self.image, size=self.args.size))[0]

    def weights(self, tasks: Sequence[str]) -> float:
        """Megabytes of the backbone and the decoders of some tasks."""
        model = self.model.model
        modules = (model.backbone, *(model.decoder(task) for task in tasks))
        values = [v for module in modules for v in (*module.parameters(), *module.buffers())]
        return sum(value.numel() * value.element_size() for value in values) / MEGABYTE

    def _time(self, work: Callable[[], Any]) -> tuple[float, float]:
        args = self.args
        with quiet():
            if self.model.device.type == "cuda":
                timing = measure(work, self.model.device, repeats=args.repeats, warmup=args.warmup)
                return timing.milliseconds, timing.added_mb["added_mb"]
            for _ in range(args.warmup):
                work()
            clock = time.process_time if args.clock == "processor" else time.perf_counter
            times = []
            with peak_memory() as peak:
                for _ in range(args.repeats):
                    start = clock()
                    work()
                    times.append(1e3 * (clock() - start))
            return statistics.median(times), peak()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    args = parse_args(arguments)
    folder = (
        read_model(args.model)
        if args.model
        else random_model(BASE if args.base else TINY, args.tasks)
    )
    with quiet():
        model = Argus(
            folder, tasks=args.tasks, device=args.device, dtype=args.dtype, compile=args.compile
        )
    bench, names = Bench(model, args), list(model.tasks)
    backbone = bench.backbone()
    apart = {}
    for name in names:
        apart[name], _ = bench.prediction([name])
        print(f"{name}: {apart[name]:,.0f} ms alone", file=sys.stderr, flush=True)
    print(_conditions(args, model.device, model.precision), flush=True)
    columns = ("tasks", "together, ms", "apart, ms", "apart / together", "images/s", *MEMORY)
    print(_row(*columns))
    print(_row(*["---:"] * len(columns)))
    for count in sorted({min(count, len(names)) for count in (*COUNTS, len(names))}):
        chosen = names[:count]
        together, added = bench.prediction(chosen)
        alone = sum(apart[name] for name in chosen)
        weights = bench.weights(chosen), sum(bench.weights([name]) for name in chosen)
        numbers = (f"{value:,.0f}" for value in (*weights, added))
        cells = (
            *(f"{together:,.0f}", f"{alone:,.0f}", f"{alone / together:.2f}"),
            f"{1e3 * args.batch / together:.3g}",
        )
        print(_row(str(count), *cells, *numbers), flush=True)
    print(f"\nTasks: {', '.join(names)}. The backbone takes {backbone:,.0f} ms of a picture.")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _conditions(args: argparse.Namespace, device: torch.device, precision: str) -> str:
    if device.type == "cuda":
        where = torch.cuda.get_device_name(device)
    else:
        where = f"CPU, threads: {torch.get_num_threads()}"
    return (
        f"{where}; PyTorch {torch.__version__}; {precision}; {args.size} x {args.size} px; "
        f"pictures: {args.batch}; people: {args.people}; {args.clock} time\n"
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Without the libraries' warnings, and mmengine's line per parameter."""
    logging.disable(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


if __name__ == "__main__":
    main()
