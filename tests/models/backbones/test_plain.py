"""The maps of a ViT without adapter."""

import pytest
import torch
import torch.nn.functional as F

from argus.errors import ConfigError
from argus.models.backbones import PlainViT
from argus.models.backbones.feature_cache import FeatureCache

from .toys import shake, toy_vit


def test_layers__are_the_tokens_after_those_blocks() -> None:
    vit = shake(toy_vit()).eval()
    images = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    tokens = vit.prepare_tokens(F.interpolate(images, (56, 84), mode="bicubic", antialias=True))
    after = {0: tokens}
    for number, block in enumerate(vit.blocks, start=1):
        after[number] = block(after[number - 1])
    backbone = PlainViT(vit, layers=(4, 2, 2, 3))
    for size, layer, found in zip(
        ((16, 24), (8, 12), (4, 6), (2, 3)), backbone.layers, backbone(images), strict=True
    ):
        patches = vit.norm(after[layer])[:, vit.num_prefix_tokens :]
        wanted = F.interpolate(
            patches.transpose(1, 2).unflatten(2, (4, 6)), size=size, mode="bilinear"
        )
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


def test_final_tokens__are_those_of_the_last_layer() -> None:
    vit = shake(toy_vit()).eval()
    images = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    layered = PlainViT(vit, layers=(4,) * 4)(images)
    for final, layer in zip(PlainViT(vit)(images), layered, strict=True):
        assert torch.equal(final, layer)
    assert len(PlainViT(vit).kept(images)) == 1  # one map on the disk, not four


def test_cache__keeps_a_map_for_each_layer(tmp_path) -> None:
    backbone = PlainViT(shake(toy_vit()).eval(), layers=(1, 2, 2, 4))
    images = torch.randn(2, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    computed = backbone(images)
    backbone.freeze("toy")
    backbone.use_cache(FeatureCache(tmp_path, backbone="a" * 16))
    for _ in range(2):
        assert all(map(torch.equal, computed, backbone(images)))
    assert (backbone.cache.hits, backbone.cache.misses) == (2, 2)
    assert len(backbone.kept(images)) == 3


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (dict(layers=(1, 2, 3)), "four numbers from 1 to 4.*found"),
        (dict(layers=(0, 1, 2, 3)), "four numbers from 1 to 4"),
        (dict(layers=(1, 2, 3, 3), freeze_vit=False), "no map needs the blocks after 3 of 4"),
    ],
)
def test_layers__that_are_not_there_or_leave_blocks_without_use(settings, words) -> None:
    with pytest.raises(ConfigError, match=words):
        PlainViT(toy_vit(), **settings)
