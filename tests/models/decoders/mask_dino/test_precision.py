"""Mask DINO under autocast: the choice of tokens, scores, boxes and masks are those of float32."""

from typing import Any

import pytest
import torch

from argus.models.decoders.mask_dino import MaskDINOHead, head
from argus.models.decoders.mask_dino.structures import EncodedFeatures

from .toy import batch, build, perturb

SHAPES = ((64, 64), (32, 32), (16, 16))  # 5,376 tokens, as of a picture of 512 pixels


def features(width: int) -> EncodedFeatures:
    """What a pixel encoder in bfloat16 gives."""
    generator = torch.Generator().manual_seed(0)
    count = sum(h * w for h, w in SHAPES)
    points = torch.rand(1, count, 2, generator=generator)
    tokens = torch.randn(1, count, width, generator=generator).bfloat16()
    maps = torch.randn(1, width, 32, 32, generator=generator).bfloat16()
    return EncodedFeatures(tokens, SHAPES, None, torch.ones(1, 2), points, maps)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """The tokens that are chosen while a test runs."""
    seen: list[torch.Tensor] = []
    own = head.select_tokens

    def select(*args: Any) -> torch.Tensor:
        seen.append(own(*args))
        return seen[-1]

    monkeypatch.setattr(head, "select_tokens", select)
    return seen


def test_head__chooses_under_autocast_the_tokens_of_float32(chosen: list[torch.Tensor]) -> None:
    torch.manual_seed(0)
    model = MaskDINOHead(num_classes=80, embed_dim=64, mask_dim=64, num_layers=2, ffn_dim=64)
    perturb(model, 0.02)
    given = features(64)
    with torch.no_grad():
        wide = model(given.to(torch.float32))
        with torch.autocast("cpu", torch.bfloat16):
            found = model(given)
    assert torch.equal(chosen[0], chosen[1])
    best = found.selected.class_logits[0, 0].amax(-1)
    assert len(best.unique()) > 290  # of 300; equal scores would be chosen by their place
    for a, b in zip((*found.decoded, found.masks()), (*wide.decoded, wide.masks()), strict=True):
        assert a.dtype == torch.float32 and torch.equal(a, b)


def test_detector__ranks_under_autocast_as_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(test_cfg=dict(semantic_on=True, panoptic_on=True)).eval()
    perturb(model)
    images, samples = batch([2])
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        encoded = model._encode(model.extract_feat(images), [(64, 64)], (64, 64))
    assert encoded.mask_features.dtype == torch.bfloat16
    monkeypatch.setattr(model, "_encode", lambda *_: encoded)
    with torch.no_grad():
        (wide,) = model.predict(images, [samples[0].clone()])
        with torch.autocast("cpu", torch.bfloat16):
            (found,) = model.predict(images, [samples[0].clone()])
    for name in ("scores", "labels", "bboxes", "masks"):
        assert torch.equal(found.pred_instances[name], wide.pred_instances[name]), name
    for name in ("pred_sem_seg", "pred_panoptic_seg"):
        assert torch.equal(found.get(name).sem_seg, wide.get(name).sem_seg)
