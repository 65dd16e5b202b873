"""``argus new NAME DATA``: look at data, and write a config that trains a task on them."""

import argparse
from pathlib import Path

from argus.libraries.importing import import_libraries

EPILOG = """\
examples:
  argus new plates data/plates                      what is it? a config and a sheet of labels
  argus new plates data/plates --kind semantic --backbone work_dirs/demo/model
  argus new parts exports/annotations.json --backbone dinov2_vitb14
  argus new cells data/cells --group '(.*)_\\d+'     frames of one film stay on one side

Reads COCO JSON, CVAT XML, Label Studio JSON, labelme, YOLO, Pascal VOC, CSV, folders of masks,
depth, normals, boundaries or saliency maps, good and defective pictures, a folder for each class.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("name", metavar="NAME", help="of the task: small letters, digits and _")
    parser.add_argument("data", metavar="DATA", help="folder with pictures and labels, or a file")
    parser.add_argument(
        "--kind",
        help="detection, instance, keypoints, semantic, parsing, panoptic, classification, tags, "
        "depth, normals, boundary, saliency or anomaly; default: what the labels are",
    )
    parser.add_argument(
        "--backbone",
        metavar="MODEL|CONFIG",
        help="folder of a merged model, a config with a backbone, or dinov2_vits14 and the like, "
        "frozen; default: the model of `make demo` if it is there, else dinov2_vits14",
    )
    parser.add_argument(
        "--format",
        help="how the labels are written, where it is open: coco, labelme, cvat, label_studio, "
        "yolo, voc, masks, class_masks, depth, normals, boundary, saliency, good_defect, csv or "
        "class_folders",
    )
    parser.add_argument(
        "--classes",
        nargs="+",
        action="extend",
        default=[],
        metavar="CLASS",
        help="names, where the data have numbers alone; else which of the classes count",
    )
    parser.add_argument(
        "--group",
        metavar="PATTERN",
        help="pictures whose names share what it matches stay together",
    )
    parser.add_argument("--seed", type=int, default=0, help="draws the validation pictures")
    parser.add_argument("--unit", type=float, help="depth: how many values of a file are one metre")
    parser.add_argument("--out", type=Path, default=Path(), help="folder of the files; default: .")
    parser.add_argument("--force", action="store_true", help="overwrite files that are there")


def run(args: argparse.Namespace) -> int:
    """Look, tell, write."""
    import_libraries()
    from argus.commands.notes import warnings_as_notes
    from argus.names.printable import printable
    from argus.new_task import Request, create

    request = Request(
        name=args.name,
        data=args.data,
        kind=args.kind,
        backbone=args.backbone,
        format=args.format,
        classes=tuple(args.classes),
        group=args.group,
        seed=args.seed,
        unit=args.unit,
        folder=args.out,
        force=args.force,
    )
    with warnings_as_notes():
        create(request, tell=lambda line: print(printable(line), flush=True))
    return 0
