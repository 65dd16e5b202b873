"""``argus export`` and ``tools/export.py``: a model as one file for other runtimes."""

import argparse
import sys
from pathlib import Path

from argus.commands.model_options import add_trust
from argus.errors import ConfigError
from argus.names.printable import printable

EPILOG = """\
examples:
  argus export MODEL --tasks depth semantic --out argus.onnx
      argus.onnx takes pictures (B, 3, 512, 512), uint8 RGB, and gives both answers;
      argus.json says what the outputs mean
  argus export MODEL --tasks all --size 512 512 --size 384 672 --out exported/
      one file per size: argus_512x512.onnx, argus_384x672.onnx; poses, which take
      crops of people, in a file of their own
  argus export MODEL --tasks instance --dtype fp16 --images photos/ --out fp16.onnx
  argus export MODEL --tasks depth --format torch --out depth.pt2

Every file is run beside the model on pictures; the largest difference per task is printed and
stored in the file. If one is too large, no file is left and the exit status is 2.

Needs the extra `export`: pip install "argus-multitask[export]".
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "model", metavar="MODEL", help="folder of a model, or OWNER/NAME on the Hugging Face Hub"
    )
    parser.add_argument(
        "--tasks",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="default: all that can be exported",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("exported"),
        metavar="PATH",
        help="a file (.onnx, .pt2), or a folder; default: exported/",
    )
    what = parser.add_argument_group("what is written")
    what.add_argument("--format", choices=("onnx", "torch"), default="onnx", help="default onnx")
    what.add_argument(
        "--size",
        nargs=2,
        type=int,
        action="append",
        metavar=("H", "W"),
        help="height and width of the input, multiples of 32; repeat it for several files; "
        "default 512 512",
    )
    what.add_argument(
        "--dtype",
        choices=("fp32", "fp16", "bf16", "int8"),
        default="fp32",
        help="default fp32; bf16 in ONNX files is how weights are stored, computation is fp32; "
        "int8: the products of the ViT's blocks in ONNX files",
    )
    what.add_argument(
        "--input-dtype", choices=("uint8", "float32"), default="uint8", help="default uint8"
    )
    what.add_argument("--opset", type=int, help="of ONNX, default 18")
    what.add_argument("--fixed-batch", action="store_true", help="a batch of 1 instead of any size")
    check = parser.add_argument_group("how it is checked")
    check.add_argument(
        "--images",
        nargs="+",
        action="extend",
        metavar="PATH",
        help="pictures, folders or patterns; the first four are used; default: rendered scenes",
    )
    check.add_argument(
        "--tolerance",
        nargs="+",
        action="extend",
        default=[],
        metavar="TASK:MEASURE=VALUE",
        help="largest difference, as the printed table names it, e.g. 'depth:max m=0.05'",
    )
    add_trust(parser)


def run(args: argparse.Namespace) -> int:
    """Export and print the table of differences."""
    from argus.commands.notes import warnings_as_notes

    tolerances = parse_tolerances(args.tolerance)
    tasks = [name for word in args.tasks or ["all"] for name in word.split(",") if name]
    with warnings_as_notes():
        from argus.libraries.importing import import_libraries

        import_libraries()
        from argus.export import export_model

        report = export_model(
            args.model,
            "all" if tasks == ["all"] else tasks,
            args.out,
            format=args.format,
            sizes=[(height, width) for height, width in args.size or [(512, 512)]],
            dtype=args.dtype,
            opset=args.opset,
            images=args.images,
            dynamic_batch=not args.fixed_batch,
            tolerances=tolerances,
            input_dtype=args.input_dtype,
            trust=args.trust,
        )
    for task, reason in report.skipped.items():
        print(printable(f"left out: {task}: {reason}", lines=True), file=sys.stderr)
    print(printable(report.table, lines=True), file=sys.stderr)
    for file in report.files:
        print(file)
    return 0


def parse_tolerances(words: list[str]) -> dict[str, dict[str, float]]:
    """``TASK:MEASURE=VALUE`` as ``export_model`` takes it.

    Raises:
        ConfigError: A word of another form.
    """
    found: dict[str, dict[str, float]] = {}
    for word in words:
        name, equals, value = word.rpartition("=")
        task, colon, measure = name.partition(":")
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not (task and colon and measure and equals) or number < 0:
            raise ConfigError(f"--tolerance: expected TASK:MEASURE=VALUE, found {word!r}.")
        found.setdefault(task, {})[measure] = number
    return found
