#!/usr/bin/env python
"""Time an exported file in ONNX Runtime and in OpenVINO against its network in PyTorch, in turns.

    python tools/benchmarks/exported.py                    # the scenes' models, random weights
    python tools/benchmarks/exported.py work_dirs/argus_base argus.onnx

From pixels to answers, in float32 on the CPU, all with as many threads as PyTorch has. PyTorch runs
the same graph in the forms that it is fastest by. A runtime that is not installed is left out.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # as a script, only its own folder is searched
    sys.path.insert(0, str(ROOT))

from argus.libraries.importing import import_libraries  # noqa: E402

import_libraries()

import onnxruntime  # noqa: E402
import torch  # noqa: E402

from argus.api import Argus  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.export.exporter import export_model  # noqa: E402
from argus.export.graph import ExportGraph  # noqa: E402
from argus.export.onnx_file import METADATA_KEY  # noqa: E402
from argus.export.plan import plan_graphs  # noqa: E402
from tools.benchmarks.predict import TINY, quiet, random_model  # noqa: E402
from tools.benchmarks.timing import compare  # noqa: E402

TASKS = ("depth", "normals", "boundary", "saliency")
SIZE = (256, 256)
CLOCKS = dict(processor=time.process_time, wall=time.perf_counter)
COLUMNS = ("runtime", "pictures", "file, ms", "PyTorch, ms", "ratio", "from", "to", "difference")
Run = Callable[[np.ndarray], Sequence[np.ndarray]]


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", help="folder of a model; default: random weights")
    parser.add_argument("file", nargs="?", type=Path, help="its file, as argus export wrote it")
    parser.add_argument(
        "--batch",
        type=int,
        nargs="+",
        action="extend",
        metavar="N",
        help="pictures at once (default 1 8)",
    )
    parser.add_argument("--pairs", type=int, default=6, help="turns of each (default 6)")
    parser.add_argument("--clock", choices=CLOCKS, default="processor")
    args = parser.parse_args(arguments)
    if (args.model is None) != (args.file is None):
        parser.error("expected a model and its file, or neither.")
    args.batch = args.batch or [1, 8]
    return args


def in_onnxruntime(path: Path) -> Run:
    """The file in ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"images": images})


def in_openvino(path: Path) -> Run:
    """The file in OpenVINO, whose own choice may be bfloat16."""
    import openvino

    threads = torch.get_num_threads()
    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    model = openvino.Core().compile_model(str(path), "CPU", settings)
    return lambda images: list(model({"images": images}).values())


RUNTIMES = {"ONNX Runtime": in_onnxruntime, "OpenVINO": in_openvino}


def in_pytorch(model: Argus, tasks: Sequence[str], size: tuple[int, int]) -> Run:
    """The network of a file."""
    (plan,), _ = plan_graphs(model, tasks, [size], stem="", plain_name=True)
    graph = ExportGraph(model.model.backbone, plan.heads, plan.normaliser).eval()

    def run(images: np.ndarray) -> Sequence[np.ndarray]:
        with torch.inference_mode():
            return [answer.numpy() for answer in graph(torch.from_numpy(images))]

    return run


def difference(found: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> float:
    """Largest of all answers, over an answer's largest value; of labels the share that differs."""
    return max(
        float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-12))
        if b.dtype.kind == "f"
        else float((a != b).mean())
        for a, b in zip(found, expected, strict=True)
    )


def rows(model: Argus, path: Path, args: argparse.Namespace) -> Iterator[Sequence[str]]:
    """A row for each runtime and number of pictures.

    Args:
        model: On the CPU, in float32.
        path: Of a file of whole pictures.
        args: Of the command line.
    """
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    described = json.loads(session.get_modelmeta().custom_metadata_map[METADATA_KEY])
    _, channels, *(height, width) = described["input"]["axes"]
    plain = in_pytorch(model, list(described["tasks"]), (height, width))
    for name, prepare in RUNTIMES.items():
        try:
            run = prepare(path)
        except ImportError as error:
            yield (name, f"{error.name} is not installed", *[""] * (len(COLUMNS) - 2))
            continue
        for number in args.batch:
            shape = (number, channels, height, width)
            images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
            error = difference(run(images), plain(images))
            found = compare(
                partial(run, images),
                partial(plain, images),
                torch.device("cpu"),
                pairs=args.pairs,
                runs=1,
                clock=CLOCKS[args.clock],
            )
            times = (f"{found.first_ms:,.0f}", f"{found.second_ms:,.0f}")
            ratios = (f"{value:.2f}" for value in (found.ratio, found.low, found.high))
            yield (name, str(number), *times, *ratios, f"{error:.1e}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    args = parse_args(arguments)
    path: Any = args.file
    with user_errors(), quiet(), tempfile.TemporaryDirectory() as folder:
        if path is None:
            model = Argus(random_model(TINY, TASKS), device="cpu", dtype="fp32")
            (path,) = export_model(model, None, Path(folder) / "argus.onnx", sizes=[SIZE]).files
        else:
            model = Argus.from_pretrained(args.model, device="cpu", dtype="fp32")
        print(f"{args.clock} time; threads: {torch.get_num_threads()}; turns: {args.pairs}\n")
        for cells in (COLUMNS, ["---:"] * len(COLUMNS)):
            print(_row(cells))
        for cells in rows(model, path, args):
            print(_row(cells), flush=True)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
