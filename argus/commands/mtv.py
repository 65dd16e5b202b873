"""``argus mtv``: names for pictures, and pictures for a text, by a pair of encoders."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from argus.commands.inputs import check_words, find_inputs
from argus.commands.predict import SOME_BROKEN
from argus.commands.progress import progress
from argus.errors import ConfigError, DataError
from argus.names.printable import printable

EPILOG = """\
examples:
  argus mtv photo.jpg --model MODEL --names cat dog "a red bus"    which name fits each image
  argus mtv photos --model MODEL --search "two cats on a sofa"     which images fit the text
  argus mtv photos --model google/siglip-base-patch16-224 --search "a bus" --top 20 --out bus.png

With --names every image has a line: the names, likeliest first, and shares that add up to 100 %,
since one of them is taken to be right. With --search every image is judged by itself, from 0 to 1;
the best are listed, and drawn side by side into --out. No training on names or texts is needed.

MODEL is an image and a text encoder that were trained together: the folder of a SigLIP, or of an
MTV trained here (docs/mtv.md; `make demo-mtv` leaves work_dirs/demo_mtv/models/trained), or the
name of either on the Hugging Face Hub, from where it is fetched once. A model for `argus predict`
is another thing. Exit status 3: some of the images could not be read, and were left out.

Needs the extra `mtv`: pip install "argus-multitask[mtv]".
"""
_TITLE = 60  # characters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="images, folders, patterns")
    parser.add_argument(
        "--model",
        required=True,
        metavar="MODEL",
        help="folder of an image and a text encoder, or OWNER/NAME on the Hub",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--names",
        nargs="+",
        action="extend",
        metavar="NAME",
        help="at least two, of which one is chosen for each image; they come after the images",
    )
    what.add_argument("--search", metavar="TEXT", help="a text to find images for, in quotes")
    parser.add_argument(
        "--top", type=int, default=9, metavar="N", help="best names or images to show (default 9)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("matches.png"),
        metavar="FILE",
        help="picture of a search's matches, PNG (default matches.png)",
    )
    parser.add_argument("--device", help="cpu or cuda; a GPU if there is one by default")
    parser.add_argument(
        "--batch-size", type=int, default=32, metavar="N", help="images at a time (default 32)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")


def run(args: argparse.Namespace) -> int:
    """Answer; 3 if some of the images were left out."""
    for key in ("top", "batch_size"):
        if getattr(args, key) < 1:
            raise ConfigError(f"--{key.replace('_', '-')}: expected a number of at least 1.")
    check_words(args.inputs)
    paths = [item.path for item in find_inputs(args.inputs) if not item.is_video]
    if not paths:
        raise DataError("the inputs hold videos alone; argus mtv looks at images.")
    model = _model(args)
    broken: dict[Path, str] = {}
    if args.names:
        _classify(model, paths, args, broken)
    else:
        _search(model, paths, args, broken)
    for reason in broken.values():
        print(printable(f"left out: {reason}"), file=sys.stderr)
    return SOME_BROKEN if broken else 0


def _model(args: argparse.Namespace) -> Any:
    try:
        import transformers  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "argus mtv needs the extra 'mtv': python -m pip install -r requirements/mtv.txt, or "
            "'argus-multitask[mtv]'."
        ) from error
    from argus.mtv import MTV

    return MTV.from_pretrained(args.model, device=args.device, batch_size=args.batch_size)


def _batches(
    paths: Sequence[Path], size: int, broken: dict[Path, str]
) -> Iterator[tuple[list[Path], list[Any]]]:
    """Images that can be read, so many at a time, with their paths."""
    from argus.mtv.images import read_image

    names: list[Path] = []
    images: list[Any] = []
    with progress("images", total=len(paths)) as bar:
        for path in paths:
            try:
                images.append(read_image(path))
                names.append(path)
            except DataError as error:
                broken[path] = str(error)
            if len(images) == size:
                yield names, images
                names, images = [], []
            bar.advance(bar.task_ids[0])
        if images:
            yield names, images
    if len(broken) == len(paths):
        raise DataError("no image could be read:\n  " + "\n  ".join(broken.values()))


def _classify(
    model: Any, paths: Sequence[Path], args: argparse.Namespace, broken: dict[Path, str]
) -> None:
    found: dict[str, dict[str, float]] = {}
    for names, images in _batches(paths, args.batch_size, broken):
        for path, row in zip(names, model.classify(images, args.names).tolist(), strict=True):
            order = sorted(zip(args.names, row, strict=True), key=lambda pair: -pair[1])
            found[str(path)] = dict(order[: args.top])
            if not args.json:
                answers = "  ".join(f"{name} {share:.1%}" for name, share in order[: args.top])
                print(printable(f"{path}  {answers}"), flush=True)
    if args.json:
        print(json.dumps(found, indent=2))


def _search(
    model: Any, paths: Sequence[Path], args: argparse.Namespace, broken: dict[Path, str]
) -> None:
    import numpy as np
    from PIL import Image

    from argus.files.durable import replacing
    from argus.mtv.images import read_image
    from argus.visualization.sheet import choose_columns, contact_sheet

    scores: list[tuple[float, Path]] = []
    for names, images in _batches(paths, args.batch_size, broken):
        rows = model.similarity(images, [args.search])[:, 0].tolist()
        scores += zip(rows, names, strict=True)
    best = sorted(scores, key=lambda pair: (-pair[0], str(pair[1])))[: args.top]
    if args.json:
        print(json.dumps({str(path): score for score, path in best}, indent=2))
    else:
        for score, path in best:
            print(printable(f"{score:.4f}  {path}"))
    pictures = [np.array(read_image(path)) for _, path in best]
    titles = [printable(f"{score:.4f}  {path.name}")[:_TITLE] for score, path in best]
    columns = choose_columns(len(best), pictures[0].shape[1] / pictures[0].shape[0])
    sheet = contact_sheet(pictures, titles, columns, cell_width_px=320)
    try:
        with replacing(args.out) as partial, partial.open("wb") as file:
            Image.fromarray(sheet).save(file, format="PNG")
    except OSError as error:
        raise DataError(f"{args.out} cannot be written: {error}.") from error
    if not args.json:
        print(args.out)
