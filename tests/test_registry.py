"""Every registry finds its package, and Argus is found by name from mmengine."""

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import mmengine.registry
import pytest
from mmengine.registry import Registry

import argus
import argus.registry

ROOT = Path(__file__).parents[1]
REGISTRIES = dict(
    inspect.getmembers(
        argus.registry, lambda value: isinstance(value, Registry) and value.scope == "argus"
    )
)
OWN = {"RECIPES"}  # of a kind that mmengine has none of


@pytest.mark.parametrize("name", sorted(REGISTRIES))
def test_registry__location_exists(name: str) -> None:
    registry = REGISTRIES[name]
    assert registry._locations, f"{name} names no package"
    for location in registry._locations:
        assert importlib.util.find_spec(location) is not None, location
    registry.import_from_location()


@pytest.mark.parametrize("name", sorted(set(REGISTRIES) - OWN))
def test_registry__is_a_child_of_mmengines(name: str) -> None:
    registry = REGISTRIES[name]
    assert registry.parent is getattr(mmengine.registry, name)
    assert registry.scope == "argus"


def test_registry__every_class_is_found_by_name_in_a_fresh_process() -> None:
    """The lookup alone has to import the package; importing every module tells what there is."""
    for module in pkgutil.walk_packages(argus.__path__, "argus."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    wanted = {
        name: sorted(
            key
            for key, value in registry.module_dict.items()
            if value.__module__.startswith("argus.")
        )
        for name, registry in REGISTRIES.items()
    }
    assert {"MultitaskModel", "SharedBackbone", "ViTAdapter"} <= set(wanted["MODELS"])
    assert "EMAHook" in wanted["HOOKS"]
    code = (
        "import json, sys, mmengine.registry, argus.registry\n"
        "wanted = json.loads(sys.argv[1])\n"
        "def home(name): return getattr(mmengine.registry, name, argus.registry.RECIPES)\n"
        "lost = [f'{name}: argus.{key}' for name, keys in wanted.items() for key in keys\n"
        "        if home(name).get(f'argus.{key}') is None]\n"
        "print('LOST', json.dumps(lost))\n"
    )
    command = [sys.executable, "-c", code, json.dumps(wanted)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.rsplit("LOST ", 1)[1]) == []
