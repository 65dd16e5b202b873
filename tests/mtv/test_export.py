"""From a checkpoint to a folder that others read, by the tool."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoProcessor, SiglipModel, SiglipVisionModel

from argus.engine import MultitaskRunner
from argus.errors import ConfigError
from argus.mtv import MTV
from argus.mtv.export import export, model_of, tokenizer_of
from tests.mtv.conftest import NAMES
from tests.mtv.tiny import LENGTH, tiny_config


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A training of one step."""
    folder = tmp_path_factory.mktemp("trained")
    config = tiny_config(folder, train_cfg=dict(max_iters=1))
    runner = MultitaskRunner.from_cfg(config)
    runner.train()
    runner.close()
    return config, folder / "iter_1.pth", runner.raw_model.eval()


def test_folder__is_used_by_transformers_as_by_argus(
    trained: Any, folder: Path, tmp_path: Path
) -> None:
    config, checkpoint, model = trained
    export(config, checkpoint, tmp_path, tokenizer=str(folder))
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    # As people call it: the processor says how texts are padded and pictures made.
    processor = AutoProcessor.from_pretrained(tmp_path)
    inputs = processor(
        text=NAMES,
        images=Image.fromarray(image),
        padding="max_length",
        truncation=True,
        max_length=LENGTH,
        return_tensors="pt",
    )
    read = SiglipModel.from_pretrained(tmp_path).eval()
    with torch.no_grad():
        expected = read(**inputs).logits_per_image.sigmoid()
        other = model.backbone(**inputs).logits_per_image.sigmoid()
    assert torch.equal(expected, other)
    mtv = MTV.from_pretrained(tmp_path, device="cpu")
    torch.testing.assert_close(mtv.similarity([image], NAMES), expected)
    assert mtv.depth([image])[0].shape == (20, 30) and mtv.heat_map(image, "x").shape == (20, 30)


def test_parts__are_those_of_the_training(trained: Any, tmp_path: Path) -> None:
    config, checkpoint, model = trained
    towers = dict(vision=model.backbone.vision_model, teacher=model.decoders["ssl"].teacher.vision)
    for part, tower in towers.items():
        export(config, checkpoint, tmp_path / part, part=part)
        state = SiglipVisionModel.from_pretrained(tmp_path / part).state_dict()
        assert all(torch.equal(state[name], value) for name, value in tower.state_dict().items())


def test_untrained__is_the_same_for_a_seed(trained: Any) -> None:
    config, _, model = trained
    first, second = (model_of(config, None).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    name = "backbone.vision_model.encoder.layers.0.mlp.fc1.weight"
    assert not torch.equal(first[name], model.state_dict()[name])


def test_mistakes__are_told(trained: Any) -> None:
    config, *_ = trained
    with pytest.raises(ConfigError, match="name no tokenizer, expected one"):
        tokenizer_of(config)
    tasks = dict(a=dict(train=dict(pipeline=[dict(tokenizer="one")])), b=dict(tokenizer="two"))
    with pytest.raises(ConfigError, match="name one, two, expected one"):
        tokenizer_of(dict(tasks=tasks))
    with pytest.raises(ConfigError, match=r"expected dict\(type=MTVModel, ...\).* found none"):
        model_of(dict(config) | dict(task_model=None), None)
