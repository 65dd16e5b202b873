"""``argus predict``, also ``tools/predict.py``: answers and pictures of images, folders, videos."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argus.commands.boxes import boxes_of, check_boxes, read_boxes
from argus.commands.inputs import Input, check_words, find_inputs
from argus.commands.model_options import MODEL, add_model_options, load_model
from argus.commands.notes import warnings_as_notes
from argus.errors import ConfigError, DataError
from argus.names.printable import printable
from argus.names.wording import counted

if TYPE_CHECKING:
    from argus.api import Argus
    from argus.commands.outputs import Writer

DESCRIPTION = "Answers and pictures for images, folders and videos."
SOME_BROKEN = 3  # exit status
EPILOG = """\
examples:
  argus predict photo.jpg --model MODEL --out answers
      answers/photo/: prediction.json, a picture per task, and sheet.png with all of them
  argus predict photos/ "more/**/*.png" --model MODEL --tasks depth instance --arrays
      also arrays.npz with every array at the resolution of the image
  argus predict clip.mp4 --model MODEL --tasks panoptic
      clip.mp4 of the pictures, and clip.jsonl with the answers of every frame
  argus predict val2017/ --model MODEL --tasks instance --size task --score-threshold 0 \\
      --format coco --annotations instances_val2017.json
      instance.coco.json, as COCO's evaluation reads it
  argus predict team.jpg --model MODEL --tasks keypoints --boxes '[[10, 20, 110, 320]]'

MODEL is a folder, or a repository on the Hugging Face Hub; `argus info MODEL` lists its tasks.

stdout has the paths of the results, a line each; everything else goes to stderr.
Exit status: 0 all inputs are done; 2 a mistake, nothing could be done; 3 some inputs could not be
read, the others are done; 130 interrupted; 1 an error of Argus.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "inputs", nargs="+", metavar="INPUT", help="image, video, folder, or pattern in quotes"
    )
    parser.add_argument("--model", required=True, metavar="M", help=MODEL)
    parser.add_argument(
        "--tasks",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="tasks to answer; default: all",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("predictions"), metavar="DIR", help="default: predictions"
    )
    what = parser.add_argument_group("what is asked")
    what.add_argument(
        "--size",
        metavar="SIZE",
        help="short side in pixels; 'task' for that of each task's benchmark; or by task, "
        "depth=480,semantic=task. Default: one size for all tasks, which costs one backbone pass",
    )
    what.add_argument("--score-threshold", type=float, default=0.3, metavar="S", help="default 0.3")
    what.add_argument(
        "--batch-size", type=int, default=8, metavar="N", help="images at once; default 8"
    )
    what.add_argument("--category", help="kind of object, for anomalies")
    what.add_argument(
        "--boxes",
        metavar="JSON",
        help="people for poses, xyxy pixels: a list of boxes for a single image, or a dict of "
        "lists by file name, with its folder if several have it; the JSON itself or a file with it",
    )
    add_model_options(parser)
    results = parser.add_argument_group("what is written")
    results.add_argument("--no-pictures", action="store_true", help="JSON alone")
    results.add_argument("--arrays", action="store_true", help="also arrays.npz per image")
    results.add_argument(
        "--format",
        default="json",
        choices=("json", "coco"),
        help="coco: one file of COCO results per task of instances or poses, no pictures",
    )
    results.add_argument(
        "--annotations",
        type=Path,
        metavar="JSON",
        help="with --format coco: take the ids of images (by the end of their paths) and of "
        "categories (by name), and the orientation of the images, from this file",
    )
    results.add_argument(
        "--orientation",
        choices=("shown", "stored"),
        help="with --format coco: whether annotations were made on the pixels as they are shown, "
        "turned by their EXIF tag, or as they are stored. Default: what the size in --annotations "
        "says, else shown",
    )


def run(args: argparse.Namespace) -> int:
    """Predict and write; the exit status."""
    check_words(args.inputs)
    _check_options(args)
    options = dict(
        tasks=[name for word in args.tasks or ["all"] for name in word.split(",") if name],
        size=parse_size(args.size),
        batch_size=args.batch_size,
        category=args.category,
        score_threshold=args.score_threshold,
    )
    if options["tasks"] == ["all"]:
        options["tasks"] = "all"
    boxes = read_boxes(args.boxes)
    with warnings_as_notes(), _memory_remedy():
        model = load_model(args)
        inputs = find_inputs(args.inputs)
        check_boxes(boxes, inputs)
        return _predict(args, model, inputs, options, boxes)


def parse_size(text: str | None) -> Any:
    """``--size`` as ``Argus.predict`` takes it.

    Raises:
        ConfigError: If it is neither a number, nor ``task``, nor ``NAME=SIZE,...``.
    """
    if text is None or text == "task":
        return text
    if text.isdecimal():
        return int(text)
    sizes = {}
    for entry in text.split(","):
        name, equals, value = entry.partition("=")
        if not name or not equals or not (value == "task" or value.isdecimal()):
            raise ConfigError(
                f"--size: expected a number of pixels, 'task', or NAME=SIZE,..., found {text!r}."
            )
        sizes[name] = value if value == "task" else int(value)
    return sizes


