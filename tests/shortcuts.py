"""What takes long in a process of thousands of tests, and is asked by none of them."""

import functools
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


def take_shortcuts(patch: pytest.MonkeyPatch) -> None:
    """Patch what has been imported; the processes that tests start are not patched.

    - mmengine collects garbage for every data set: over all that a run of the tests has imported
      and built, which took a quarter of its time.
    - mmpose parses the description of its keypoints for every data set.
    - Files are not waited for until they are on the disk; that it is asked for,
      tests/files/test_durable.py proves.
    """
    datasets = sys.modules.get("mmengine.dataset.base_dataset")
    if datasets is not None:
        patch.setattr(datasets, "gc", SimpleNamespace(collect=lambda: 0))
    poses = sys.modules.get("mmpose.datasets.datasets.utils")
    if poses is not None:
        own = str(Path(sys.modules["mmpose"].__file__ or "").parent)
        config = SimpleNamespace(fromfile=_once_below(own, poses.Config.fromfile))
        patch.setattr(poses, "Config", config)
    patch.setattr(os, "fsync", lambda descriptor: None)


def _once_below(folder: str, read: Any) -> Any:
    """A function of a path that is called once for each below a folder."""
    known = functools.cache(read)
    return lambda path: known(path) if str(path).startswith(folder) else read(path)
