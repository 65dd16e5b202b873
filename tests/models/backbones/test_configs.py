"""The backbone configs of ``configs/_base_`` say what the classes accept and count as stated."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from argus.models.backbones import DinoVisionTransformer
from argus.registry import MODELS
from tests.models.backbones.toys import count

CONFIGS = Path(__file__).parents[3] / "configs" / "_base_" / "backbones"


@pytest.mark.parametrize(
    ("name", "weights", "trained", "total"),
    [
        ("argus_base", "dinov2_vitb14_reg4_pretrain.pth", 13_680_608, 100_264_160),
        ("argus_large", "dinov2_vitl14_reg4_pretrain.pth", 23_236_800, 327_609_536),
        ("dinov2_base", "dinov2_vitb14_reg4_pretrain.pth", 0, 86_583_552),
        ("mtv_base", "mtv_base_patch16_224", 13_680_608, 99_477_728),
        ("mtv_base_plain", "mtv_base_patch16_224", 0, 85_797_120),
    ],
)
def test_config__builds_with_the_stated_counts(name, weights, trained, total, monkeypatch):
    backbone = Config.fromfile(CONFIGS / f"{name}.py").backbone
    assert Path(backbone["vit"]["weights"]) == Path("data/weights") / weights
    backbone["vit"]["weights"] = "random"
    monkeypatch.setattr(DinoVisionTransformer, "_initialise", lambda self, generator: None)
    with torch.device("meta"):
        model = MODELS.build(backbone)
    assert count(model, trainable=True) == trained
    assert count(model) == total
    if weights.endswith(".pth"):
        assert f"{model.vit.architecture_name}_pretrain.pth" == weights
