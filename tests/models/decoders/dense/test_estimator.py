"""Padding, resizing, flip test and precision of the dense estimator."""

import pytest
import torch
import torch.nn.functional as F

from argus.errors import ConfigError, DataError
from argus.models.decoders import DenseEstimator
from tests.models.decoders.dense.toys import (
    HEADS,
    IdentityMaps,
    LookAround,
    PointNetwork,
    batch,
    decoder,
    estimator,
    images,
    sample,
)
from tests.toy import ToyBackbone

CHANNELS = dict(depth=1, bin_depth=1, boundary=1, normals=3, saliency=1)
every_head = pytest.mark.parametrize("kind", HEADS)


def predict(model: DenseEstimator, data: dict) -> list[torch.Tensor]:
    data = model.eval().data_preprocessor(data, False)
    with torch.no_grad():
        samples = model.predict(data["inputs"], data["data_samples"])
    return [found.get(f"pred_{model.head.field}").data for found in samples]


def raw_of(model: DenseEstimator, image: torch.Tensor) -> torch.Tensor:
    """The head's output for one image without padding, at the image's size."""
    normalised = (image.float() - 127.5) / 127.5
    with torch.no_grad():
        return model.head((normalised[None],) * 4)


@every_head
def test_predict__padding_and_resizing_leave_no_trace(kind):
    model = estimator(kind, IdentityMaps(), PointNetwork)
    sizes, originals = [(33, 50), (60, 64), (7, 9)], [(66, 100), (60, 64), (20, 11)]
    data = dict(
        inputs=images(*sizes),
        data_samples=[sample(s, ori_shape=o) for s, o in zip(sizes, originals, strict=True)],
    )
    for image, original, found in zip(data["inputs"], originals, predict(model, data), strict=True):
        raw = F.interpolate(raw_of(model, image), original, mode="bilinear")[0]
        assert found.shape == (CHANNELS[kind], *original)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, model.head.decode(raw), rtol=0, atol=1e-5)


@every_head
def test_predict__flip_test_is_the_mean_of_both_predictions(kind):
    plain = estimator(kind, IdentityMaps(), LookAround)
    both = estimator(kind, IdentityMaps(), LookAround, test_cfg=dict(flip=True))
    data = batch((33, 50), (60, 64))
    mirrored = data | dict(inputs=[image.flip(-1) for image in data["inputs"]])
    for found, one, other in zip(
        predict(both, data), predict(plain, data), predict(plain, mirrored), strict=True
    ):
        other = other.flip(-1)
        assert not torch.allclose(one, other, atol=1e-2)
        if kind == "normals":
            other = other * torch.tensor([-1.0, 1, 1])[:, None, None]
            expected = (one + other) / (one + other).norm(dim=0)
        else:
            expected = (one + other) / 2
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_predict__flip_test_of_a_head_that_ignores_the_mirror_has_no_horizontal_normal():
    model = estimator("normals", IdentityMaps(), PointNetwork, test_cfg=dict(flip=True))
    (found,) = predict(model, batch((32, 32)))
    torch.testing.assert_close(found[0], torch.zeros(32, 32), rtol=0, atol=1e-6)
    torch.testing.assert_close(found.norm(dim=0), torch.ones(32, 32))


@every_head
def test_predict__values_are_in_their_range(kind):
    model = estimator(kind, IdentityMaps(), PointNetwork)
    with torch.no_grad():
        model.head.network.conv.weight.mul_(100.0)
    (found,) = predict(model, batch((40, 40)))
    if kind == "normals":
        torch.testing.assert_close(found.norm(dim=0), torch.ones(40, 40))
    else:
        low, high = (0.001, 10.0) if "depth" in kind else (0.0, 1.0)
        assert found.min() >= low and found.max() <= high
        assert found.max() > found.min()


@every_head
def test_predict__does_not_depend_on_batch_mates(kind):
    model = estimator(kind, ToyBackbone(8))
    model.init_weights()
    data = batch((64, 64), (64, 64), (64, 64))
    together = predict(model, data)
    for i, expected in enumerate(together):
        alone = {name: values[i : i + 1] for name, values in data.items()}
        torch.testing.assert_close(predict(model, alone)[0], expected, rtol=1e-5, atol=1e-5)


