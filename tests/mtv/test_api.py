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
from argus.mtv.batch import Regions
from argus.mtv.heads_file import load_heads
from argus.mtv.regions import painted, windows
from argus.mtv.saving import save_mtv
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


def test_regions__have_the_names_that_training_would_give_them(
    mtv: MTV, images: list[np.ndarray], folder: Path
) -> None:
    boxes = [[0.1, 0.2, 0.8, 0.9], [0.0, 0.5, 0.25, 1.0]]
    found = mtv.name_regions(images[2], boxes, NAMES)
    model = tiny_mtv("vl", "grounding", seed=3).eval()
    load_heads(model.decoders, folder)
    model.backbone.load_state_dict(mtv.siglip.state_dict())
    view = torch.from_numpy(images[2]).permute(2, 0, 1)
    sample = Regions(boxes=torch.tensor(boxes), ids=mtv.tokenizer(NAMES[:2]))
    raw = dict(inputs=[view], data_samples=[dict(grounding=sample)], replaced=[])
    with torch.no_grad():
        passes, _ = model.passes(raw, ["grounding"])
        prompter = model.decoders["grounding"].prompter
        embeddings = prompter(passes.tap(2), sample.boxes[None])[0]
        cosines = torch.nn.functional.normalize(embeddings, dim=-1) @ mtv.encode_text(NAMES).T
    torch.testing.assert_close(found, (10.0 * cosines).softmax(-1))


def test_heat_map__is_the_mean_of_the_boxes_over_a_pixel(
    mtv: MTV, images: list[np.ndarray]
) -> None:
    heat = mtv.heat_map(images[0], NAMES[0])
    assert heat.shape == images[0].shape[:2] and 0 <= heat.min() < heat.max() <= 1
    boxes = windows(4, (0.5, 0.75))
    assert len(boxes) == 9 + 4 and len(boxes.unique(dim=0)) == 13
    values = torch.arange(13.0)
    found = painted(boxes, values, 4)
    for y in range(4):
        for x in range(4):
            inside = [
                value
                for value, (x0, y0, x1, y1) in zip(range(13), 4 * boxes.numpy(), strict=True)
                if x0 <= x < x1 and y0 <= y < y1
            ]
            assert found[y, x].item() == pytest.approx(np.mean(inside))


def test_mistakes__are_told(mtv: MTV, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="two or more to choose from"):
        mtv.classify([], ["cat"])
    with pytest.raises(ConfigError, match="has no {} for the name"):
        mtv.classify([], ["cat", "dog"], templates=["a photo"])
    save_mtv(tiny_mtv("vl"), tmp_path)
    with pytest.raises(CheckpointError, match="has no tokenizer that can be read"):
        MTV.from_pretrained(tmp_path)
    bare = MTV(mtv.siglip, mtv.tokenizer, device="cpu")
    image = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ConfigError, match="has no depth head"):
        bare.depth([])
    with pytest.raises(ConfigError, match="has no prompter"):
        bare.heat_map(image, "cat")
    for boxes in ([[0, 0, 9, 9]], [[0.5, 0, 0.5, 1]], [[0, 1]], "box"):
        with pytest.raises(DataError, match="expected boxes"):
            mtv.name_regions(image, boxes, NAMES)