def _check_options(args: argparse.Namespace) -> None:
    if args.batch_size < 1:
        raise ConfigError(f"--batch-size: expected at least 1, found {args.batch_size}.")
    if args.out.exists() and not args.out.is_dir():
        raise ConfigError(f"--out {args.out} is a file; name a folder.")
    if args.annotations is not None and args.format != "coco":
        raise ConfigError("--annotations is for --format coco.")
    if args.orientation is not None and args.format != "coco":
        raise ConfigError("--orientation is for --format coco: other results are on what is shown.")
    if args.format == "coco" and args.arrays:
        raise ConfigError("--arrays is for --format json: COCO's files hold no arrays.")


def _predict(
    args: argparse.Namespace,
    model: "Argus",
    inputs: Sequence[Input],
    options: dict[str, Any],
    boxes: Any,
) -> int:
    from argus.commands.coco_ids import CocoIds
    from argus.commands.outputs import CocoWriter, FolderWriter
    from argus.inference.images import AnnotatedFile

    writer: Writer
    sources: dict[Path, Any] = {item.path: str(item.path) for item in inputs}
    if args.format == "coco":
        if any(item.is_video for item in inputs):
            raise ConfigError("--format coco is for images, not for videos.")
        ids = None if args.annotations is None else CocoIds(args.annotations)
        entries = ids.match(list(sources)) if ids else {}
        if ids or args.orientation:
            for path in sources:
                size = entries[path].size if ids else None
                sources[path] = AnnotatedFile(path, size, args.orientation)
        writer = CocoWriter(args.out, ids, entries, orientation=args.orientation)
    else:
        writer = FolderWriter(args.out, pictures=not args.no_pictures, arrays=args.arrays)
    broken: dict[Path, str] = {}
    try:
        images = [item for item in inputs if not item.is_video]
        if images:
            _predict_images(model, images, sources, options, boxes, writer, broken)
        if len(broken) < len(images):
            _tell(writer.close())
        for item in inputs:
            if item.is_video:
                _predict_video(args, model, item, options, broken)
    except OSError as error:
        raise DataError(f"{args.out}: results cannot be written: {error}.") from error
    if not broken:
        return 0
    whole = f"{len(broken)} of {counted(len(inputs), 'input')} could not be read:"
    lines = "\n".join(f"  {reason}" for reason in broken.values())
    if len(broken) == len(inputs):
        raise DataError(f"{whole}\n{lines}" if len(inputs) > 1 else lines.strip())
    print(printable(f"{whole}\n{lines}", lines=True), file=sys.stderr)
    return SOME_BROKEN


def _predict_images(
    model: "Argus",
    images: Sequence[Input],
    sources: Mapping[Path, Any],
    options: dict[str, Any],
    boxes: Any,
    writer: "Writer",
    broken: dict[Path, str],
) -> None:
    from argus.commands.progress import progress

    by_path = {str(item.path): item for item in images}
    people = None if boxes is None else [boxes_of(item, boxes) for item in images]
    with progress("images", total=len(images)) as bar:

        def on_error(name: str, error: DataError) -> None:
            broken[by_path[name].path] = str(error)
            bar.advance(bar.task_ids[0])

        pictures = [sources[item.path] for item in images]
        for prediction in model.stream(pictures, boxes=people, on_error=on_error, **options):
            _tell(writer.write(by_path[prediction.source], prediction))
            bar.advance(bar.task_ids[0])


def _predict_video(
    args: argparse.Namespace,
    model: "Argus",
    item: Input,
    options: dict[str, Any],
    broken: dict[Path, str],
) -> None:
    from argus.commands.outputs import VideoWriter
    from argus.commands.progress import progress
    from argus.inference.video import frame_rate

    try:
        rate, num_frames = frame_rate(item.path)
        out = args.out / f"{item.name}.mp4"
        if out.resolve() == item.path.resolve():
            raise ConfigError(f"{out} is the input itself: name another folder with --out.")
        writer = VideoWriter(out, rate, draw=not args.no_pictures)
        try:
            with progress(item.path.name, total=num_frames) as bar:
                for prediction in model.stream(str(item.path), **options):
                    writer.write(prediction)
                    bar.advance(bar.task_ids[0])
        finally:  # a video that is not closed cannot be played
            paths = writer.close()
        _tell(paths)
    except DataError as error:
        broken[item.path] = str(error)


def _tell(paths: Sequence[Path]) -> None:
    for path in paths:
        print(path, flush=True)


@contextmanager
def _memory_remedy() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # torch.OutOfMemoryError on a GPU, a plain one on the host
        if "out of memory" not in str(error) and "can't allocate memory" not in str(error):
            raise
        raise ConfigError(
            "the memory is not enough. Use a smaller --batch-size, a "
            "smaller --size, fewer --tasks, or --dtype bf16 on a GPU."
        ) from error
