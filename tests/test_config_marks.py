"""Every value of the full-size configs is stated in the paper, structural, or marked otherwise."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

BASE = Path(__file__).parents[1] / "configs/_base_"
FILES = [BASE / "default_runtime.py", BASE / "normalisation.py"]
FILES += [
    path
    for part in ("backbones", "models", "schedules", "tasks")
    for path in sorted((BASE / part).glob("*.py"))
]
MARK = re.compile(r"not stated(?: in paper|:)")

# Stated in the paper, or a description of its method (specification of the backbone and tasks).
STATED = {
    "arch",
    "patch_size",
    "num_interactions",
    "norm",
    "scale_tokens",
    "freeze_vit",
    "freeze",
    "vit_feature_source",
    "_max_iters",
    "eval_weights",
    *("mIoU", "bbox_mAP", "segm_mAP", "AP", "AR", "top1"),
    *("PQ", "rmse", "odsF", "mErr", "maxF", "I_AUROC"),
}
# Follow from the data, the frozen weights, the architecture or the library: nothing to choose.
STRUCTURAL = {
    *("num_classes", "_num_classes", "out_channels", "num_things_classes", "num_stuff_classes"),
    *("in_channels", "in_index", "heatmap_size"),
    *("mean", "std", "bgr_to_rgb", "to_rgb"),
    *("pad_mask", "pad_seg", "pad_size_divisor", "size_divisor", "pad_val", "seg_pad_val"),
    *("weights", "checkpoint", "_data_root", "data_root", "ann_file", "split", "masks"),
    *("img", "img_path", "seg"),
    *("seg_map_path", "data_mode", "test_mode", "with_bbox", "with_mask", "meta_keys"),
    *("metric", "iou_metrics", "topk", "primary", "lower_is_better", "median"),
    *("labels", "fields", "key", "_stream"),
    *("nyuv2_semantic", "boundary", "normals", "parsing", "saliency"),
    *("by_epoch", "begin", "custom_hooks", "default_scope", "work_dir", "load_from", "resume"),
}
# Change neither what is learned nor what is measured.
WITHOUT_EFFECT = {
    *("num_workers", "sampling", "non_blocking", "interval", "max_keep_ckpts"),
    *("table", "licence"),
}
UNMARKED = STATED | STRUCTURAL | WITHOUT_EFFECT


def is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def values(node: ast.AST, opening: int) -> Iterator[tuple[str, int, int]]:
    """(key, its line, the first line of the call it stands in) of every literal below a node."""
    if isinstance(node, ast.Assign) and is_literal(node.value):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.lineno, node.lineno
    if isinstance(node, ast.Call):
        opening = node.lineno
        for keyword in node.keywords:
            if keyword.arg is not None and is_literal(keyword.value):
                yield keyword.arg, keyword.lineno, opening
    for child in ast.iter_child_nodes(node):
        yield from values(child, opening)


def is_marked(lines: list[str], number: int) -> bool:
    """Whether a line (counted from 1), or the comment right above it, has the mark."""
    if MARK.search(lines[number - 1].partition("#")[2]):
        return True
    comment = []
    while (number := number - 1) and lines[number - 1].lstrip().startswith("#"):
        comment.insert(0, lines[number - 1].strip(" #"))
    return bool(MARK.search(" ".join(comment)))


def unmarked(source: str) -> list[str]:
    """The values of a config that are neither marked nor known, as ``line: key``."""
    lines = source.splitlines()
    return [
        f"{line}: {key}"
        for key, line, opening in values(ast.parse(source), 0)
        if key not in UNMARKED and not is_marked(lines, line) and not is_marked(lines, opening)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_config__values_not_stated_in_the_paper_are_marked(path):
    assert unmarked(path.read_text()) == []


def test_marks__every_exception_is_needed():
    used = {key for path in FILES for key, *_ in values(ast.parse(path.read_text()), 0)}
    assert UNMARKED <= used


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("decay = 0.5", ["1: decay"]),
        ("decay = 0.5  # not stated in paper; guess", []),
        ("# not stated in paper; guess, over\n# two lines\ndecay = 0.5", []),
        ("# not stated in paper; guess\n\ndecay = 0.5", ["3: decay"]),
        ("a = dict(  # not stated in paper; guess\n    b=1,\n    c=dict(\n        d=2))", ["4: d"]),
        ("a = dict(b=c, num_classes=3, e=[1, 2])", ["1: e"]),
    ],
)
def test_marks__are_looked_for(source, expected):
    assert unmarked(source) == expected
