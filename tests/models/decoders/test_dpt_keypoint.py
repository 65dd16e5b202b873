"""The keypoint head inside mmpose: codec, loss, learning, flip test."""

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData, PixelData
from mmpose.codecs import UDPHeatmap
from mmpose.datasets.transforms import TopdownAffine
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.structures import PoseDataSample
from torch import nn

from argus.models.decoders.dpt_keypoint import DPTKeypointHead
from tests.learning import expect_below, learn

INPUT_SIZE, HEATMAP_SIZE = (48, 64), (12, 16)  # (width, height)
CODEC = dict(type=UDPHeatmap, input_size=INPUT_SIZE, heatmap_size=HEATMAP_SIZE, sigma=1.0)
MSE = dict(type="KeypointMSELoss", use_target_weight=True)


def make_head(**kwargs) -> DPTKeypointHead:
    torch.manual_seed(0)
    arguments = dict(in_channels=(8,) * 4, out_channels=4, channels=16, loss=MSE, decoder=CODEC)
    with DefaultScope.overwrite_default_scope("mmpose"):
        return DPTKeypointHead(**(arguments | kwargs))


def make_maps(batch: int) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(1)
    return tuple(torch.randn(batch, 8, 16 >> i, max(12 >> i, 2)) for i in range(4))


def make_sample(keypoints: np.ndarray, visible: np.ndarray | None = None) -> PoseDataSample:
    """A sample whose input is the image itself; ``keypoints`` (K, 2) in pixels."""
    encoded = UDPHeatmap(**{k: v for k, v in CODEC.items() if k != "type"}).encode(
        keypoints[None].astype(np.float32), visible
    )
    size = np.array(INPUT_SIZE, dtype=np.float32)
    sample = PoseDataSample(
        metainfo=dict(
            flip_indices=[1, 0, 2, 3],
            input_size=INPUT_SIZE,
            input_center=size / 2,
            input_scale=size,
        )
    )
    sample.gt_fields = PixelData(heatmaps=torch.from_numpy(encoded["heatmaps"]))
    weights = torch.from_numpy(encoded["keypoint_weights"])
    sample.gt_instance_labels = InstanceData(keypoint_weights=weights)
    sample.gt_instances = InstanceData(
        bboxes=np.array([[0, 0, *INPUT_SIZE]], dtype=np.float32), bbox_scores=np.ones(1)
    )
    return sample


def make_keypoints(batch: int) -> np.ndarray:
    return np.random.RandomState(0).uniform(8, 40, (batch, 4, 2))


class ImageToMaps(nn.Module):
    """A stand-in for the backbone: four maps of the image, equivariant to mirroring."""

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        image = torch.cat([image, image.square(), image.abs()[:, :2]], dim=1)
        sizes = [(16 >> i, max(12 >> i, 2)) for i in range(4)]
        return tuple(nn.functional.adaptive_avg_pool2d(image, size) for size in sizes)


def make_estimator(head: DPTKeypointHead, backbone: nn.Module, **test_cfg) -> TopdownPoseEstimator:
    with DefaultScope.overwrite_default_scope("mmpose"):
        model = TopdownPoseEstimator(
            backbone=dict(type=_returns(backbone)),
            head=dict(type=_returns(head)),
            test_cfg=ConfigDict(test_cfg),
        )
    return model.eval()


def _returns(module: nn.Module):
    """A callable that the registry takes as a type."""

    def build() -> nn.Module:
        return module

    return build


