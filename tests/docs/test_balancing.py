"""The page about balancing names all that a config can."""

import re

import pytest

import argus.engine.balancing.torchjd as torchjd
from argus.engine.task_sampling import TASK_SAMPLERS
from argus.registry import BALANCERS
from tests.docs.blocks import ROOT
from tests.docs.tables import tables

PAGE = ROOT / "docs/balancing.md"


@pytest.mark.parametrize(
    ("table", "registry"), [("balancers", BALANCERS), ("task samplings", TASK_SAMPLERS)]
)
def test_table__has_every_class(table: str, registry) -> None:
    registry.import_from_location()
    named = {row[0].strip("`") for row in tables(PAGE, table)[""]}
    assert named == set(registry.module_dict)


@pytest.mark.parametrize("kind", [torchjd.TorchJDLosses, torchjd.TorchJDGradients])
def test_table__has_every_method(kind: type) -> None:
    (text,) = [r[-1] for r in tables(PAGE, "balancers")[""] if r[0].strip("`") == kind.__name__]
    assert re.findall(r"`(\w+)`", text)[1:] == list(kind.methods)
