"""Retrieval: recalls worked out by hand, the file of captions, and photos against the library."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPModel, CLIPProcessor

from argus.errors import ConfigError, DataError
from argus.mtv.encoders.encoder import load_encoder
from argus.mtv.evaluation.retrieval import Options, run
from tests.mtv.evaluation.colours import ColourEncoder, paint
from tests.real_data.samples import SAMPLES, needs_samples


def write(
    path: Path, *pictures: tuple[str, str, list[str]], folder: str | None = "val2014"
) -> Path:
    """A file as Karpathy's, of (split, name, captions)."""
    images = [
        dict(filename=name, split=split, sentences=[dict(raw=text, tokens=[]) for text in captions])
        | ({} if folder is None else dict(filepath=folder))
        for split, name, captions in pictures
    ]
    path.write_text(json.dumps(dict(dataset="coco", images=images)))
    return path


def test_recall__is_what_the_colours_say(tmp_path: Path) -> None:
    colours = {"r.png": (255, 0, 0), "g.png": (0, 255, 0), "b.png": (0, 0, 255), "p.png": (9, 9, 9)}
    for name, colour in colours.items():
        paint(tmp_path / "val2014" / name, *colour)
    write(
        tmp_path / "dataset_coco.json",
        ("train", "lost.png", ["red"]),  # another part, which need not be there
        ("test", "r.png", ["a red thing", "green green red"]),
        ("test", "g.png", ["blue", "blue blue green"]),
        ("test", "b.png", ["blue", "very blue", "blue and too many"]),
        ("test", "p.png", ["pale", "pale blue"]),
    )
    found = run(ColourEncoder(), tmp_path, Options(captions=2, batch_size=3))
    # Pictures: red finds its first caption; green sees "green green red" of the red one first;
    # blue has "blue" of the green one as near as its own; the pale one finds "pale".
    # Captions: right are "a red thing", both of blue, "pale", and "pale blue" (0.82 to grey, 0.90
    # to blue) is not.
    assert found["image_to_text_r1"] == pytest.approx(100 * 2 / 4)
    assert found["text_to_image_r1"] == pytest.approx(100 * 4 / 8)
    # Among five are the second of green (at 2) and the captions of blue.
    assert found["image_to_text_r5"] == 100.0 and found["image_to_text_r10"] == 100.0
    assert found["text_to_image_r5"] == 100.0
    assert (found["pictures"], found["captions"]) == (4, 8)


def test_mistakes__are_told(tmp_path: Path) -> None:
    write(tmp_path / "dataset_coco.json", ("test", "gone.jpg", ["red"]))
    with pytest.raises(DataError, match="1 picture of dataset_coco.json missing: .*gone.jpg"):
        run(ColourEncoder(), tmp_path, Options())
    with pytest.raises(ConfigError, match="retrieval.captions: expected 1 or more"):
        run(ColourEncoder(), tmp_path, Options(captions=0))
    paint(tmp_path / "val2014/gone.jpg", 1, 2, 3)
    with pytest.raises(ConfigError, match="has no text encoder"):
        run(ColourEncoder(text="none"), tmp_path, Options())


@pytest.mark.parametrize("of", ["scenes", pytest.param("photos", marks=needs_samples)])
def test_recalls__are_those_of_the_librarys_logits(
    folders: dict[str, Path], scenes: Path, tmp_path: Path, of: str
) -> None:
    root = scenes / "coco" if of == "scenes" else SAMPLES / "coco"
    captions: dict[int, list[str]] = {}
    content = json.loads((root / "annotations/captions_val2017.json").read_text())
    for item in content["annotations"]:
        captions.setdefault(item["image_id"], []).append(item["caption"])
    names = {image["id"]: image["file_name"] for image in content["images"]}
    rows = [("test", names[number], captions[number]) for number in sorted(captions)]
    assert len(rows) == (8 if of == "scenes" else 31)
    path = write(tmp_path / "captions.json", *rows, folder="val2017")

    encoder = load_encoder(str(folders["clip"]), device="cpu")
    found = run(encoder, root, Options(file=str(path), captions=5, batch_size=7))

    processor = CLIPProcessor.from_pretrained(folders["clip"])
    inputs = processor(
        images=[Image.open(root / "val2017" / name).convert("RGB") for _, name, _ in rows],
        text=[text for _, _, own in rows for text in own[:5]],
        padding=True,
        truncation=True,
        max_length=12,
        return_tensors="pt",
    )
    with torch.no_grad():
        outputs = CLIPModel.from_pretrained(folders["clip"]).eval()(**inputs)
    scores = (outputs.image_embeds @ outputs.text_embeds.T).numpy()
    owners = np.repeat(np.arange(len(rows)), [len(own[:5]) for _, _, own in rows])
    is_own = owners[None] == np.arange(len(rows))[:, None]  # (pictures, captions)
    # Texts that are cut to the same tokens are equally near, but for the last digits.
    for k in (1, 5, 10):
        bounds: dict[str, list[float]] = {}
        for margin in (-1e-5, 1e-5):
            best = np.where(is_own, scores, -np.inf).max(1)
            others = ((scores > best[:, None] + margin) & ~is_own).sum(1)
            bounds.setdefault("image_to_text", []).append(100 * np.mean(others < k))
            own = (scores * is_own).sum(0)
            others = ((scores > own[None] + margin) & ~is_own).sum(0)
            bounds.setdefault("text_to_image", []).append(100 * np.mean(others < k))
        for way, (low, high) in bounds.items():
            assert low - 1e-6 <= found[f"{way}_r{k}"] <= high + 1e-6
            assert of == "scenes" or high - low < 15, "the bounds say nothing"
