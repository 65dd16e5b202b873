"""Configs on one trunk and another: what differs, and what their pictures are normalised with."""

import ast
import re

import pytest
import torch

from argus.engine.checks.trunk_pixels import foreign_pixels
from argus.models.backbones import (
    DinoVisionTransformer,
    SiglipVisionTransformer,
    trained_backbone,
)
from argus.registry import MODELS
from argus.tasks import parse_tasks
from tests.test_configs import CONFIGS, FILES, differing, read
from tests.toy_sized import inner_backbone


def test_configs__decoders_normalise_as_their_trunk_expects():
    kinds = set()
    for path in FILES:
        config = read(path)
        if config.backbone.type is not trained_backbone or config.backbone.get("backbone"):
            kinds.add(inner_backbone(config).vit.type)
            assert not list(foreign_pixels(config.backbone, parse_tasks(config.tasks))), path
    assert kinds == {DinoVisionTransformer, SiglipVisionTransformer}


@pytest.mark.parametrize("size", ["base", "large"])
def test_mtv__full_size_backbone_has_the_parameters_of_its_docstring(size: str) -> None:
    path = CONFIGS / f"_base_/backbones/mtv_{size}.py"
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    config = read(path).backbone
    config.vit.weights = "random"
    with torch.device("meta"):
        parameters = list(MODELS.build(config).parameters())
    expected = [int(number.replace(",", "")) for number in re.findall(r"\d+(?:,\d{3}){2}", text)]
    trained = [p.numel() for p in parameters if p.requires_grad]
    assert [sum(p.numel() for p in parameters), sum(trained)] == expected


@pytest.mark.parametrize(
    ("name", "main"),
    [
        ("stage1_5task_mtv", "stage1_5task"),
        ("stage1_5task_mtv_large", "stage1_5task_large"),
        ("scenes/stage1_5task_mtv", "scenes/stage1_5task"),
    ],
)
def test_mtv__changes_trunk_and_pixels_alone(name, main):
    config, main = read(CONFIGS / f"{name}.py"), read(CONFIGS / f"{main}.py")
    assert differing(config.backbone, main.backbone) <= {"vit", "freeze_vit"}
    assert config.backbone.freeze_vit
    for key, task in main.tasks.items():
        assert differing(config.tasks[key], task) - {"paper", "table"} == {"decoder"}
        assert not config.tasks[key].get("paper")  # of another trunk
        assert differing(config.tasks[key].decoder, task.decoder) == {"data_preprocessor"}
