"""ViTPose's decoder beside mmpose's own, which has its layers with other norms."""

import torch
from mmengine.registry import DefaultScope
from mmpose.models.heads import HeatmapHead
from torch import nn

from argus.models.decoders import ViTPoseHead
from tests.models.decoders.test_dpt_keypoint import CODEC, MSE, make_keypoints, make_sample

GROUPS = 4


def heads() -> tuple[ViTPoseHead, HeatmapHead]:
    """Ours, and mmpose's with GroupNorm for BatchNorm, with the same weights."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope("mmpose"):
        own = ViTPoseHead(8, 4, 16, norm_groups=GROUPS, loss=MSE, decoder=CODEC)
        stock = HeatmapHead(8, 4, (16, 16), (4, 4), loss=MSE, decoder=CODEC)
    for place, layer in enumerate(stock.deconv_layers):
        if isinstance(layer, nn.BatchNorm2d):
            stock.deconv_layers[place] = nn.GroupNorm(GROUPS, 16)
    for parameter in own.parameters():
        nn.init.normal_(parameter)
    stock.load_state_dict(own.state_dict())
    return own.eval(), stock.eval()


def maps() -> tuple[torch.Tensor, ...]:
    """The map of stride 16 of pictures of 64 x 48, behind one that does not count."""
    return torch.randn(2, 8, 8, 6), torch.randn(2, 8, 4, 3)


def test_head__heatmaps_are_those_of_mmpose() -> None:
    own, stock = heads()
    found = own(maps_ := maps())
    assert found.shape == (2, 4, 16, 12)
    torch.testing.assert_close(found, stock(maps_))


def test_head__loss_and_keypoints_are_those_of_mmpose() -> None:
    own, stock = heads()
    samples = [make_sample(points) for points in make_keypoints(2)]
    (feature,) = maps()[1:]
    loss = own.loss((feature,), samples)["loss_kpt"]
    torch.testing.assert_close(loss, stock.loss((feature,), samples)["loss_kpt"])
    flipped = feature.flip(-1)
    test_cfg = dict(flip_test=True, flip_mode="heatmap", shift_heatmap=False)
    views = [(feature,), (flipped,)]
    for ours, theirs in zip(
        own.predict(views, samples, test_cfg), stock.predict(views, samples, test_cfg), strict=True
    ):
        assert (ours.keypoints == theirs.keypoints).all()


def test_head__a_sample_does_not_depend_on_its_mates() -> None:
    own, _ = heads()
    own.train()
    (feature,) = maps()[1:]
    other = torch.cat([feature[:1], torch.randn_like(feature[1:])])
    torch.testing.assert_close(own((feature,))[0], own((other,))[0])


def test_head__begins_near_zero_and_every_parameter_learns() -> None:
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope("mmpose"):
        own = ViTPoseHead(8, 4, 16, norm_groups=GROUPS, loss=MSE)
    samples = [make_sample(points) for points in make_keypoints(2)]
    assert own(maps()).abs().max() < 0.02
    own.loss(maps(), samples)["loss_kpt"].backward()
    assert all(p.grad is not None and p.grad.any() for p in own.parameters())