@pytest.mark.parametrize(("input_size", "reach"), [((192, 256), 0.4), ((96, 128), 0.3)])
def test_codec__image_keypoints_survive_crop_heatmaps_and_decoding(input_size, reach):
    """Image -> crop -> heatmaps -> crop -> image: within 0.5 px of the network's input."""
    rng = np.random.RandomState(0)
    heatmap_size = (input_size[0] // 4, input_size[1] // 4)
    codec = UDPHeatmap(input_size=input_size, heatmap_size=heatmap_size, sigma=2.0)
    affine = TopdownAffine(input_size=input_size, use_udp=True)
    size = np.array(input_size, dtype=np.float32)
    for _ in range(10):
        center = rng.uniform(200, 300, (1, 2)).astype(np.float32)
        scale = size[None] * np.float32(rng.uniform(0.5, 2))
        keypoints = center + scale * rng.uniform(-reach, reach, (1, 17, 2)).astype(np.float32)
        results = affine.transform(
            dict(
                img=np.zeros((500, 500, 3), np.uint8),
                bbox_center=center,
                bbox_scale=scale,
                bbox_rotation=np.zeros(1, np.float32),
                keypoints=keypoints,
                keypoints_visible=np.ones((1, 17), np.float32),
            )
        )
        encoded = codec.encode(results["transformed_keypoints"])
        decoded, scores = codec.decode(encoded["heatmaps"])
        in_image = decoded / size * results["input_scale"] + results["input_center"]
        in_image = in_image - 0.5 * results["input_scale"]
        error = np.linalg.norm(in_image - keypoints, axis=-1) * size[0] / scale[0, 0]
        assert error.max() < 0.5
        assert scores.min() > 0.5


def test_keypoint_head__output_has_the_finest_size():
    head = make_head(out_channels=17)
    assert head(make_maps(2)).shape == (2, 17, 16, 12)


def test_keypoint_head__loss_equals_weighted_mse():
    head = make_head()
    nn.init.normal_(head.final_layer.weight)
    visible = np.array([[1, 0, 1, 1]], dtype=np.float32)
    samples = [make_sample(kpts, visible) for kpts in make_keypoints(2)]
    maps = make_maps(2)
    losses = head.loss(maps, samples)
    assert set(losses) == {"loss_kpt"}
    targets = torch.stack([s.gt_fields.heatmaps for s in samples])
    weights = torch.from_numpy(visible)[:, :, None, None]
    expected = ((head(maps) - targets).square() * weights).mean()
    torch.testing.assert_close(losses["loss_kpt"], expected)


def test_keypoint_head__heatmaps_and_loss_are_float32_under_autocast():
    head = make_head(log_accuracy=True)
    samples = [make_sample(kpts) for kpts in make_keypoints(2)]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert head.project(head.trunk(make_maps(2))).dtype == torch.bfloat16
        heatmaps = head(make_maps(2))
        # Where the largest of many equal values would win.
        assert (heatmaps != heatmaps.bfloat16().float()).float().mean() > 0.9
        losses = head.loss(make_maps(2), samples)
    assert losses["loss_kpt"].dtype == torch.float32
    assert 0 <= losses["acc_pose"] <= 1


@pytest.mark.trains
def test_keypoint_head__learns_given_heatmaps():
    head = make_head(norm_cfg=dict(type="GN", num_groups=4))
    keypoints = make_keypoints(3)
    samples = [make_sample(kpts) for kpts in keypoints]
    maps = make_maps(3)
    learn(head.parameters(), lambda: head.loss(maps, samples)["loss_kpt"], steps=60, rate=5e-3)
    decoded = np.concatenate([p.keypoints for p in head.predict(maps, samples)])
    # The codec decodes to a grid of ``width`` where it encoded from one of ``width - 1`` pixels.
    size = np.array(INPUT_SIZE)
    error = np.linalg.norm(decoded * (size - 1) / size - keypoints, axis=-1)
    expect_below("DPT keypoints: error in pixels", error.mean(), 1.0)


def test_keypoint_head__predicts_in_image_pixels_inside_estimator():
    """With a head that returns the target heatmaps, mmpose's estimator finds the keypoints."""
    keypoints = make_keypoints(2)
    samples = [make_sample(kpts) for kpts in keypoints]
    targets = torch.stack([s.gt_fields.heatmaps for s in samples])
    head = make_head()
    head.forward = lambda feats: targets
    model = make_estimator(head, ImageToMaps(), output_heatmaps=True)
    predictions = model(torch.zeros(2, 3, 64, 48), samples, mode="predict")
    for prediction, expected, target in zip(predictions, keypoints, targets, strict=True):
        assert prediction.pred_instances.keypoints.shape == (1, 4, 2)
        size = np.array(INPUT_SIZE)
        got = prediction.pred_instances.keypoints[0] * (size - 1) / size
        assert np.abs(got - expected).max() < 0.5
        assert torch.equal(prediction.pred_fields.heatmaps, target)


def test_keypoint_head__flip_test_changes_nothing_for_a_symmetric_model():
    head = make_head().double()
    with torch.no_grad():
        for module in head.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.copy_(module.weight + module.weight.flip(-1))
        # Left and right keypoints (0 and 1) get each other's channel when the image is mirrored.
        head.final_layer.weight[0] = head.final_layer.weight[1]
    image = torch.randn(2, 3, 64, 48, dtype=torch.float64)
    results = []
    for flip_test in (False, True):
        samples = [make_sample(kpts) for kpts in make_keypoints(2)]
        model = make_estimator(
            head, ImageToMaps(), flip_test=flip_test, flip_mode="heatmap", shift_heatmap=False
        )
        predictions = model(image, samples, mode="predict")
        results.append(np.stack([p.pred_instances.keypoints for p in predictions]))
    np.testing.assert_allclose(results[1], results[0], atol=1e-5)


def test_keypoint_head__flip_test_swaps_left_and_right():
    """Averaging with the mirrored image's heatmaps, mirrored back and left/right exchanged."""
    head = make_head()
    nn.init.normal_(head.final_layer.weight)
    maps, flipped_maps = make_maps(2), tuple(m.roll(1, 0) for m in make_maps(2))
    samples = [make_sample(kpts) for kpts in make_keypoints(2)]
    test_cfg = dict(flip_test=True, output_heatmaps=True)
    _, fields = head.predict([maps, flipped_maps], samples, test_cfg)
    mirrored = head(flipped_maps).flip(-1)[:, [1, 0, 2, 3]]
    expected = (head(maps) + mirrored) / 2
    torch.testing.assert_close(torch.stack([f.heatmaps for f in fields]), expected.detach())
