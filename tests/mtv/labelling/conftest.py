"""Folders of tiny random teachers, as ``save_pretrained`` writes them."""

import json
from pathlib import Path

import pytest
import torch
from transformers import (
    CLIPTokenizer,
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    Dinov2Config,
    DPTImageProcessor,
    Owlv2Config,
    Owlv2ForObjectDetection,
    Owlv2ImageProcessor,
)

LAYERS = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24)
LENGTH = 8


@pytest.fixture(scope="session")
def teachers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Folders by ``depth`` and ``boxes``."""
    root = tmp_path_factory.mktemp("teachers")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        _depth(root / "depth")
        _boxes(root / "boxes")
    return {name: str(root / name) for name in ("depth", "boxes")}


def _depth(folder: Path, kind: str = "relative") -> None:
    layers = dict(LAYERS, num_hidden_layers=4, image_size=28, patch_size=14)
    layers |= dict(out_indices=[1, 2, 3, 4], reshape_hidden_states=False)
    layers.pop("intermediate_size")
    config = DepthAnythingConfig(
        backbone_config=Dinov2Config(**layers),
        patch_size=14,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[4, 4, 6, 6],
        fusion_hidden_size=6,
        head_hidden_size=4,
        depth_estimation_type=kind,
    )
    model = DepthAnythingForDepthEstimation(config)
    for name, value in model.named_parameters():  # or it would say the same of any pixel
        if name.startswith(("neck", "head")):
            torch.nn.init.normal_(value, std=0.3)
    model.head.conv3.weight.data.abs_()
    model.save_pretrained(folder)
    DPTImageProcessor(
        size=dict(height=56, width=56), keep_aspect_ratio=True, ensure_multiple_of=14,
        image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225], resample=3,
    ).save_pretrained(folder)  # fmt: skip


def _boxes(folder: Path) -> None:
    vocabulary = [chr(code) for code in range(97, 123)]
    vocabulary += [f"{letter}</w>" for letter in vocabulary]
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({w: i + 1 for i, w in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    CLIPTokenizer(
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        model_max_length=LENGTH,
        pad_token="<|endoftext|>",
    ).save_pretrained(folder)
    ends = dict(bos_token_id=len(vocabulary) - 1, eos_token_id=len(vocabulary), pad_token_id=0)
    model = Owlv2ForObjectDetection(
        Owlv2Config(
            text_config=dict(LAYERS, vocab_size=60, max_position_embeddings=LENGTH, **ends),
            vision_config=dict(LAYERS, image_size=48, patch_size=8),
            projection_dim=16,
        )
    )
    for layer in (model.class_head.dense0, model.class_head.logit_scale, model.box_head.dense2):
        torch.nn.init.normal_(layer.weight)  # or all boxes would be the same
    model.save_pretrained(folder)
    Owlv2ImageProcessor(size=dict(height=48, width=48)).save_pretrained(folder)
