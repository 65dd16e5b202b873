"""The decoder configs in ``configs/_base_/models``, cut down, train and predict through Argus."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample
from torch import nn

from argus.datasets.mvtec_ad import MVTEC_4
from argus.layers.wide import WideConv2d, WideLinear
from argus.models.foreign import build_decoder, library_of, library_scope, needs_float32

FRAGMENTS = Path(__file__).parents[3] / "configs" / "_base_" / "models"


class ConvMaps(nn.Module):
    """A backbone of four strided averages and 1x1 convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, channels, 1) for _ in range(4))

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        assert image.shape[-1] % 32 == image.shape[-2] % 32 == 0
        pooled = [nn.functional.avg_pool2d(image, 4 << i) for i in range(4)]
        return tuple(conv(x) for conv, x in zip(self.convs, pooled, strict=True))


def load(name: str) -> dict:
    return Config.fromfile(FRAGMENTS / f"{name}.py")[name]


def build(config: dict, channels: int = 32) -> nn.Module:
    torch.manual_seed(0)
    return build_decoder(config, ConvMaps(channels), where="test")


def loss_and_prediction(model: nn.Module, batch: dict) -> tuple[dict, list]:
    with library_scope(library_of(type(model))):
        data = model.train().data_preprocessor(dict(batch), True)
        losses = model.loss(data["inputs"], data["data_samples"])
        model.parse_losses(losses)[0].backward()
        data = model.eval().data_preprocessor(dict(batch), False)
        with torch.no_grad():
            predictions = model.predict(data["inputs"], data["data_samples"])
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
    assert not any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in model.modules())
    return {name: value.detach() for name, value in losses.items()}, predictions


def random_images(batch: int, height: int, width: int) -> list[torch.Tensor]:
    torch.manual_seed(1)
    return list(torch.randint(0, 256, (batch, 3, height, width), dtype=torch.uint8))


def test_upernet__trains_and_predicts_with_sliding_window():
    config = load("upernet")
    for head in (config.decode_head, config.auxiliary_head):
        head.update(channels=32, num_classes=5, norm_cfg=dict(type="GN", num_groups=8))
    config.decode_head.in_channels = [32] * 4
    config.auxiliary_head.in_channels = 32
    config.data_preprocessor.size = (96, 96)
    config.test_cfg.update(crop_size=(64, 64), stride=(43, 43))
    model = build(config)
    # One image: a norm over the batch would fail on the 1 x 1 map of the pyramid pooling.
    sample = SegDataSample(metainfo=dict(ori_shape=(80, 90), img_shape=(80, 90)))
    sample.gt_sem_seg = PixelData(data=torch.randint(0, 5, (1, 80, 90)))
    batch = dict(inputs=random_images(1, 80, 90), data_samples=[sample])
    losses, (prediction,) = loss_and_prediction(model, batch)
    assert {"decode.loss_ce", "aux.loss_ce"} <= set(losses)
    # Chance: ln 5, at full and at 0.4 weight.
    assert losses["decode.loss_ce"] == pytest.approx(np.log(5), rel=0.3)
    assert losses["aux.loss_ce"] == pytest.approx(0.4 * np.log(5), rel=0.3)
    assert prediction.pred_sem_seg.data.shape == (1, 80, 90)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("dpt_keypoint", dict(in_channels=(32,) * 4, channels=16)),
        ("vitpose", dict(in_channels=32, channels=16, norm_groups=4)),
    ],
)
def test_keypoints__train_and_predict_with_flip_test(name, sizes):
    config = load(name)
    config.head.update(sizes)
    model = build(config)
    samples = []
    for _ in range(2):
        sample = PoseDataSample(
            metainfo=dict(
                flip_indices=list(range(17)),
                input_size=(192, 256),
                input_center=np.array([500.0, 400.0]),
                input_scale=np.array([96.0, 128.0]),
            )
        )
        sample.gt_fields = PixelData(heatmaps=torch.rand(17, 64, 48))
        sample.gt_instance_labels = InstanceData(keypoint_weights=torch.ones(1, 17))
        sample.gt_instances = InstanceData(
            bboxes=np.array([[452.0, 336.0, 548.0, 464.0]]), bbox_scores=np.ones(1)
        )
        samples.append(sample)
    batch = dict(inputs=random_images(2, 256, 192), data_samples=samples)
    losses, predictions = loss_and_prediction(model, batch)
    # The first heatmaps are nearly zero, so the loss is the mean square of uniform targets.
    assert losses["loss_kpt"] == pytest.approx(1 / 3, rel=0.05)
    keypoints = predictions[0].pred_instances.keypoints
    assert keypoints.shape == (1, 17, 2)
    # In image pixels, around the centre of the crop. The median, as the sub-pixel step of the codec
    # throws peaks of noise far away.
    assert (np.median(np.abs(keypoints[0] - [500, 400]), axis=0) <= [48, 64]).all()


