"""Pictures and texts against the processors that the models' own libraries prepare them with."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoTokenizer, CLIPProcessor, SiglipProcessor
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from argus.errors import CheckpointError, DataError
from argus.mtv.encoders.encoder import load_encoder
from argus.mtv.encoders.preparation import of_processor
from argus.mtv.encoders.processors import read_preparation
from argus.mtv.encoders.timm_encoder import TimmEncoder
from argus.mtv.tokenizer import Tokenizer

# One step of 255 in the values of a model, whose deviation is 0.22 at the least.
STEP = 1 / 255 / 0.22


@pytest.mark.parametrize("family", ["siglip", "clip", "dinov2", "dinov3"])
def test_pictures__are_as_the_slow_and_fast_processors_prepare_them(
    folders: dict[str, Path], pictures: list[Image.Image], family: str
) -> None:
    encoder = load_encoder(str(folders[family]), device="cpu")
    found = encoder.prepare(pictures)
    # The one on Pillow computes as here; the one on tensors resizes with other roundings.
    for backend, tolerance in (("pil", 1e-5), ("torchvision", 1.01 * STEP)):
        if (family, backend) == ("dinov3", "pil"):
            continue  # which has none
        processor = AutoImageProcessor.from_pretrained(folders[family], backend=backend)
        rgb = [picture.convert("RGB") for picture in pictures]
        expected = processor(rgb, return_tensors="pt")["pixel_values"]
        torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)


def test_pictures__are_as_timm_prepares_them(
    folders: dict[str, Path], pictures: list[Image.Image]
) -> None:
    timm = pytest.importorskip("timm")
    encoder = TimmEncoder(str(folders["timm"]), device="cpu")
    model = timm.create_model(f"local-dir:{folders['timm']}", pretrained=True)
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
    expected = torch.stack([transform(picture.convert("RGB")) for picture in pictures])
    torch.testing.assert_close(encoder.prepare(pictures), expected, rtol=0, atol=1e-5)
    assert "short side to 35, centre crop 32 x 32" in str(encoder.preparation)


def test_processors_of_both__agree_on_pictures_and_texts(
    folders: dict[str, Path], pictures: list[Image.Image]
) -> None:
    texts = ["a red ball", "the green cube", "a ball " * 30]
    for family, kind in (("siglip", SiglipProcessor), ("clip", CLIPProcessor)):
        processor = kind.from_pretrained(folders[family])
        length = 8 if family == "siglip" else 12
        tokens = processor(text=texts, padding="max_length", truncation=True, max_length=length)
        mine = Tokenizer(folders[family], length=length)
        assert mine(texts).tolist() == [list(ids) for ids in tokens["input_ids"]]
        assert f"padded to {length}" in mine.description


def test_canonical_form__is_that_of_the_slow_tokenizer(folders: dict[str, Path]) -> None:
    mine = Tokenizer(folders["siglip"], length=8)
    own = AutoTokenizer.from_pretrained(folders["siglip"])
    for text in ("Blue, blue CONE!", "  the\tGreen\ncube. ", "a-red-ball", "ball's"):
        expected = own(text, padding="max_length", truncation=True, max_length=8)["input_ids"]
        assert mine([text]).tolist() == [expected], text
    assert "no punctuation" in mine.description
    assert "no punctuation" not in Tokenizer(folders["clip"], length=12).description


def test_size__squeezes_the_whole_picture(folders: dict[str, Path]) -> None:
    encoder = load_encoder(str(folders["dinov2"]), device="cpu")
    # Left half black, right half white: a crop would lose the outer parts of a wide picture.
    values = np.zeros((70, 210, 3), dtype=np.uint8)
    values[:, 105:] = 255
    batch = encoder.prepare([Image.fromarray(values)], (14, 28))
    mean, std = (
        torch.tensor(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    )
    back = batch[0] * std + mean
    torch.testing.assert_close(back[:, :, :12], torch.zeros(3, 14, 12), atol=1e-5, rtol=0)
    torch.testing.assert_close(back[:, :, 16:], torch.ones(3, 14, 12), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(size=dict(height=10**6, width=10**6)), "from 1 to 4,096 pixels, found .1000000"),
        (dict(size=dict(height=0, width=8)), "from 1 to 4,096 pixels"),
        (dict(image_std=[0.5, 0.0, 0.5]), "expected a mean and a deviation of R, G and B"),
        (dict(image_mean=[0.5, 0.5]), "expected a mean and a deviation of R, G and B"),
    ],
)
def test_processor__that_no_picture_goes_through_is_refused(
    change: dict[str, Any], message: str
) -> None:
    processor = SiglipImageProcessorPil(**change)
    with pytest.raises(CheckpointError, match=message):
        of_processor(processor, text="none")


def test_picture__that_is_a_line_is_refused_by_a_crop(folders: dict[str, Path]) -> None:
    line = Image.new("RGB", (100_000, 1))
    with pytest.raises(DataError, match="1 x 100000 .H, W. is too narrow"):
        load_encoder(str(folders["clip"]), device="cpu").prepare([line])
    assert load_encoder(str(folders["siglip"]), device="cpu").prepare([line]).shape[-1] == 32


def test_processor__that_does_something_else_is_refused(folders: dict[str, Path]) -> None:
    for change in (dict(do_resize=False), dict(size=dict(shortest_edge=20, longest_edge=30))):
        processor = AutoImageProcessor.from_pretrained(folders["clip"], **change)
        with pytest.raises(CheckpointError, match="expected a resize, then a crop or none"):
            of_processor(processor, text="none")


RELEASED: dict[str, tuple[dict[str, Any], str]] = {
    "openai/clip-vit-base-patch32": (
        dict(
            crop_size=224,
            do_center_crop=True,
            do_normalize=True,
            do_resize=True,
            feature_extractor_type="CLIPFeatureExtractor",
            image_mean=[0.48145466, 0.4578275, 0.40821073],
            image_std=[0.26862954, 0.26130258, 0.27577711],
            resample=3,
            size=224,
        ),
        "short side to 224, centre crop 224 x 224, bicubic (Pillow); mean 0.481 0.458 0.408; "
        "std 0.269 0.261 0.276",
    ),
    "google/siglip2-base-patch16-256": (
        dict(
            do_normalize=True,
            do_rescale=True,
            do_resize=True,
            image_mean=[0.5, 0.5, 0.5],
            image_processor_type="SiglipImageProcessor",
            image_std=[0.5, 0.5, 0.5],
            resample=2,
            size=dict(height=256, width=256),
        ),
        "whole picture to 256 x 256, bilinear (Pillow); mean 0.5; std 0.5",
    ),
    "facebook/dinov2-base": (
        dict(
            crop_size=dict(height=224, width=224),
            do_center_crop=True,
            do_normalize=True,
            do_rescale=True,
            do_resize=True,
            image_mean=[0.485, 0.456, 0.406],
            image_processor_type="BitImageProcessor",
            image_std=[0.229, 0.224, 0.225],
            resample=3,
            size=dict(shortest_edge=256),
        ),
        "short side to 256, centre crop 224 x 224, bicubic (Pillow); mean 0.485 0.456 0.406; "
        "std 0.229 0.224 0.225",
    ),
}


@pytest.mark.parametrize("name", RELEASED)
def test_files__in_the_form_of_released_models_are_understood(tmp_path: Path, name: str) -> None:
    content, expected = RELEASED[name]
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(content))
    found = read_preparation(str(tmp_path), text="none", default=None)
    assert str(found) == f"{expected}; texts: none"
