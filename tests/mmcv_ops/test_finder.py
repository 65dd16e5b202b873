"""Which operators ``mmcv.ops`` gets: the compiled ones where they are, else the package's."""

import importlib
import subprocess
import sys

import pytest
import torch
from mmcv.ops import CARAFE

from argus.errors import ConfigError
from argus.mmcv_ops.finder import OperatorFinder, register
from tests.mmcv_ops.modules import compiled

# What an install without the compiled file looks like to Python.
HIDE = """
from importlib.machinery import PathFinder
real = PathFinder.find_spec
PathFinder.find_spec = classmethod(
    lambda cls, name, *rest: None if name == "mmcv._ext" else real(name, *rest)
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
from argus.layers.ms_deform_attn import missing_for_backends
"""


def test_operators__are_found_where_none_is_compiled() -> None:
    command = [sys.executable, "-W", "ignore", "-c", HIDE + USE]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[1, 2]\n"


def test_operators__compiled_ones_come_first() -> None:
    assert compiled().__file__.endswith(".so")


def test_register__once() -> None:
    register()
    register()
    assert sum(isinstance(finder, OperatorFinder) for finder in sys.meta_path) == 1


def test_finder__answers_for_one_name() -> None:
    finder = OperatorFinder()
    assert finder.find_spec("mmcv._ext", None) is not None
    assert finder.find_spec("mmcv.ops", None) is None and finder.find_spec("_ext", None) is None
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("mmcv._other")


@pytest.mark.usefixtures("our_operators")
def test_operator__that_is_absent_says_so_when_it_is_called() -> None:
    message = (
        r"^mmcv's operator 'carafe_forward' is not part of this install: `make install "
        r"OPS=compiled` builds them all\.$"
    )
    layer = CARAFE(3, 1, 2)
    with pytest.raises(ConfigError, match=message):
        layer(torch.zeros(1, 4, 3, 3), torch.zeros(1, 9, 6, 6))