@every_head
def test_predict__feature_maps_give_what_images_give(kind):
    backbone = ToyBackbone(8)
    model = estimator(kind, backbone).eval()
    data = model.data_preprocessor(batch((50, 64)), False)
    with torch.no_grad():
        (one,) = model.predict(data["inputs"], data["data_samples"])
        first = one.get(f"pred_{model.head.field}").data
        (two,) = model.predict(backbone(data["inputs"]), data["data_samples"])
    assert torch.equal(first, two.get(f"pred_{model.head.field}").data)


def test_predict__flip_test_needs_images():
    model = estimator("depth", ToyBackbone(8), test_cfg=dict(flip=True))
    data = model.data_preprocessor(batch((64, 64)), False)
    with pytest.raises(ConfigError, match="feature maps were given.*test_cfg.flip=False"):
        model.predict(model.backbone(data["inputs"]), data["data_samples"])


@every_head
def test_loss__padding_changes_nothing(kind):
    # Label and image are padded alike, and padded labels are ignored: the loss stays.
    values = []
    for size in (None, (96, 128)):
        changes = dict(decoder(kind)["data_preprocessor"], size=size)
        model = estimator(kind, IdentityMaps(), PointNetwork, data_preprocessor=changes).train()
        data = model.data_preprocessor(batch((64, 96)), True)
        assert data["inputs"].shape[-2:] == (size or (64, 96))
        losses = model.loss(data["inputs"], data["data_samples"])
        values.append([loss.item() for loss in losses.values()])
    assert values[0] == pytest.approx(values[1], rel=1e-5)


@every_head
def test_loss__bfloat16_autocast_keeps_losses_in_float32(kind):
    model = estimator(kind, ToyBackbone(8)).train()
    model.init_weights()
    data = model.data_preprocessor(batch((64, 64), (64, 64)), True)
    exact = model.loss(data["inputs"], data["data_samples"])
    with torch.autocast("cpu", torch.bfloat16):
        # The first step of SILog is a warm-up step in both: it lasts two.
        narrow = model.loss(data["inputs"], data["data_samples"])
        raw = model(data["inputs"])
    assert raw.dtype == torch.float32
    for name, loss in narrow.items():
        assert loss.dtype == torch.float32
        assert loss.item() == pytest.approx(exact[name].item(), rel=0.02)
    sum(narrow.values()).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


@every_head
def test_loss__batch_without_labels_is_zero_with_finite_gradients(kind):
    model = estimator(kind, ToyBackbone(8)).train()
    data = batch((64, 64), (64, 64))
    for label in data["data_samples"]:
        for name, value in dict(gt_depth=0, gt_normals=0, gt_boundary=255, gt_saliency=255).items():
            label.get(name).data.fill_(value)
    data = model.data_preprocessor(data, True)
    losses = model.loss(data["inputs"], data["data_samples"])
    sum(losses.values()).backward()
    assert all(loss.item() == 0.0 for loss in losses.values())
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and (parameter.grad == 0).all(), name


def test_loss__sample_without_label_says_what_to_do():
    model = estimator("depth", ToyBackbone(8)).train()
    data = model.data_preprocessor(batch((64, 64), (64, 64)), True)
    del data["data_samples"][1].gt_depth
    with pytest.raises(DataError, match="1.png has no gt_depth .*PackDense.fields"):
        model.loss(data["inputs"], data["data_samples"])


def test_forward__has_the_modes_of_openmmlab():
    model = estimator("depth", ToyBackbone(8)).train()
    data = model.data_preprocessor(batch((64, 64)), True)
    assert set(model(**data, mode="loss")) == {"loss_depth", "loss_gradient"}
    assert model(**data).shape == (1, 1, 32, 32)
    assert "pred_depth" in model.eval()(**data, mode="predict")[0]
    total, logs = model.parse_losses(model(**data, mode="loss"))
    assert total.item() == pytest.approx(sum(v.item() for k, v in logs.items() if "_" in k))


def test_estimator__unknown_test_setting_is_refused():
    with pytest.raises(ConfigError, match=r"unknown keys \['flip_test'\]; known is 'flip'"):
        estimator("depth", ToyBackbone(8), test_cfg=dict(flip_test=True))
