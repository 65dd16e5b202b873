"""What the output of each head means, and what its loss sees."""

import numpy as np
import pytest
import torch
from torch import nn

from argus.errors import ConfigError
from argus.models.losses import gradient_matching_loss, silog_loss
from argus.registry import MODELS
from tests.models.decoders.dense.toys import DPT, HEADS, PointNetwork, sample


class GivenOutput(nn.Module):
    """A network that gives what it is given."""

    def __init__(self, out_channels: int) -> None:
        super().__init__()
        self.out_channels = out_channels

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps


def head(kind: str, **changes) -> nn.Module:
    return MODELS.build(HEADS[kind] | dict(network=dict(type=GivenOutput)) | changes)


def test_depth__is_the_positive_part_above_the_least():
    raw = torch.tensor([-3.0, 0.0, 2.5, 70.0]).view(1, 1, 2, 2)
    depth = head("depth")(raw)
    assert depth.flatten().tolist() == pytest.approx([0.001, 0.001, 2.501, 70.001])
    assert head("depth").decode(depth[0]).flatten().tolist() == pytest.approx(
        [0.001, 0.001, 2.501, 10.0]
    )


def test_depth__labels_outside_the_range_do_not_count():
    label = sample((8, 8)).gt_depth.data[None].clone()
    label[..., 0, :] = 10.001
    label[..., 1, :] = 0.0009
    label[..., 2, :] = 10.0
    depth = 0.5 + 5 * torch.rand(1, 1, 8, 8)
    model = head("depth").eval()
    losses = model.loss(depth, label)
    valid = label[:, 0] > 0
    valid[:, :2] = False
    assert valid[:, 2].all()
    expected = silog_loss(depth[:, 0], label[:, 0], valid)
    assert losses["loss_depth"].item() == pytest.approx(expected.item())
    expected = 0.5 * gradient_matching_loss(depth[:, 0], label[:, 0], valid)
    assert losses["loss_gradient"].item() == pytest.approx(expected.item())
    assert set(head("depth", gradient_loss=None).loss(depth, label)) == {"loss_depth"}


def test_depth__network_starts_at_its_initial_output_with_a_gradient_everywhere():
    torch.manual_seed(0)
    model = MODELS.build(HEADS["depth"])
    model.init_weights()
    maps = [torch.randn(1, 8, 32 >> i, 32 >> i) for i in range(4)]
    depth = model(maps)
    assert depth.shape == (1, 1, 64, 64)
    assert (depth - 2.0).abs().max() < 0.2
    model.loss(depth, sample((64, 64)).gt_depth.data[None])["loss_depth"].backward()
    assert all(p.grad.abs().sum() > 0 for p in model.parameters())


def test_bin_depth__equals_numpy():
    raw = torch.randn(2, 16, 3, 4)
    found = head("bin_depth")(raw)
    scores = np.maximum(raw.double().numpy(), 0) + 0.1
    probability = scores / scores.sum(axis=1, keepdims=True)
    bins = np.linspace(0.001, 10.0, 16)
    expected = np.einsum("bkhw,k->bhw", probability, bins)[:, None]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)


def test_bin_depth__stays_in_the_range_and_starts_in_its_middle():
    model = head("bin_depth")
    assert model(torch.zeros(1, 16, 1, 1)).item() == pytest.approx((0.001 + 10) / 2)
    nearest, farthest = torch.zeros(2, 1, 16, 1, 1)
    nearest[:, 0] = farthest[:, -1] = 1e6
    assert model(nearest).item() == pytest.approx(0.001, abs=1e-3)
    assert model(farthest).item() == pytest.approx(10.0, abs=1e-3)
    assert model.network.out_channels == 16
    assert not model.state_dict().keys() - {"depth_loss.steps"}


def test_boundary__decodes_to_the_sigmoid():
    raw = torch.tensor([0.0, np.log(3)]).view(1, 1, 2).float()
    assert head("boundary").decode(raw).flatten().tolist() == pytest.approx([0.5, 0.75])


def test_saliency__decodes_to_the_softmax_of_the_foreground():
    raw = torch.tensor([[1.0, 5.0], [1.0 + np.log(3), 5.0]]).view(2, 1, 2).float()
    found = head("saliency").decode(raw)
    assert found.shape == (1, 1, 2)
    assert found.flatten().tolist() == pytest.approx([0.75, 0.5])


def test_normals__mirror_of_the_mirror_is_the_prediction():
    model = head("normals")
    normals = model.decode(torch.randn(3, 4, 5))
    mirrored = model.mirror(normals)
    assert torch.equal(mirrored[0, :, 0], -normals[0, :, -1])
    assert torch.equal(mirrored[1:, :, 0], normals[1:, :, -1])
    assert torch.equal(model.mirror(mirrored), normals)


def test_normals__length_of_the_output_does_not_count():
    model = head("normals")
    raw, label = torch.randn(1, 3, 8, 8), sample((8, 8)).gt_normals.data[None]
    one = model.loss(raw, label)["loss_normals"]
    scaled = model.loss(raw * (0.5 + torch.rand(1, 1, 8, 8)), label)["loss_normals"]
    assert scaled.item() == pytest.approx(one.item(), rel=1e-5)


def test_normals__output_of_zero_has_a_bounded_gradient():
    raw = torch.zeros(1, 3, 8, 8, requires_grad=True)
    label = sample((8, 8)).gt_normals.data[None]
    head("normals").loss(raw, label)["loss_normals"].backward()
    assert raw.grad.isfinite().all()
    assert raw.grad.abs().max() <= 1e3


@pytest.mark.parametrize("bounds", [(0.0, 10.0), (5.0, 5.0), (2.0, 1.0)])
def test_depth__empty_range_is_refused(bounds):
    with pytest.raises(ConfigError, match="0 < min_depth < max_depth"):
        head("depth", min_depth=bounds[0], max_depth=bounds[1])


@pytest.mark.parametrize("kind", HEADS)
def test_head__output_channels_follow_from_the_head(kind):
    with pytest.raises(ConfigError, match="network.out_channels=5 was given.*Leave it out"):
        head(kind, network=DPT | dict(out_channels=5))
    expected = dict(depth=1, bin_depth=16, boundary=1, normals=3, saliency=2)[kind]
    model = MODELS.build(HEADS[kind] | dict(network=dict(type=PointNetwork)))
    assert model.network.conv.out_channels == expected
