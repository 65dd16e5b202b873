"""The compiled operators of mmcv and those of the package, each behind ``mmcv.ops``."""

import importlib
import sys
from types import ModuleType

import mmcv.ops  # noqa: F401 - the modules that call the operators
import pytest

from argus.mmcv_ops import extension

CALLERS = (
    "nms",
    "roi_align",
    "focal_loss",
    "deform_conv",
    "modulated_deform_conv",
    "multi_scale_deform_attn",
    "carafe",
)


def compiled() -> ModuleType:
    """The compiled module; the test is skipped where there is none."""
    module = importlib.import_module("mmcv._ext")
    if module.nms is extension.OPERATORS["nms"]:
        pytest.skip("mmcv's operators are not compiled here")
    return module


def ours() -> ModuleType:
    module = ModuleType("mmcv._ext")
    extension.fill(module)
    return module


def use(module: ModuleType, patch: pytest.MonkeyPatch) -> None:
    """Make ``mmcv.ops`` call these operators."""
    for name in CALLERS:
        # By the full name: ``mmcv.ops.nms`` is the function.
        patch.setattr(sys.modules[f"mmcv.ops.{name}"], "ext_module", module)
