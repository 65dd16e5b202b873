"""What tests of several folders need: one thread, little garbage collection, a whole model."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import argus  # noqa: F401 - before mmcv.ops, which finds its operators through it
from tests.shortcuts import take_shortcuts

# Two workers of one thread use two cores best. Set before torch is imported, here and in what the
# tests start; a value that is set already stays.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
# Importing makes a million objects and no garbage.
gc.disable()


def pytest_collection_finish() -> None:
    """Leave what was imported out of collections: every data set of mmengine asks for one.

    Here the process has imported all that it needs and done nothing: others are forked from that.
    """
    gc.freeze()
    gc.enable()
    forked = sys.modules.get("tests.forked")
    if forked is not None and sys.platform == "linux":
        forked.fork_from_here()


@pytest.fixture(autouse=True, scope="session")
def _no_bfloat16_on_cpus() -> Iterator[None]:
    """Precision ``auto`` is float32 on every processor: numbers of tests do not depend on it."""
    from argus import precision

    own = precision.has_bfloat16
    precision.has_bfloat16 = lambda device_type: device_type != "cpu" and own(device_type)
    yield
    precision.has_bfloat16 = own


@pytest.fixture(autouse=True, scope="session")
def _shortcuts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        take_shortcuts(patch)
        yield


@pytest.fixture(scope="session")
def tiny_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the scenes' model with all tasks and random weights; not to be written to."""
    from tests.tiny_model import tiny_model

    folder = tmp_path_factory.mktemp("models") / "tiny"
    tiny_model().write(folder)
    return folder