def test_attentive_pool__trains_and_predicts():
    config = load("attentive_pool")
    config.neck.update(in_channels=32, num_heads=4)
    config.head.update(in_channels=32, num_classes=7)
    config.data_preprocessor.num_classes = 7
    model = build(config)
    samples = [DataSample().set_gt_label(i) for i in (3, 6)]
    losses, predictions = loss_and_prediction(
        model, dict(inputs=random_images(2, 64, 64), data_samples=samples)
    )
    assert losses["loss"] == pytest.approx(np.log(7), rel=0.2)
    assert float(predictions[0].pred_score.sum()) == pytest.approx(1, abs=1e-5)


def wide_layers(model: nn.Module) -> set[str]:
    return {n for n, m in model.named_modules() if isinstance(m, (WideConv2d, WideLinear))}


# The layers whose outputs are ranked; none where the whole decoder runs in float32, by mmdet's rule
# or by itself.
RANKED = {
    "upernet": {"decode_head.conv_seg", "auxiliary_head.conv_seg"},
    "nyuv2_upernet": {"decode_head.conv_seg", "auxiliary_head.conv_seg"},
    "upernet_parsing": {"decode_head.conv_seg", "auxiliary_head.conv_seg"},
    "upernet_boundary": {"head.network.conv_seg"},
    "upernet_normals": {"head.network.conv_seg"},
    "dpt_depth": {"head.network.final_layer"},
    "dpt_saliency": {"head.network.final_layer"},
    "dpt_keypoint": {"head.final_layer"},
    "vitpose": {"head.final_layer"},
    "attentive_pool": {"head.fc"},
    "draem": {f"heads.{category}.classify" for category in MVTEC_4},
    "simplenet": set(),  # test_feature_noise
    "mask_dino": set(),  # mask_dino/test_precision
    "co_detr": set(),  # co_detr/test_detector
    "co_detr_mask": set(),
    "mask_rcnn": set(),
    "mask2former_instance": set(),
    "mask2former_panoptic": set(),
}


# What others are made with, and no decoder.
SHARED = {"anomaly", "dense"}


@pytest.mark.parametrize("name", sorted({path.stem for path in FRAGMENTS.glob("*.py")} - SHARED))
def test_fragment__what_is_ranked_is_float32_under_autocast(name: str) -> None:
    with torch.device("meta"):
        model = build(load(name), channels=1)
    assert wide_layers(model) == RANKED[name]
    by_itself = ("simplenet", "mask_dino", "co_detr", "co_detr_mask")
    assert needs_float32(model) == (not RANKED[name] and name not in by_itself)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # FCN head, classifier, pyramid pooling and laterals (1x1), bottleneck, 3 + 1 convolutions.
        (
            "upernet",
            768 * 256 * 9
            + 2 * 256
            + 150 * 257
            + 150 * 513
            + 7 * (768 * 512 + 2 * 512)
            + (768 + 4 * 512 + 3 * 512 + 4 * 512) * 512 * 9
            + 5 * 2 * 512,
        ),
        # Four level convolutions, 7 residual units and the 3x3 projection, four 1x1, 17 heatmaps.
        (
            "dpt_keypoint",
            4 * 768 * 256 * 9 + 15 * (256**2 * 9 + 256) + 4 * (256**2 + 256) + 17 * 257,
        ),
        # Two deconvolutions of kernel 4 with norms, 17 heatmaps.
        ("vitpose", 16 * 256 * (768 + 256) + 2 * 2 * 256 + 17 * 257),
        # Three norms, one query, four projections, 1000 classes.
        ("attentive_pool", 3 * 2 * 768 + 768 + 4 * (768**2 + 768) + 1000 * 769),
    ],
)
def test_fragment__parameters_at_full_size(name, expected):
    with torch.device("meta"):
        model = build(load(name), channels=1)
    assert sum(p.numel() for p in model.parameters()) == expected
