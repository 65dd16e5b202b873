"""Names of Argus's own parts in the configs of decoders, whose libraries do not know them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from argus.errors import ConfigError
from argus.layers.wide import WideLinear
from argus.models.decoders import AttentivePooling
from argus.models.decoders.mask_dino import MaskDINO
from argus.models.foreign import build_decoder, library_scope
from tests.models.two_stage import faster_rcnn
from tests.toy import ToyBackbone, classification_decoder, semantic_decoder

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


@pytest.mark.parametrize(
    ("head", "layer"),
    [
        (dict(type="LinearClsHead"), "fc"),
        (dict(type="StackedLinearClsHead", mid_channels=[6]), "layers.1.fc"),
        (dict(type="VisionTransformerClsHead", hidden_dim=6), "layers.head"),
    ],
)
def test_scores__of_every_classifier_are_float32(head: dict[str, Any], layer: str) -> None:
    config = classification_decoder()
    config["head"] = {**head, "in_channels": 8, "num_classes": 3}
    with library_scope("mmpretrain"):
        built: Any = build_decoder(config, ToyBackbone(), where="decoder")
    assert [n for n, m in built.head.named_modules() if isinstance(m, WideLinear)] == [layer]


def test_scores__of_a_segmentor_without_a_last_convolution() -> None:
    head = dict(type="SegmenterMaskTransformerHead", in_channels=8, channels=8, num_classes=3)
    config = semantic_decoder()
    head |= dict(num_layers=1, num_heads=2, embed_dims=8, in_index=2)
    config["decode_head"] = head
    build_decoder(config, ToyBackbone(), where="decoder")


def test_bare_name__misspelt() -> None:
    config = {**classification_decoder(), "neck": dict(type="AttentivPooling")}
    with pytest.raises(ConfigError, match=r"decoder.neck.type: .*mean 'argus.AttentivePooling'"):
        build_decoder(config, ToyBackbone(), where="decoder")


def test_pooled_regions__do_not_depend_on_how_a_map_lies_in_memory() -> None:
    torch.manual_seed(0)
    detector = build_decoder(faster_rcnn(), ToyBackbone(channels=8), where="x")
    extract = detector.roi_head.bbox_roi_extractor
    maps = [torch.randn(2, 16, 64 // 2**level, 64 // 2**level) for level in range(4)]
    regions = torch.tensor([[0, 3.0, 4, 30, 60], [1, 10.0, 0, 200, 180]])
    by_place = [level.to(memory_format=torch.channels_last) for level in maps]
    assert not by_place[0].is_contiguous()
    assert torch.equal(extract(by_place, regions), extract(maps, regions))
