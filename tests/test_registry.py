"""Every registry finds its package; test_fresh_process.py finds every class by name."""

import importlib
import inspect

import mmengine.registry
import pytest
from mmengine.registry import Registry

import argus.registry

REGISTRIES = dict(
    inspect.getmembers(
        argus.registry, lambda value: isinstance(value, Registry) and value.scope == "argus"
    )
)
OWN = {"RECIPES", "BALANCERS", "TASK_SAMPLERS"}  # of kinds that mmengine has none of


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
