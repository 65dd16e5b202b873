import subprocess
import sys

import argus.datasets.registered  # noqa: F401
from argus.registry import DATASETS, TRANSFORMS


def test_registered__names_are_found_in_the_registries():
    for name in ("CocoInstances", "CocoKeypoints"):
        assert DATASETS.get(name).__module__ == "argus.datasets.coco"
    for name in ("LoadImage", "LoadSegMap", "CheckLabel"):
        assert TRANSFORMS.get(name).__module__.startswith("argus.datasets.transforms")


def test_package__import_is_cheap():
    code = "import argus.datasets, sys; sys.exit('torch' in sys.modules or 'mmdet' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
