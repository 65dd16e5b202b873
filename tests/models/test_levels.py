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
from tests.toy import ToyBackbone

WIDTH = 8
PREPROCESS = dict(type="DetDataPreprocessor", mean=[0.0] * 3, std=[255.0] * 3, pad_size_divisor=32)


class FourMaps(ToyBackbone):
    out_channels = (WIDTH,) * 4


def dino(levels: Any = (1, 2, 3), **neck: Any) -> dict[str, Any]:
    attention = dict(embed_dims=32, num_heads=2)
    deformable = dict(**attention, num_levels=4, dropout=0.0)
    ffn = dict(embed_dims=32, feedforward_channels=16)
    mapper = dict(
        type="ChannelMapper",
        in_channels=[WIDTH] * 3,
        out_channels=32,
        num_outs=4,
        norm_cfg=dict(type="GN", num_groups=4),
    )
    costs = [
        dict(type="FocalLossCost"),
        dict(type="BBoxL1Cost", box_format="xywh"),
        dict(type="IoUCost"),
    ]
    return dict(
        type="mmdet.DINO",
        num_queries=5,
        num_feature_levels=4,
        with_box_refine=True,
        as_two_stage=True,
        data_preprocessor=PREPROCESS,
        backbone=dict(type="SharedBackbone", **({} if levels is None else dict(levels=levels))),
        neck={**mapper, **neck},
        encoder=dict(num_layers=1, layer_cfg=dict(self_attn_cfg=deformable, ffn_cfg=ffn)),
        decoder=dict(
            num_layers=1,
            return_intermediate=True,
            layer_cfg=dict(self_attn_cfg=attention, cross_attn_cfg=deformable, ffn_cfg=ffn),
            post_norm_cfg=None,
        ),
        positional_encoding=dict(num_feats=16, normalize=True),
        bbox_head=dict(
            type="DINOHead",
            num_classes=3,
            embed_dims=32,
            sync_cls_avg_factor=True,
            loss_cls=dict(type="FocalLoss", use_sigmoid=True),
            loss_bbox=dict(type="L1Loss"),
            loss_iou=dict(type="GIoULoss"),
        ),
        dn_cfg=dict(
            label_noise_scale=0.5,
            box_noise_scale=1.0,
            group_cfg=dict(dynamic=True, num_groups=None, num_dn_queries=4),
        ),
        train_cfg=dict(assigner=dict(type="HungarianAssigner", match_costs=costs)),
        test_cfg=dict(max_per_img=5),
    )


def rtmdet(levels: Any = (1, 2, 3)) -> dict[str, Any]:
    norm = dict(type="GN", num_groups=4)
    return dict(
        type="mmdet.RTMDet",
        data_preprocessor=PREPROCESS,
        backbone=dict(type="SharedBackbone", **({} if levels is None else dict(levels=levels))),
        neck=dict(
            type="CSPNeXtPAFPN",
            in_channels=[WIDTH] * 3,
            out_channels=16,
            num_csp_blocks=1,
            norm_cfg=norm,
        ),
        bbox_head=dict(
            type="RTMDetHead",
            num_classes=3,
            in_channels=16,
            feat_channels=16,
            stacked_convs=1,
            anchor_generator=dict(type="MlvlPointGenerator", offset=0, strides=[8, 16, 32]),
            bbox_coder=dict(type="DistancePointBBoxCoder"),
            loss_cls=dict(type="QualityFocalLoss", use_sigmoid=True),
            loss_bbox=dict(type="GIoULoss"),
            with_objectness=False,
            norm_cfg=norm,
        ),
        train_cfg=dict(
            assigner=dict(type="DynamicSoftLabelAssigner", topk=3),
            allowed_border=-1,
            pos_weight=-1,
        ),
        test_cfg=dict(
            nms_pre=100,
            min_bbox_size=0,
            score_thr=0.0,
            nms=dict(type="nms", iou_threshold=0.6),
            max_per_img=5,
        ),
    )


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
