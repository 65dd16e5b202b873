"""Folders with tiny random models of every family, as their libraries write them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from argus.datasets.scenes.generate import Settings, generate
from argus.mtv.processor import save_processor
from argus.mtv.tokenizer import Tokenizer

SIDE = 32
LAYERS = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2)
WORDS = ["a", "red", "ball", "green", "cube", "photo", "of", "the", "blue", "cone"]


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Of several shapes, wider and higher than square, odd sides, one grey."""
    rng = np.random.default_rng(1)
    shapes = [(50, 71, 3), (97, 41, 3), (32, 32, 3), (45, 64)]
    small = [rng.integers(0, 256, (6, 7, *shape[2:]), dtype=np.uint8) for shape in shapes]
    resize = Image.Resampling.BICUBIC  # smooth, as photos are
    return [
        Image.fromarray(values).resize(shape[1::-1], resize)
        for values, shape in zip(small, shapes, strict=True)
    ]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> dict[str, Path]:
    """By family: the SigLIP that a training of ours wrote, CLIP, DINOv2, DINOv3 and timm's ViT."""
    root = tmp_path_factory.mktemp("encoders")
    made = {"siglip": root / "siglip"}
    shutil.copytree(folder, made["siglip"])
    save_processor(made["siglip"], Tokenizer(folder, length=8), side=SIDE)
    for name, make in MAKERS.items():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(len(name))
            make(root / name)
        made[name] = root / name
    return made


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of single things by class, and scenes with captions in COCO's layout."""
    out = tmp_path_factory.mktemp("data") / "scenes"
    settings = Settings(
        num_train=0,
        num_val=8,
        num_classification=(0, 20),
        num_anomaly=(0, 0, 0),
        width=64,
        height=80,
        seed=5,
        layouts=("coco", "imagenet"),
    )
    generate(out, settings, num_workers=1)
    return out


def _clip(folder: Path) -> None:
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

    words = [f"{word}</w>" for word in WORDS]
    letters = [chr(code) for code in range(97, 123)]
    vocabulary = [*letters, *(f"{letter}</w>" for letter in letters)]
    vocabulary += [w for w in words if w not in vocabulary] + ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    ids = {word: place for place, word in enumerate(vocabulary)}
    CLIPTokenizer(
        vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"), model_max_length=12
    ).save_pretrained(folder)
    config = CLIPConfig(
        vision_config=dict(LAYERS, intermediate_size=48, image_size=SIDE, patch_size=8),
        text_config=dict(
            LAYERS,
            intermediate_size=48,
            vocab_size=len(vocabulary),
            max_position_embeddings=12,
            bos_token_id=ids["<|startoftext|>"],
            eos_token_id=ids["<|endoftext|>"],
            pad_token_id=ids["<|endoftext|>"],
        ),
        projection_dim=24,
    )
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessor(
        size=dict(shortest_edge=SIDE), crop_size=dict(height=SIDE, width=SIDE)
    ).save_pretrained(folder)


def _dinov2(folder: Path) -> None:
    from transformers import BitImageProcessor, Dinov2Config, Dinov2Model

    Dinov2Model(Dinov2Config(**LAYERS, image_size=42, patch_size=7)).save_pretrained(folder)
    BitImageProcessor(
        size=dict(shortest_edge=48),
        crop_size=dict(height=42, width=42),
        image_mean=[0.485, 0.456, 0.406],
        image_std=[0.229, 0.224, 0.225],
    ).save_pretrained(folder)


def _dinov3(folder: Path) -> None:
    from transformers import DINOv3ViTConfig, DINOv3ViTImageProcessor, DINOv3ViTModel

    config = DINOv3ViTConfig(
        **LAYERS, intermediate_size=48, image_size=SIDE, patch_size=8, num_register_tokens=3
    )
    DINOv3ViTModel(config).save_pretrained(folder)
    DINOv3ViTImageProcessor(size=dict(height=SIDE, width=SIDE)).save_pretrained(folder)


def _timm(folder: Path) -> None:
    timm = pytest.importorskip("timm")
    model: Any = timm.create_model(
        "vit_tiny_patch16_224", img_size=SIDE, patch_size=8, embed_dim=32, depth=2, num_heads=2
    )
    timm.models.save_for_hf(
        model,
        folder,
        model_args=dict(img_size=SIDE, patch_size=8, embed_dim=32, depth=2, num_heads=2),
        safe_serialization=True,
    )


MAKERS: dict[str, Callable[[Path], None]] = dict(
    clip=_clip, dinov2=_dinov2, dinov3=_dinov3, timm=_timm
)
