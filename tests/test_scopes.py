"""How names are looked up when models of several libraries meet: mmengine's rules, pinned.

``liba`` and ``libb`` are toy libraries with registries below mmengine's, ``argus`` stands beside
them. An upgrade of mmengine that changes a row of the table would break nested models unseen.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import MODELS as ROOT
from mmengine.registry import DefaultScope, Registry
from mmengine.runner import Runner
from torch import nn

from argus.models.foreign import library_scope
from argus.registry import MODELS


class _Detector(nn.Module):
    """Builds its inner part by its own library's registry, at once or at the first forward."""

    registry: Registry

    def __init__(self, backbone: dict, *, later: bool = False) -> None:
        super().__init__()
        self.config = backbone
        self.backbone = None if later else self.registry.build(backbone)

    def forward(self) -> nn.Module:
        return self.backbone or self.registry.build(self.config)


def make_library(name: str) -> SimpleNamespace:
    registry = Registry("model", parent=ROOT, scope=name)
    backbone = type("Backbone", (nn.Module,), {})
    detector = type("Detector", (_Detector,), {"registry": registry})
    registry.register_module(module=backbone, name=f"{name.capitalize()}Backbone")
    registry.register_module(module=detector, name="Detector")
    return SimpleNamespace(registry=registry, Detector=detector, Backbone=backbone)


@pytest.fixture(scope="module")
def libraries() -> Iterator[SimpleNamespace]:
    # mmengine imports `<scope>.registry` when it meets a scope for the first time.
    names = ("liba", "libb")
    for name in names:
        package = ModuleType(name)
        package.__path__ = []
        sys.modules[name], sys.modules[f"{name}.registry"] = package, ModuleType(f"{name}.registry")
    yield SimpleNamespace(**{name: make_library(name) for name in names})
    for name in names:
        del ROOT.children[name], sys.modules[name], sys.modules[f"{name}.registry"]


@pytest.fixture(params=["argus", "mmengine", None])
def scope(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Each default scope that a process may have; restored afterwards."""
    saved = list(DefaultScope._instance_dict.items())
    DefaultScope._instance_dict.clear()
    if request.param is not None:
        DefaultScope.get_instance("test", scope_name=request.param)
    yield request.param
    DefaultScope._instance_dict.clear()
    DefaultScope._instance_dict.update(saved)


def inner(name: str, **more: object) -> dict:
    return dict(backbone=dict(type=name), **more)


def test_outer_prefix__inner_bare_name(libraries: SimpleNamespace, scope: str | None) -> None:
    config = dict(type="liba.Detector", **inner("LibaBackbone"))
    if scope is None:
        assert type(MODELS.build(config).backbone) is libraries.liba.Backbone
    else:
        with pytest.raises(KeyError, match="LibaBackbone is not in the"):
            MODELS.build(config)


def test_outer_class__inner_bare_name(libraries: SimpleNamespace, scope: str | None) -> None:
    config = dict(type=libraries.liba.Detector, **inner("LibaBackbone"))
    if scope is None:
        assert type(MODELS.build(config).backbone) is libraries.liba.Backbone
    else:
        with pytest.raises(KeyError, match="LibaBackbone is not in the"):
            MODELS.build(config)


def test_outer_and_inner_prefix(libraries: SimpleNamespace, scope: str | None) -> None:
    model = MODELS.build(dict(type="liba.Detector", **inner("liba.LibaBackbone")))
    assert type(model.backbone) is libraries.liba.Backbone


def test_scope_key__two_libraries_side_by_side(
    libraries: SimpleNamespace, scope: str | None
) -> None:
    for name, library in (("liba", libraries.liba), ("libb", libraries.libb)):
        bare = f"{name.capitalize()}Backbone"
        model = MODELS.build(dict(type="Detector", _scope_=name, **inner(bare)))
        assert type(model) is library.Detector and type(model.backbone) is library.Backbone


def test_scope_key__does_not_reach_a_later_build(
    libraries: SimpleNamespace, scope: str | None
) -> None:
    config = dict(type="Detector", _scope_="liba", **inner("LibaBackbone", later=True))
    model = MODELS.build(config)
    if scope is None:
        assert type(model()) is libraries.liba.Backbone
    else:
        with pytest.raises(KeyError, match="LibaBackbone is not in the"):
            model()
    with library_scope("liba"):
        assert type(model()) is libraries.liba.Backbone


def test_classes_throughout__need_no_scope(libraries: SimpleNamespace, scope: str | None) -> None:
    config = dict(
        type=libraries.libb.Detector, backbone=dict(type=libraries.libb.Backbone), later=True
    )
    assert type(MODELS.build(config)()) is libraries.libb.Backbone


def test_library_scope__inner_bare_name(libraries: SimpleNamespace, scope: str | None) -> None:
    for name, library in (("liba", libraries.liba), ("libb", libraries.libb)):
        with library_scope(name):
            model = MODELS.build(
                dict(type=library.Detector, **inner(f"{name.capitalize()}Backbone"))
            )
        assert type(model.backbone) is library.Backbone


@ROOT.register_module()
class ScopeTestModel(BaseModel):
    def forward(self, inputs: object, data_samples: object = None, mode: str = "tensor") -> None:
        return None


@pytest.mark.parametrize(
    ("entry", "expected"),
    [({}, "mmengine"), (dict(default_scope="argus"), "argus"), (dict(default_scope=None), None)],
)
def test_runner__sets_the_scope_unless_it_is_none(
    tmp_path: Path, entry: dict, expected: str | None
) -> None:
    saved = list(DefaultScope._instance_dict.items())
    DefaultScope._instance_dict.clear()
    try:
        Runner.from_cfg(
            Config(
                dict(
                    model=dict(type=ScopeTestModel),
                    work_dir=str(tmp_path),
                    # Its default is the second of the clock, which several tests share.
                    experiment_name=tmp_path.name,
                )
                | entry
            )
        )
        assert current() == expected
    finally:
        DefaultScope._instance_dict.clear()
        DefaultScope._instance_dict.update(saved)


def current() -> str | None:
    instance = DefaultScope.get_current_instance()
    return None if instance is None else instance.scope_name


def test_library_scope__restores(libraries: SimpleNamespace, scope: str | None) -> None:
    assert current() == scope
    with library_scope("liba"):
        assert current() == "liba"
        with library_scope("libb"):
            assert current() == "libb"
        assert current() == "liba"
        with library_scope(None):
            assert current() == "liba", "None leaves the scope as it is"
    assert current() == scope
    with pytest.raises(RuntimeError), library_scope("liba"):
        raise RuntimeError
    assert current() == scope
