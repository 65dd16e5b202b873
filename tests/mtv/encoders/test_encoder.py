"""Encoders of every family, read from folders by the real code, against their libraries."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import (
    AutoTokenizer,
    CLIPModel,
    Dinov2Model,
    DINOv3ViTModel,
    SiglipModel,
    SiglipVisionModel,
)

from argus.errors import CheckpointError, ConfigError
from argus.mtv.encoders.encoder import Encoder, load_encoder

FAMILIES = ("siglip", "clip", "dinov2", "dinov3", "timm")


@pytest.fixture(scope="module")
def encoders(folders: dict[str, Path]) -> dict[str, Encoder]:
    sources = {name: str(folders[name]) for name in FAMILIES}
    sources["timm"] = f"timm:{folders['timm']}"
    return {name: load_encoder(source, device="cpu") for name, source in sources.items()}


def of_library(family: str, folder: Path, batch: torch.Tensor) -> dict[str, Any]:
    """Pooled, and patch tokens (B, N, D) before and after the last normalisation."""
    options: dict[str, Any] = dict(output_hidden_states=True)
    if family == "siglip":
        model = SiglipVisionModel.from_pretrained(folder).eval()
        out = model(batch, interpolate_pos_encoding=True, **options)
        raw = out.hidden_states[-1]
        return dict(pooled=out.pooler_output, normed=out.last_hidden_state, raw=raw)
    if family == "clip":
        clip = CLIPModel.from_pretrained(folder).eval()
        found = clip.get_image_features(pixel_values=batch, interpolate_pos_encoding=True)
        vision = clip.vision_model(batch, interpolate_pos_encoding=True, **options)
        raw = vision.hidden_states[-1][:, 1:]
        normed = clip.vision_model.post_layernorm(raw)
        return dict(pooled=found.pooler_output, normed=normed, raw=raw)
    if family == "timm":
        import timm

        vit = timm.create_model(
            f"local-dir:{folder}", pretrained=True, num_classes=0, dynamic_img_size=True
        ).eval()
        tokens = vit.forward_features(batch)
        kept: list[torch.Tensor] = []
        vit.norm.register_forward_pre_hook(lambda _, given: kept.append(given[0]))
        pooled = vit(batch)
        return dict(pooled=pooled, normed=tokens[:, 1:], raw=kept[0][:, 1:])
    kind, skipped = (Dinov2Model, 1) if family == "dinov2" else (DINOv3ViTModel, 4)
    dino = kind.from_pretrained(folder).eval()
    out = dino(batch, **options)
    raw = out.hidden_states[-1][:, skipped:]
    normed = out.last_hidden_state[:, skipped:]
    norm = dino.layernorm if family == "dinov2" else dino.norm
    torch.testing.assert_close(norm(raw), normed)  # or hidden_states is another thing
    return dict(pooled=out.last_hidden_state[:, 0], normed=normed, raw=raw)


@pytest.mark.parametrize("family", FAMILIES)
def test_features__are_those_of_the_library(
    encoders: dict[str, Encoder],
    folders: dict[str, Path],
    pictures: list[Image.Image],
    family: str,
) -> None:
    encoder = encoders[family]
    patch = encoder.patch_size
    for size in (None, (3 * patch, 5 * patch)):
        batch = encoder.prepare(pictures, size)
        assert batch.shape[2:] == (size or encoder.preparation.size)
        with torch.no_grad():
            expected = of_library(family, folders[family], batch)
        torch.testing.assert_close(encoder.pooled(batch), expected["pooled"])
        rows, columns = (side // patch for side in batch.shape[2:])
        for final_norm, key in ((True, "normed"), (False, "raw")):
            found = encoder.patches(batch, final_norm=final_norm)
            assert found.shape == (len(pictures), 32, rows, columns)
            tokens = found.permute(0, 2, 3, 1).flatten(1, 2)  # row by row
            torch.testing.assert_close(tokens, expected[key])


def test_texts__are_those_of_the_library(
    encoders: dict[str, Encoder], folders: dict[str, Path]
) -> None:
    texts = ["a red ball", "The GREEN  cube", "a photo of the blue cone"]
    for family, kind, length in (("siglip", SiglipModel, 8), ("clip", CLIPModel, 12)):
        tokenizer = AutoTokenizer.from_pretrained(folders[family])
        padding = "max_length" if family == "siglip" else True  # CLIP's own pads as it needs
        ids = tokenizer(
            texts, padding=padding, truncation=True, max_length=length, return_tensors="pt"
        )
        with torch.no_grad():
            model = kind.from_pretrained(folders[family]).eval()
            expected = model.get_text_features(input_ids=ids["input_ids"]).pooler_output
        torch.testing.assert_close(encoders[family].texts(texts), expected)
    with pytest.raises(ConfigError, match="has no text encoder"):
        encoders["dinov2"].texts(texts)


def test_vision_tower__is_read_alone(
    encoders: dict[str, Encoder],
    tmp_path: Path,
    folders: dict[str, Path],
    pictures: list[Image.Image],
) -> None:
    SiglipVisionModel.from_pretrained(folders["siglip"]).save_pretrained(tmp_path)
    alone, both = load_encoder(str(tmp_path), device="cpu"), encoders["siglip"]
    assert not alone.has_texts and both.has_texts
    assert "the model has none" in str(alone.preparation)
    batch = both.prepare(pictures)
    assert torch.equal(alone.prepare(pictures), batch)
    assert torch.equal(alone.pooled(batch), both.pooled(batch))


def test_mistakes__are_told(
    encoders: dict[str, Encoder],
    tmp_path: Path,
    pictures: list[Image.Image],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(CheckpointError, match="is no model that can be read"):
        load_encoder(str(tmp_path), device="cpu")
    (tmp_path / "config.json").write_text('{"model_type": "siglip2"}')
    with pytest.raises(ConfigError, match="found 'siglip2'. SigLIP 2 of any resolution"):
        load_encoder(str(tmp_path), device="cpu")
    with pytest.raises(CheckpointError, match="no weights in safetensors"):
        load_encoder(f"timm:{tmp_path}", device="cpu")
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ConfigError, match="timm:vit needs timm: python -m pip install 'timm"):
        load_encoder("timm:vit", device="cpu")
    with pytest.raises(ConfigError, match="multiples of its patch of 7 pixels, found 32 x 35"):
        encoders["dinov2"].prepare(pictures, (32, 35))
