"""Linear depth on pictures whose colour is their depth."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps

from argus.errors import ConfigError, DataError
from argus.mtv.evaluation.nyu_linear import EVALUATION, read_samples, run, training_pipeline
from argus.mtv.evaluation.probes.depth_probe import (
    LinearNetwork,
    depth_head,
    depth_loss,
    features_of,
    predicted_depth,
)
from argus.mtv.evaluation.probes.nyu_options import LinearDepthOptions
from tests.mtv.evaluation.pixels import Pixels, noise

TINY = dict(
    bins=32, steps=60, batch=4, lr=0.05, warmup_steps=0, silog_warmup=20, workers=0,
    nyu_crop=False, crop_height=32, crop_width=40, eigen_crop=False,
)  # fmt: skip


def write_pictures(root, *, height=48, width=64):
    """Blocks of 16 pixels, bright ones at 2 m, dark ones at 6 m."""
    lists = dict(train=3, test=2)
    for part, number in lists.items():
        lines = []
        for index in range(number):
            near = np.random.default_rng(index).integers(0, 2, (height // 16, width // 16))
            near = np.kron(near, np.ones((16, 16), int))
            colour = np.where(near[..., None] > 0, 220, 30).astype(np.uint8).repeat(3, -1)
            names = f"{part}_{index}.png", f"{part}_{index}_depth.png"
            Image.fromarray(colour).save(root / names[0])
            Image.fromarray(np.where(near > 0, 2000, 6000).astype(np.uint16)).save(root / names[1])
            lines.append(" ".join([*names, "518.8579"]))
        (root / f"nyu_{part}.txt").write_text("\n".join(lines))


@pytest.mark.parametrize("loss", ["silog", "cross_entropy"])
def test_run__a_linear_rule_is_learnt(tmp_path, loss):
    write_pictures(tmp_path)
    options = LinearDepthOptions(loss=loss, **TINY)
    found = run(Pixels(patch_size=8), tmp_path, options)
    assert found.keys() == EVALUATION.metrics.keys()
    untrained = LinearDepthOptions(loss=loss, **TINY | dict(lr=0.0, steps=1))
    before = run(Pixels(patch_size=8), tmp_path, untrained)
    # Depths are 2 m from their mean of 4 m; the resize makes ramps of the steps between blocks.
    assert before["rmse"] > 1.8
    assert found["rmse"] < (1.3 if loss == "silog" else before["rmse"] * 0.9)


def test_run__wrong_options_and_lists_are_said(tmp_path):
    write_pictures(tmp_path)
    for changes, error, message in (
        (dict(loss="l1"), ConfigError, "loss: expected one of silog, cross_entropy"),
        (dict(bins=1), ConfigError, "bins: expected more, found 1"),
        (dict(gradient_steps=(1, 0)), ConfigError, "gradient_steps of at least 1"),
        (dict(nyu_crop=True), DataError, "the crop needs 608x472 at least"),
        (dict(test_list="none.txt"), DataError, "none.txt: no such list file"),
    ):
        with pytest.raises(error, match=message):
            run(Pixels(patch_size=8), tmp_path, LinearDepthOptions(**TINY | changes))
    (tmp_path / "nyu_train.txt").write_text("../a.png b.png")
    with pytest.raises(DataError, match="'../a.png' is no path of a file below"):
        run(Pixels(patch_size=8), tmp_path, LinearDepthOptions(**TINY))


def test_read_samples__lists_of_names_are_of_the_multitask_layout(tmp_path):
    for folder in ("image", "depth"):
        (tmp_path / folder).mkdir()
    Image.fromarray(noise(8, 8).numpy()).save(tmp_path / "image/a.png")
    Image.fromarray(np.full((8, 8), 2500, np.uint16)).save(tmp_path / "depth/a.png")
    (tmp_path / "names.txt").write_text("a\n")
    pipeline = training_pipeline(LinearDepthOptions(**TINY | dict(crop_height=8, crop_width=8)))
    samples = read_samples(tmp_path, "names.txt", pipeline, seed=0)
    label = samples[0]["label"]
    assert label.shape == (8, 8) and set(label.unique().tolist()) <= {0.0, 2.5}


def test_features_of__token_and_pooled_beside_each_other():
    encoder, options = Pixels(patch_size=8), LinearDepthOptions()
    picture = Image.fromarray(noise(19, 27).numpy())
    found = features_of(encoder, [picture], options)
    batch = encoder.prepare([picture], (16, 24))
    tokens = encoder.patches(batch, final_norm=False)
    assert found.shape == (1, 2 * encoder.width, 2, 3)
    assert torch.equal(found[:, : encoder.width], tokens)
    for row, column in ((0, 0), (1, 2)):
        torch.testing.assert_close(found[0, encoder.width :, row, column], tokens[0].mean((1, 2)))


def test_linear_network__the_same_as_to_resize_the_tokens_first():
    network = LinearNetwork(6, 4, out_channels=5)
    tokens = torch.randn(2, 6, 3, 4, generator=torch.Generator().manual_seed(0))
    first = F.interpolate(tokens, scale_factor=4, mode="bilinear", align_corners=False)
    torch.testing.assert_close(network([tokens]), network.linear(first), atol=1e-5, rtol=1e-5)


def test_depth_head__expectation_of_bins_by_hand():
    options = LinearDepthOptions(bins=5, upsample=1, min_depth=1.0, max_depth=3.0)
    head = depth_head(2, options)
    features = torch.randn(1, 2, 1, 1, generator=torch.Generator().manual_seed(0))
    weight, bias = (value.detach().numpy() for value in head.network.linear.parameters())
    scores = np.maximum(weight[:, :, 0, 0] @ features[0, :, 0, 0].numpy() + bias, 0) + 0.1
    expected = scores @ np.array([1, 1.5, 2, 2.5, 3]) / scores.sum()
    assert head([features]).item() == pytest.approx(expected, rel=1e-6)
    again = depth_head(2, options)
    assert torch.equal(again.network.linear.weight, head.network.linear.weight)


def test_depth_loss__cross_entropy_of_the_nearest_bins():
    options = LinearDepthOptions(
        bins=5, upsample=1, min_depth=1.0, max_depth=3.0, loss="cross_entropy"
    )
    head = depth_head(2, options)
    features = torch.randn(2, 2, 2, 3, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[[1.0, 1.2, 1.3], [0.0, 2.9, 5.0]], [[0.5, 2.0, 2.2], [2.7, 3.0, 1.8]]])
    found = depth_loss(head, features, labels, options)
    scores = head.scores([features]).detach().numpy()
    total, count = 0.0, 0
    for b, y, x in np.ndindex(2, 2, 3):
        depth = float(labels[b, y, x])
        if 1 <= depth <= 3:
            nearest = np.abs(np.array([1, 1.5, 2, 2.5, 3]) - depth).argmin()
            total -= np.log(scores[b, nearest, y, x] / scores[b, :, y, x].sum())
            count += 1
    assert found.item() == pytest.approx(total / count, rel=1e-5)
    found.backward()
    assert head.network.linear.weight.grad.any()


def test_predicted_depth__of_a_mirrored_picture_is_mirrored():
    options = LinearDepthOptions(bins=8, upsample=2)
    encoder = Pixels(patch_size=8)
    head = depth_head(2 * encoder.width, options)
    picture = Image.fromarray(noise(16, 24).numpy())
    both = [
        predicted_depth(encoder, head, view, (17, 23), options)
        for view in (picture, ImageOps.mirror(picture))
    ]
    torch.testing.assert_close(both[0], both[1].flip(-1))
    alone = LinearDepthOptions(bins=8, upsample=2, flip=False)
    single = [
        predicted_depth(encoder, head, view, (17, 23), alone)
        for view in (picture, ImageOps.mirror(picture))
    ]
    torch.testing.assert_close(both[0], (single[0] + single[1].flip(-1)) / 2)
    assert not torch.allclose(single[0], both[0])
