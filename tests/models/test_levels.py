"""Decoders made for three of the four maps: unmodified DINO and RTMDet of mmdet."""

from typing import Any

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from argus.errors import ConfigError
from argus.models.backbones.shared import SharedBackbone
from argus.models.foreign import build_decoder
from argus.models.multitask import MultitaskModel
from tests.models.strangers import FourMaps, dino, rtmdet
from tests.toy import ToyBackbone


def batch() -> dict[str, Any]:
    sample = DetDataSample(
        metainfo=dict(img_shape=(64, 96), ori_shape=(64, 96), scale_factor=(1.0, 1.0))
    )
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor([[8.0, 8, 40, 50]]), labels=torch.tensor([1])
    )
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(0, 256, (3, 64, 96), dtype=torch.uint8, generator=generator)
    return dict(inputs=[image], data_samples=[sample])


@pytest.mark.parametrize("make", [dino, rtmdet])
def test_levels__a_stock_detector_learns_and_predicts_on_three_maps(make: Any) -> None:
    model = MultitaskModel(FourMaps(), dict(boxes=make()))
    model.init_weights()  # mmdet leaves what memory held in some parameters
    seen: list[list[tuple[int, ...]]] = []
    decoder = model.decoder("boxes")
    decoder.neck.register_forward_pre_hook(
        lambda _, inputs: seen.append([tuple(level.shape[-2:]) for level in inputs[0]])
    )
    losses, _ = model(dict(boxes=batch()))
    assert losses["boxes"].isfinite() and losses["boxes"] > 0
    model.eval()
    (found,) = model.predict("boxes", batch())
    assert found.pred_instances.bboxes.shape[-1] == 4
    maps = model.features(torch.zeros(1, 3, 64, 96))
    model.predict_from("boxes", maps, model.prepare("boxes", batch())["data_samples"])
    # From the images, and from maps that other tasks share: 8 x 12 and coarser, no 16 x 24.
    assert seen == [[(8, 12), (4, 6), (2, 3)]] * 3


@pytest.mark.parametrize("make", [dino, rtmdet])
def test_levels__without_them_a_sentence_before_anything_runs(make: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        build_decoder(make(None), FourMaps(), where="tasks['boxes'].decoder")
    assert str(caught.value) == (
        "tasks['boxes'].decoder.neck.in_channels=[8, 8, 8] is for 3 maps, but the decoder sees 4, "
        "of 8 channels: choose them with backbone=dict(type=SharedBackbone, levels=(1, 2, 3)) and "
        "name their channels, or name all."
    )


@pytest.mark.parametrize("levels", [(), (3, 1), (1, 1), (-1,), "123", (0.5,), 2, (True,)])
def test_levels__that_are_no_increasing_numbers(levels: Any) -> None:
    with pytest.raises(ConfigError, match=r"SharedBackbone.levels: expected the numbers of the"):
        SharedBackbone(levels)


def test_levels__beyond_the_maps_of_the_backbone() -> None:
    with pytest.raises(ConfigError, match=r"x.backbone.levels: expected numbers from 0 to 3"):
        build_decoder(dino((2, 3, 4)), FourMaps(), where="x")
    slot = SharedBackbone([1, 4])
    slot.bind(ToyBackbone())
    with pytest.raises(ConfigError, match=r"since the backbone gives 4 maps, found \(1, 4\)"):
        slot(torch.zeros(1, 3, 32, 32))


def test_stock_backbone__what_is_left_of_it_is_named() -> None:
    with pytest.raises(ConfigError, match=r"x.backbone: unknown keys 'depth', 'init_cfg' of Shar"):
        left = dict(type="SharedBackbone", depth=50, init_cfg=dict(type="Pretrained"))
        build_decoder({**dino(), "backbone": left}, FourMaps(), where="x")
    from tests.toy import semantic_decoder

    for kind in (semantic_decoder(), dino()):
        with pytest.raises(ConfigError, match=r"x.pretrained='open-mmlab://r50' names weights"):
            config = ConfigDict({**kind, "pretrained": "open-mmlab://r50"})
            build_decoder(config, FourMaps(), where="x")
    build_decoder({**semantic_decoder(), "pretrained": None}, FourMaps(), where="x")
