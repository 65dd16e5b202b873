"""SimpleNet's head: patch features, standardisation, noise, hinge, blur."""

import copy

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from argus.errors import ConfigError
from argus.models.decoders.anomaly import SimpleNetHead
from argus.models.decoders.anomaly.patch_features import ChannelStandardizer, PatchFeatures


def make_maps(batch: int = 2, channels: int = 4, size: int = 16) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = [(batch, channels, size >> i, size >> i) for i in range(4)]
    return [torch.randn(shape, generator=generator) for shape in shapes]


def head(**changes) -> SimpleNetHead:
    torch.manual_seed(0)
    return SimpleNetHead(**(dict(in_channels=[4, 4], hidden_channels=8) | changes))


def test_patches__are_means_of_existing_neighbours():
    maps = make_maps()
    features = PatchFeatures([4, 4], [1, 2])(maps)
    assert features.shape == (2, 8, 8, 8)
    level = maps[1].numpy()
    for row, column in ((0, 0), (0, 3), (4, 5), (7, 7)):
        around = level[:, :, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        np.testing.assert_allclose(
            features[:, row, column, :4], around.mean(axis=(2, 3)), atol=1e-6
        )


def test_patches__first_level_sets_the_size():
    maps = make_maps()
    features = PatchFeatures([4, 4], [2, 0])(maps)
    assert features.shape == (2, 4, 4, 8)


def test_patches__one_width_per_level():
    with pytest.raises(ConfigError, match=r"in_channels=\(4,\) .* in_index=\(1, 2\)"):
        PatchFeatures([4], [1, 2])


def test_standardizer__statistics_are_those_of_the_pictures_before():
    torch.manual_seed(0)
    batches = [torch.randn(3, 4, 5, 6) * torch.arange(1, 7) + 10 for _ in range(3)]
    layer = ChannelStandardizer(6, num_images=6)
    assert torch.equal(layer(batches[0]), batches[0])  # nothing seen yet
    layer(batches[1])
    seen = torch.cat(batches[:2]).reshape(-1, 6).double()
    expected = (batches[2] - seen.mean(0)) / seen.std(0, unbiased=False)
    torch.testing.assert_close(layer(batches[2]), expected.float(), atol=1e-5, rtol=1e-5)
    # Six pictures were wanted and seen: the third batch did not count.
    assert layer.count == 6
    torch.testing.assert_close(layer(batches[2]), expected.float(), atol=1e-5, rtol=1e-5)


def test_standardizer__evaluation_does_not_learn():
    layer = ChannelStandardizer(6, num_images=6).eval()
    layer(torch.randn(3, 4, 5, 6))
    assert layer.count == 0


def test_standardizer__average_over_processes_is_one_process():
    torch.manual_seed(0)
    first, second = torch.randn(3, 4, 5, 6), torch.randn(1, 4, 5, 6) + 2
    whole, one, two = (ChannelStandardizer(6, num_images=9) for _ in range(3))
    whole(torch.cat([first, second]))
    one(first)
    two(second)
    with torch.no_grad():  # what the engine does with buffers after each step
        for name, buffer in one.named_buffers():
            buffer.copy_((buffer + two.get_buffer(name)) / 2)
    x = torch.randn(2, 4, 5, 6)
    torch.testing.assert_close(one.eval()(x), whole.eval()(x), atol=1e-6, rtol=1e-6)


def test_standardizer__statistics_survive_a_checkpoint_bit_by_bit():
    model = head()
    model.loss(make_maps(), [])
    other = head()
    assert other.load_state_dict(model.state_dict())
    maps = make_maps(batch=3)
    torch.manual_seed(1)
    expected = model.loss(maps, [])
    torch.manual_seed(1)
    found = other.loss(maps, [])
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    for name, buffer in model.named_buffers():
        assert torch.equal(other.get_buffer(name), buffer)


def test_loss__does_not_mix_the_samples():
    model = head(noise_std=0.0)
    model.loss(make_maps(), [])  # statistics
    state = copy.deepcopy(model.state_dict())
    maps = make_maps(batch=3)
    together = model.loss(maps, [])["loss_real"]
    alone = []
    for row in range(3):
        model.load_state_dict(state)
        model.standardizer.num_images = 0  # as after the first pictures
        alone.append(model.loss([m[row : row + 1] for m in maps], [])["loss_real"])
    torch.testing.assert_close(together, torch.stack(alone).mean())


def test_loss__is_the_hinge_of_both():
    model = head()
    maps = make_maps()
    for constant, expected in ((0.0, (0.5, 0.5)), (2.0, (0.0, 2.5)), (-2.0, (2.5, 0.0))):
        model.discriminator = nn.Sequential(nn.Linear(8, 1))
        nn.init.zeros_(model.discriminator[0].weight)
        nn.init.constant_(model.discriminator[0].bias, constant)
        found = model.loss(maps, [])
        assert (found["loss_real"].item(), found["loss_noisy"].item()) == pytest.approx(expected)


def test_noise__is_relative_to_the_deviation_of_the_features(monkeypatch):
    model = head(noise_std=0.5)
    with torch.no_grad():
        model.adaptor.weight.mul_(100)
    seen = []
    model.discriminator.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    model.loss(make_maps(), [])
    real, noisy = seen
    noise = noisy - real
    for row in range(2):
        ratio = noise[row].std() / real[row].std()
        assert ratio.item() == pytest.approx(0.5, rel=0.1)


def test_loss__runs_in_float32_below_autocast():
    model, maps = head(), make_maps()
    torch.manual_seed(2)
    expected = model.loss(maps, [])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        model = head()
        torch.manual_seed(2)
        found = model.loss(maps, [])
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_predict__score_is_the_greatest_patch_and_the_map_scipys_blur():
    model, maps = head(blur_sigma=4.0).eval(), make_maps(size=16)
    with torch.no_grad():
        scores, blurred = model.predict(maps)
        model.blur_sigma = 0.0
        same_scores, sharp = model.predict(maps)
        patches = -model.discriminator(model.adaptor(model.patches(maps)))[..., 0]
    assert torch.equal(scores, same_scores)
    torch.testing.assert_close(scores, patches.amax(dim=(1, 2)))
    assert blurred.shape == (2, 64, 64)  # the finest map has stride 4
    for found, image in zip(blurred, sharp, strict=True):
        expected = gaussian_filter(image.numpy(), 4.0, mode="mirror", truncate=4.0)
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_head__has_the_layers_of_simplenet():
    names = {name: tuple(p.shape) for name, p in head().named_parameters()}
    assert names["adaptor.weight"] == (8, 8)
    assert names["discriminator.0.weight"] == (8, 8)
    assert names["discriminator.3.weight"] == (1, 8)
    assert "discriminator.3.bias" not in names
