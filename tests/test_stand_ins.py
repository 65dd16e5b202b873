"""Which modules are imported: the compiled ones where they are, else the package's."""

import importlib
import subprocess
import sys

import pytest

from argus.stand_ins import StandInFinder, register
from tests.mmcv_ops.modules import compiled

# What an install without the compiled file looks like to Python.
HIDE = """
from importlib.machinery import PathFinder
real = PathFinder.find_spec
HIDDEN = ("mmcv._ext", "xtcocotools")
PathFinder.find_spec = classmethod(
    lambda cls, name, *rest: None if name in HIDDEN else real(name, *rest)
)
"""
USE = """
import sys
import argus
assert not {"torch", "torchvision", "mmcv", "numpy"} & set(sys.modules)
import mmcv.ops, torch
from mmcv.utils.ext_loader import check_ops_exist
assert check_ops_exist() and mmcv.ops.get_compiling_cuda_version() == "not available"
boxes = torch.tensor([[0.0, 0, 4, 4], [0, 0, 4, 5], [9, 9, 12, 12]])
print(mmcv.ops.nms(boxes, torch.tensor([0.5, 0.9, 0.1]), 0.5)[1].tolist())
import xtcocotools.mask, pycocotools.mask
assert xtcocotools.mask.iou is pycocotools.mask.iou
from mmpose.evaluation.metrics.coco_metric import COCO, COCOeval
print(COCO.__module__, COCOeval.__module__)
from argus.layers.ms_deform_attn import missing_for_backends
"""


def test_operators__are_found_where_none_is_compiled() -> None:
    command = [sys.executable, "-W", "ignore", "-c", HIDE + USE]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    evaluation = "argus.coco_poses.truth argus.coco_poses.evaluation"
    assert done.stdout.splitlines() == ["[1, 2]", evaluation]


def test_operators__compiled_ones_come_first() -> None:
    assert compiled().__file__.endswith(".so")


def test_register__once() -> None:
    register()
    register()
    assert sum(isinstance(finder, StandInFinder) for finder in sys.meta_path) == 1


def test_finder__answers_for_its_names_alone() -> None:
    finder = StandInFinder()
    assert finder.find_spec("mmcv._ext", None) is not None
    assert finder.find_spec("mmcv.ops", None) is None and finder.find_spec("_ext", None) is None
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("mmcv._other")
