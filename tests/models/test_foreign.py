"""Names of Argus's own parts in the configs of decoders, whose libraries do not know them."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from argus.errors import ConfigError
from argus.models.decoders import AttentivePooling
from argus.models.decoders.mask_dino import MaskDINO
from argus.models.foreign import build_decoder
from tests.toy import ToyBackbone, classification_decoder

SCENES = Path(__file__).parents[2] / "configs/scenes/_base_/tasks"


def with_names(config: Any) -> Any:
    """A copy of a config in which the classes of Argus are named without a prefix."""
    if isinstance(config, dict):
        return {key: with_names(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [with_names(value) for value in config]
    is_own = isinstance(config, str) and config.startswith("argus.models.")
    return config.rpartition(".")[2] if is_own else config


def test_bare_name__of_a_decoder() -> None:
    config = Config.fromfile(SCENES / "instance.py").to_dict()  # classes as their full names
    named = with_names(config["instance"]["decoder"])
    assert named["type"] == "MaskDINO" and named["backbone"]["type"] == "SharedBackbone"
    assert isinstance(build_decoder(named, ToyBackbone(), where="decoder"), MaskDINO)


def test_bare_name__of_a_part_of_a_foreign_model() -> None:
    neck = dict(type="AttentivePooling", in_channels=8, num_heads=2)
    config = {**classification_decoder(), "neck": neck}
    built: Any = build_decoder(config, ToyBackbone(), where="decoder")
    assert isinstance(built.neck, AttentivePooling)
    assert neck["type"] == "AttentivePooling"  # the caller's config stays as it is


def test_bare_name__of_the_library_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    from mmpretrain.models import GlobalAveragePooling

    from argus.registry import MODELS

    monkeypatch.setitem(MODELS.module_dict, "GlobalAveragePooling", AttentivePooling)
    built: Any = build_decoder(classification_decoder(), ToyBackbone(), where="decoder")
    assert isinstance(built.neck, GlobalAveragePooling)


def test_bare_name__misspelt() -> None:
    config = {**classification_decoder(), "neck": dict(type="AttentivPooling")}
    with pytest.raises(ConfigError, match=r"decoder.neck.type: .*mean 'argus.AttentivePooling'"):
        build_decoder(config, ToyBackbone(), where="decoder")
