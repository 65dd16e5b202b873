"""The paper's table of trained parameters, by the digits that the exact counts give."""

import pytest
import torch

from argus.mtv.decoders import Contrastive, Depth, Grounding, SelfSupervised
from argus.mtv.model import MTVModel
from argus.mtv.siglip import siglip
from tests.mtv.tiny import TASKS

FULL = dict(
    vl=dict(type=Contrastive),
    ssl=dict(type=SelfSupervised),
    grounding=dict(type=Grounding),
    depth=dict(type=Depth),
)
# The two are the regions' own logit scale and bias, which a table in millions does not show.
BLOCKS = (203_155_970, 29_435_136, 7_088_640 + 2, 10_595_137)


@pytest.mark.parametrize("number", range(1, 5))
def test_parameters__are_the_papers(number: int) -> None:
    with torch.device("meta"):
        model = MTVModel(siglip(size="base_224"), {task: FULL[task] for task in TASKS[:number]})
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert trained == sum(BLOCKS[:number])
    assert f"{trained / 1e6:.3f}" == ("203.156", "232.591", "239.680", "250.275")[number - 1]


def test_parameters__of_large() -> None:
    with torch.device("meta"):
        model = siglip(size="large_256")
        assert sum(p.numel() for p in model.parameters()) == 652_150_786
        heads = [Depth(), Depth(channels=(256, 512, 1024, 1024), fusion=256)]
        for head in heads:
            head.bind(model)
    counts = [sum(p.numel() for p in head.parameters()) for head in heads]
    assert counts == [10_963_777, 29_766_849]
