"""Which modules are imported: the compiled ones where they are, else the package's.

Where they are not: test_fresh_process.py.
"""

import importlib
import sys

import pytest

from argus.libraries.stand_ins import StandInFinder, register
from tests.mmcv_ops.modules import compiled


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
