"""Florence-2 at toy size: what it writes becomes regions, and names become tags."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    BartTokenizer,
    CLIPImageProcessor,
    Florence2Config,
    Florence2ForConditionalGeneration,
    Florence2Processor,
)

from argus.errors import ConfigError
from argus.mtv.labelling.florence2 import Florence2Regions
from argus.mtv.labelling.labeller import Picture
from argus.mtv.labelling.taggers.florence2_tags import Florence2Tags
from tests.mtv.labelling.test_depth import smooth

TEXT = (
    "</s><s>ball<loc_100><loc_200><loc_500><loc_999><loc_0><loc_0><loc_5><loc_9>"
    "red  cube<loc_300><loc_2><loc_300><loc_4>ball<loc_1><loc_2><loc_3><loc_4>"
    "tree<loc_7><loc_8><loc_9><loc_10></s><pad>"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("florence")
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(ByteLevel.alphabet())]
    tokenizer: Any = BartTokenizer(
        vocab={token: place for place, token in enumerate(tokens)},
        merges=[],
        extra_special_tokens={"image_token": "<image>"},
    )
    tokenizer.add_tokens([f"<loc_{place}>" for place in range(1000)])
    layers = dict(encoder_layers=1, encoder_attention_heads=2, encoder_ffn_dim=16)
    layers |= {name.replace("encoder", "decoder"): value for name, value in layers.items()}
    config = Florence2Config(
        text_config=dict(
            layers, vocab_size=len(tokenizer), d_model=16, max_position_embeddings=256
        ),
        vision_config=dict(
            depths=[1, 1], embed_dim=[8, 16], num_heads=[1, 2], num_groups=[1, 2],
            patch_size=[7, 3], patch_stride=[4, 2], patch_padding=[3, 1],
            patch_prenorm=[False, True], window_size=4, projection_dim=16,
        ),
        image_token_id=tokenizer.image_token_id,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        Florence2ForConditionalGeneration(config).save_pretrained(folder)
    images: Any = CLIPImageProcessor(size=dict(height=64, width=64), do_center_crop=False)
    images.image_seq_length = 65
    Florence2Processor(
        image_processor=images,
        tokenizer=tokenizer,
        post_processor_config={"description_with_bboxes": {}},
    ).save_pretrained(folder)
    return str(folder)


def test_regions__are_what_it_writes(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    labeller = Florence2Regions(model=model, max_tokens=5, most=3)
    prepared = [labeller.prepare(Picture(pixels=smooth(40, 60, seed))) for seed in (1, 2)]
    assert len(labeller.label(prepared)) == 2  # the model itself, which is random
    ids = labeller._florence._processor.tokenizer(TEXT, return_tensors="pt")["input_ids"]
    given: dict[str, Any] = {}

    def generate(**inputs: Any) -> torch.Tensor:
        given.update(inputs)
        return ids[:, 1:-1].expand(2, -1)

    monkeypatch.setattr(labeller._florence._model, "generate", generate)
    found = labeller.label(prepared)
    asked = len("Locate the objects with category name in the image.")  # a token a letter
    assert given["input_ids"].shape == (2, 65 + len(["<s>", "</s>"]) + asked)
    labels = labeller.finish(found[1])
    regions = json.loads(labels.members["regions.json"])
    assert [region["text"] for region in regions] == ["ball", "ball", "ball"]
    np.testing.assert_allclose(regions[0]["box"], [0.1005, 0.2005, 0.5005, 0.9995])
    np.testing.assert_allclose(regions[1]["box"], [0.0005, 0.0005, 0.0055, 0.0095])
    assert labels.meta == dict(tagger="florence2") and labels.counts["boxes"] == 3


def test_tags__are_its_names_once(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = Florence2Tags(model=model)
    ids = tagger._florence._processor.tokenizer(TEXT, return_tensors="pt")["input_ids"]
    monkeypatch.setattr(tagger._florence._model, "generate", lambda **inputs: ids)
    prepared = tagger.prepare(Picture(pixels=smooth(40, 60, 1)))
    assert tagger.tags([prepared]) == [["ball", "tree"]]
    assert tagger.teachers[0].role == "tags"


def test_values__out_of_range_are_refused(model: str, tmp_path: Path) -> None:
    for keys in (dict(num_beams=0), dict(most=0), dict(precision="int4")):
        with pytest.raises(ConfigError, match="expected"):
            Florence2Regions(model=model, **keys)  # type: ignore[arg-type]
