"""MTV in use, against transformers' own processor, tokenizer and model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import SiglipTokenizer
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from argus.errors import CheckpointError, ConfigError, DataError
from argus.mtv import MTV
from argus.mtv.folder import save_mtv
from argus.mtv.tokenizer import Tokenizer, canonical
from tests.mtv.conftest import NAMES
from tests.mtv.tiny import LENGTH, SIZE, tiny_mtv


@pytest.fixture(scope="module")
def mtv(folder: Path) -> MTV:
    return MTV.from_pretrained(folder, device="cpu", batch_size=2)


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    sizes = [(40, 30), (20, 50), (32, 32)]
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]


def test_similarity__is_that_of_transformers(
    mtv: MTV, images: list[np.ndarray], folder: Path
) -> None:
    processor = SiglipImageProcessorPil(size=dict(height=SIZE, width=SIZE))
    pixels = processor([Image.fromarray(image) for image in images], return_tensors="pt")
    tokenizer = SiglipTokenizer.from_pretrained(folder)
    ids = tokenizer(
        NAMES, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt"
    )
    with torch.no_grad():
        found = mtv.siglip(input_ids=ids["input_ids"], pixel_values=pixels["pixel_values"])
    expected = found.logits_per_image
    torch.testing.assert_close(mtv.similarity(images, NAMES), expected.sigmoid())
    torch.testing.assert_close(mtv.encode_image(images), found.image_embeds)
    torch.testing.assert_close(mtv.encode_text(NAMES), found.text_embeds)
    classes = mtv.classify(images, NAMES, templates=("{}",))
    torch.testing.assert_close(classes, expected.softmax(-1))


def test_texts__are_canonical_and_of_one_length(mtv: MTV, folder: Path) -> None:
    tokenizer = Tokenizer(folder, length=LENGTH)
    one, other = tokenizer(["Blue, blue   CONE!", "blue blue cone"])
    assert torch.equal(one, other) and one.shape == (LENGTH,) and one[-1] == 1
    assert tokenizer(["a red ball " * 30]).shape == (1, LENGTH)
    assert canonical(canonical(" The  Cat's; ")) == canonical("the cats") == "the cats"
    with pytest.raises(DataError, match="expected texts, found None"):
        tokenizer([None])  # type: ignore[list-item]


def test_images__of_any_kind_are_one(mtv: MTV, images: list[np.ndarray], tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    Image.fromarray(images[0]).save(path)
    found = mtv.encode_image([path, str(path), Image.fromarray(images[0]), images[0]])
    assert all(torch.equal(row, found[3]) for row in found)
    assert mtv.encode_image([]).shape == (0, 32)
    for wrong in (images[0].astype(float), images[0][..., 0], 7):
        with pytest.raises(DataError, match="expected a path, a Pillow picture or an array"):
            mtv.encode_image([wrong])
    path.write_text("no picture")
    with pytest.raises(DataError, match=r"picture.png cannot be read"):
        mtv.encode_image([path])


def test_patches_and_depth__have_the_shapes_of_pictures(mtv: MTV, images: list[np.ndarray]) -> None:
    features = mtv.patch_features(images)
    assert features.shape == (3, 4, 4, 32)
    pooled = mtv.siglip.vision_model.head(features.flatten(1, 2))
    expected = torch.nn.functional.normalize(pooled, dim=-1)
    torch.testing.assert_close(expected, mtv.encode_image(images))
    depths = mtv.depth(images)
    assert [depth.shape for depth in depths] == [image.shape[:2] for image in images]
    assert all(np.ptp(depth) > 0 for depth in depths)


def test_mistakes__are_told(mtv: MTV, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="two names or more"):
        mtv.classify([], ["cat"])
    with pytest.raises(ConfigError, match="has no {} for the name"):
        mtv.classify([], ["cat", "dog"], templates=["a photo"])
    save_mtv(tiny_mtv("vl"), tmp_path)
    with pytest.raises(CheckpointError, match="has no tokenizer that can be read"):
        MTV.from_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="has no depth head"):
        MTV(mtv.siglip, mtv.tokenizer, device="cpu").depth([])
