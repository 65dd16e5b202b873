"""The decoder configs of the dense tasks, cut down, learn two images; full-size parameters."""

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from tests.learning import expect_below, learn
from tests.models.decoders.dense.toys import batch
from tests.models.decoders.test_fragments import FRAGMENTS, build, load, loss_and_prediction

DENSE = dict(
    dpt_depth="depth",
    upernet_boundary="boundary",
    upernet_normals="normals",
    dpt_saliency="saliency",
)
SIZE = (64, 96)
STEPS = 50


def load_small(name: str, head: str | None = None) -> ConfigDict:
    config = load(name)
    if head is not None:
        config.head = Config.fromfile(FRAGMENTS / f"{name}.py")[head]
    network = config.head.network
    network.in_channels = [16] * 4
    network.channels = 16
    if network.norm_cfg is not None:
        network.norm_cfg.num_groups = 4
    config.data_preprocessor.size = SIZE
    if "size" in config.data_preprocessor.test_cfg:
        config.data_preprocessor.test_cfg.size = SIZE
    return config


@pytest.mark.trains
@pytest.mark.parametrize(
    ("name", "head"), [*((name, None) for name in DENSE), ("dpt_depth", "bin_depth_head")]
)
def test_fragment__learns_two_images(name, head):
    model = build(load_small(name, head), channels=16)
    model.init_weights()
    # Images smaller than the size: padding is part of it.
    data = batch((60, 96), (64, 80))
    losses, predictions = loss_and_prediction(model, data)
    for found, size in zip(predictions, [(60, 96), (64, 80)], strict=True):
        assert found.get(f"pred_{DENSE[name]}").data.shape[-2:] == size
    prepared = model.train().data_preprocessor(data, True)
    if name == "dpt_depth":
        model.head.depth_loss.steps.fill_(100.0)  # past the warm-up
    inputs, samples = prepared["inputs"], prepared["data_samples"]
    history = learn(
        model.parameters(),
        lambda: model.parse_losses(model.loss(inputs, samples))[0],
        steps=STEPS,
        rate=3e-3,
    )
    expect_below(f"{name} {head or ''}: loss of its first", history[-1] / history[0], 0.6)


def test_upernet_parsing__trains_and_predicts():
    config = load("upernet_parsing")
    for part in (config.decode_head, config.auxiliary_head):
        assert part.num_classes == 7
        part.update(channels=16, norm_cfg=dict(type="GN", num_groups=4))
    config.decode_head.in_channels = [16] * 4
    config.auxiliary_head.in_channels = 16
    assert config.data_preprocessor.size == (512, 512)
    assert config.data_preprocessor.test_cfg == dict(size=(512, 512))
    config.data_preprocessor.update(size=SIZE, test_cfg=dict(size=SIZE))
    config.test_cfg.update(crop_size=SIZE, stride=SIZE)
    model = build(config, channels=16)
    model.init_weights()
    data = batch((60, 96), (60, 96))
    samples = []
    for dense in data["data_samples"]:
        sample = SegDataSample(metainfo=dense.metainfo)
        sample.gt_sem_seg = PixelData(data=torch.randint(0, 7, (1, 60, 96)))
        samples.append(sample)
    data["data_samples"] = samples
    _, predictions = loss_and_prediction(model, data)
    assert predictions[0].pred_sem_seg.data.shape == (1, 60, 96)


def test_upernet_parsing__leaves_the_fragment_it_stands_on_alone():
    load("upernet_parsing")
    assert load("upernet").decode_head.num_classes == 150


def uper_parameters(out_channels: int) -> int:
    """Laterals and pooling (1x1), bottleneck, 3 + 1 convolutions, their norms, last layer."""
    return (
        7 * (768 * 512 + 2 * 512)
        + (768 + 4 * 512 + 3 * 512 + 4 * 512) * 512 * 9
        + 5 * 2 * 512
        + out_channels * 513
    )


def dpt_parameters(out_channels: int) -> int:
    """Four level convolutions, 7 residual units, four 1x1, two output convolutions, last layer."""
    return (
        4 * 768 * 256 * 9
        + 14 * (256**2 * 9 + 256)
        + 4 * (256**2 + 256)
        + (256 * 128 * 9 + 128)
        + (128 * 32 * 9 + 32)
        + out_channels * 33
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dpt_depth", dpt_parameters(1)),
        ("dpt_saliency", dpt_parameters(2)),
        ("upernet_boundary", uper_parameters(1)),
        ("upernet_normals", uper_parameters(3)),
        ("upernet_parsing", uper_parameters(7) + 768 * 256 * 9 + 2 * 256 + 7 * 257),
    ],
)
def test_fragment__parameters_at_full_size(name, expected):
    with torch.device("meta"):
        model = build(load(name), channels=1)
    assert sum(p.numel() for p in model.parameters()) == expected


@pytest.mark.parametrize("name", DENSE)
def test_fragment__images_are_prepared_as_for_semantic_segmentation(name):
    # Tasks of one stream have to agree.
    ours, theirs = (load(n).data_preprocessor for n in (name, "upernet_parsing"))
    for key in ("mean", "std", "bgr_to_rgb", "pad_val"):
        assert ours[key] == theirs[key]
