"""Toy sizes of unmodified models of mmdet, mmseg, mmpose and mmpretrain, as decoders."""

from typing import Any

from tests.toy import PREPROCESS as TOY_PREPROCESS
from tests.toy import ToyBackbone

WIDTH = 8
PREPROCESS = dict(type="DetDataPreprocessor", **TOY_PREPROCESS, pad_size_divisor=32)


class FourMaps(ToyBackbone):
    out_channels = (WIDTH,) * 4


def dino(levels: Any = (1, 2, 3), width: int = 32) -> dict[str, Any]:
    attention = dict(embed_dims=width, num_heads=2)
    deformable = dict(**attention, num_levels=4, dropout=0.0)
    ffn = dict(embed_dims=width, feedforward_channels=16)
    mapper = dict(
        type="ChannelMapper",
        in_channels=[WIDTH] * 3,
        out_channels=width,
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
        neck=mapper,
        encoder=dict(num_layers=1, layer_cfg=dict(self_attn_cfg=deformable, ffn_cfg=ffn)),
        decoder=dict(
            num_layers=1,
            return_intermediate=True,
            layer_cfg=dict(self_attn_cfg=attention, cross_attn_cfg=deformable, ffn_cfg=ffn),
            post_norm_cfg=None,
        ),
        positional_encoding=dict(num_feats=width // 2, normalize=True),
        bbox_head=dict(
            type="DINOHead",
            num_classes=3,
            embed_dims=width,
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


def deformable_detr(*, refine: bool = False) -> dict[str, Any]:
    """Deformable DETR; with ``refine`` of two stages."""
    config = dino(width=256 if refine else 32)  # mmdet knows no other for two stages
    config |= dict(type="mmdet.DeformableDETR", with_box_refine=refine, as_two_stage=refine)
    del config["dn_cfg"]
    config["decoder"] = {**config["decoder"], "num_layers": 2}
    config["bbox_head"] = {**config["bbox_head"], "type": "DeformableDETRHead"}
    return config


def detr(kind: str = "DETR") -> dict[str, Any]:
    """DETR, or Conditional DETR, on the coarsest map."""
    is_plain = kind == "DETR"
    width = 32 if is_plain else 256  # mmdet knows no other for Conditional DETR
    config = dino((3,), width)
    attention = dict(embed_dims=width, num_heads=2)
    ffn = dict(embed_dims=width, feedforward_channels=16, num_fcs=2, ffn_drop=0.0)
    loss = (
        dict(type="CrossEntropyLoss", bg_cls_weight=0.1, use_sigmoid=False, class_weight=1.0)
        if is_plain
        else dict(type="FocalLoss", use_sigmoid=True)
    )
    own = attention if is_plain else dict(**attention, cross_attn=False)
    cross = attention if is_plain else dict(**attention, cross_attn=True)
    return dict(
        type=f"mmdet.{kind}",
        num_queries=5,
        data_preprocessor=config["data_preprocessor"],
        backbone=config["backbone"],
        neck={**config["neck"], "in_channels": [WIDTH], "num_outs": 1},
        encoder=dict(num_layers=1, layer_cfg=dict(self_attn_cfg=attention, ffn_cfg=ffn)),
        decoder=dict(
            num_layers=1,
            return_intermediate=True,
            layer_cfg=dict(self_attn_cfg=own, cross_attn_cfg=cross, ffn_cfg=ffn),
        ),
        positional_encoding=dict(num_feats=width // 2, normalize=True),
        bbox_head=dict(
            type=f"{kind}Head",
            num_classes=3,
            embed_dims=width,
            loss_cls=loss,
            loss_bbox=dict(type="L1Loss"),
            loss_iou=dict(type="GIoULoss"),
        ),
        train_cfg=config["train_cfg"],
        test_cfg=dict(max_per_img=5),
    )


def dab_detr(num_patterns: int = 0) -> dict[str, Any]:
    """DAB-DETR: queries are boxes, which every layer of the decoder refines."""
    config = detr("ConditionalDETR")
    ffn = dict(
        embed_dims=256,
        feedforward_channels=16,
        num_fcs=2,
        ffn_drop=0.0,
        act_cfg=dict(type="PReLU"),
    )
    attention = dict(embed_dims=256, num_heads=2)
    encoder = dict(self_attn_cfg=dict(**attention, batch_first=True), ffn_cfg=ffn)
    decoder = dict(
        self_attn_cfg=dict(**attention, cross_attn=False),
        cross_attn_cfg=dict(**attention, cross_attn=True),
        ffn_cfg=ffn,
    )
    return config | dict(
        type="mmdet.DABDETR",
        num_patterns=num_patterns,
        encoder=dict(num_layers=1, layer_cfg=encoder),
        decoder=dict(
            num_layers=2,
            query_dim=4,
            query_scale_type="cond_elewise",
            with_modulated_hw_attn=True,
            layer_cfg=decoder,
            return_intermediate=True,
        ),
        positional_encoding=dict(num_feats=128, temperature=20, normalize=True),
        bbox_head={**config["bbox_head"], "type": "DABDETRHead"},
    )


def rtmdet_ins() -> dict[str, Any]:
    """RTMDet-Ins."""
    config = rtmdet()
    config["bbox_head"] |= dict(
        type="RTMDetInsHead",
        num_prototypes=4,
        dyconv_channels=4,
        num_dyconvs=2,
        mask_loss_stride=4,
        loss_mask=dict(type="DiceLoss"),
    )
    config["test_cfg"] |= dict(mask_thr_binary=0.5)
    return config


def retinanet() -> dict[str, Any]:
    """RetinaNet: anchors, and offsets from them."""
    config = rtmdet()
    config |= dict(type="mmdet.RetinaNet", backbone=dict(type="SharedBackbone"))
    config["neck"] = dict(
        type="FPN", in_channels=[WIDTH] * 4, out_channels=16, num_outs=4, start_level=0
    )
    config["bbox_head"] = dict(
        type="RetinaHead",
        num_classes=3,
        in_channels=16,
        feat_channels=16,
        stacked_convs=1,
        anchor_generator=dict(
            type="AnchorGenerator", scales=[2], ratios=[0.5, 1.0], strides=[4, 8, 16, 32]
        ),
        bbox_coder=dict(type="DeltaXYWHBBoxCoder"),
        loss_cls=dict(type="FocalLoss", use_sigmoid=True),
        loss_bbox=dict(type="L1Loss"),
    )
    del config["train_cfg"]
    return config


def fcos() -> dict[str, Any]:
    """FCOS: a second score, by how central the place is."""
    config = retinanet()
    config["type"] = "mmdet.FCOS"
    config["bbox_head"] = dict(
        type="FCOSHead",
        num_classes=3,
        in_channels=16,
        feat_channels=16,
        stacked_convs=1,
        strides=[4, 8, 16, 32],
        norm_cfg=dict(type="GN", num_groups=4),
        conv_bias=True,
    )
    return config


def atss() -> dict[str, Any]:
    """ATSS: one anchor a place, and a second score by how central the place is."""
    config = retinanet()
    config["type"] = "mmdet.ATSS"
    config["bbox_head"] |= dict(
        type="ATSSHead",
        anchor_generator=dict(
            type="AnchorGenerator",
            ratios=[1.0],
            octave_base_scale=4,
            scales_per_octave=1,
            strides=[4, 8, 16, 32],
        ),
        bbox_coder=dict(type="DeltaXYWHBBoxCoder", target_stds=[0.1, 0.1, 0.2, 0.2]),
        norm_cfg=dict(type="GN", num_groups=4),
        loss_centerness=dict(type="CrossEntropyLoss", use_sigmoid=True),
    )
    return config


def mask2former(*, things: int = 3, library: str = "mmdet") -> dict[str, Any]:
    """Mask2Former: of mmdet with instances alone, of mmseg with labels."""
    attention = dict(embed_dims=16, num_heads=2, dropout=0.0, batch_first=True)
    ffn = dict(embed_dims=16, feedforward_channels=16, num_fcs=2, ffn_drop=0.0)
    encoder = dict(
        num_layers=1,
        layer_cfg=dict(self_attn_cfg=dict(**attention, num_levels=3, num_points=2), ffn_cfg=ffn),
    )
    head = dict(
        in_channels=[WIDTH] * 4,
        strides=[4, 8, 16, 32],
        feat_channels=16,
        out_channels=16,
        num_queries=6,
        num_transformer_feat_level=3,
        pixel_decoder=dict(
            type="mmdet.MSDeformAttnPixelDecoder",
            num_outs=3,
            norm_cfg=dict(type="GN", num_groups=4),
            act_cfg=dict(type="ReLU"),
            encoder=encoder,
            positional_encoding=dict(num_feats=8, normalize=True),
        ),
        enforce_decoder_input_project=False,
        positional_encoding=dict(num_feats=8, normalize=True),
        transformer_decoder=dict(
            return_intermediate=True,
            num_layers=1,
            layer_cfg=dict(self_attn_cfg=attention, cross_attn_cfg=attention, ffn_cfg=ffn),
        ),
        loss_cls=dict(
            type="mmdet.CrossEntropyLoss", use_sigmoid=False, class_weight=[1.0] * 3 + [0.1]
        ),
        loss_mask=dict(type="mmdet.CrossEntropyLoss", use_sigmoid=True),
        loss_dice=dict(type="mmdet.DiceLoss", use_sigmoid=True, activate=True),
    )
    if library == "mmseg":
        config = segmentor()
        config["decode_head"] = dict(type="Mask2FormerHead", num_classes=3, **head)
        return config
    return dict(
        type="mmdet.Mask2Former",
        data_preprocessor=PREPROCESS,
        backbone=dict(type="SharedBackbone"),
        panoptic_head=dict(
            type="Mask2FormerHead", num_things_classes=things, num_stuff_classes=3 - things, **head
        ),
        panoptic_fusion_head=dict(
            type="MaskFormerFusionHead", num_things_classes=things, num_stuff_classes=3 - things
        ),
        test_cfg=dict(panoptic_on=False, semantic_on=False, instance_on=True, max_per_image=5),
    )


def segmentor(kind: str = "EncoderDecoder") -> dict[str, Any]:
    """A segmentor of mmseg; of two stages as ``CascadeEncoderDecoder``, the second PointRend's."""
    first = dict(
        type="FCNHead",
        in_channels=WIDTH,
        in_index=1,
        channels=WIDTH,
        num_convs=1,
        num_classes=3,
        norm_cfg=dict(type="GN", num_groups=2),
    )
    second = dict(
        type="PointHead",
        in_channels=[WIDTH],
        in_index=[0],
        channels=WIDTH,
        num_fcs=1,
        num_classes=3,
        coarse_pred_each_layer=True,
    )
    is_cascade = kind == "CascadeEncoderDecoder"
    return dict(
        type=f"mmseg.{kind}",
        data_preprocessor=dict(
            type="SegDataPreProcessor",
            size_divisor=32,
            test_cfg=dict(size_divisor=32),
            **TOY_PREPROCESS,
        ),
        backbone=dict(type="SharedBackbone"),
        decode_head=[first, second] if is_cascade else first,
        train_cfg=dict(),
        test_cfg=dict(mode="whole", subdivision_steps=2, subdivision_num_points=50, scale_factor=2),
        **(dict(num_stages=2) if is_cascade else {}),
    )


def pose(head: dict[str, Any]) -> dict[str, Any]:
    """A top-down estimator of mmpose on crops of 64 x 96 (width x height)."""
    return dict(
        type="mmpose.TopdownPoseEstimator",
        data_preprocessor=dict(type="PoseDataPreprocessor", **TOY_PREPROCESS),
        backbone=dict(type="SharedBackbone"),
        head=dict(in_channels=WIDTH, **head),
        test_cfg=dict(flip_test=False),
    )


def simcc() -> dict[str, Any]:
    """RTMPose: a line of values along each axis."""
    codec = dict(type="SimCCLabel", input_size=(64, 96), sigma=(3.0, 3.5), use_dark=False)
    return pose(
        dict(
            type="RTMCCHead",
            out_channels=3,
            input_size=(64, 96),
            in_featuremap_size=(2, 3),
            simcc_split_ratio=2.0,
            final_layer_kernel_size=1,
            gau_cfg=dict(
                hidden_dims=16,
                s=8,
                expansion_factor=2,
                dropout_rate=0.0,
                drop_path=0.0,
                act_fn="SiLU",
                use_rel_bias=False,
                pos_enc=False,
            ),
            loss=dict(type="KLDiscretLoss", use_target_weight=True),
            decoder=dict(**codec, simcc_split_ratio=2.0, normalize=False),
        )
    )


def heatmaps(*, unbiased: bool = False) -> dict[str, Any]:
    """Heatmaps read by ``MSRAHeatmap``."""
    codec = dict(type="MSRAHeatmap", input_size=(64, 96), heatmap_size=(8, 12), sigma=2)
    return pose(
        dict(
            type="HeatmapHead",
            out_channels=3,
            deconv_out_channels=(8, 8),
            deconv_kernel_sizes=(4, 4),
            loss=dict(type="KeypointMSELoss"),
            decoder=dict(**codec, unbiased=unbiased),
        )
    )


def coordinates() -> dict[str, Any]:
    """DeepPose: coordinates and deviations."""
    return pose(
        dict(
            type="RLEHead",
            num_joints=3,
            loss=dict(type="RLELoss"),
            decoder=dict(type="RegressionLabel", input_size=(64, 96)),
        )
    ) | dict(neck=dict(type="GlobalAveragePooling"))


def classifier() -> dict[str, Any]:
    """A head of mmpretrain that is not linear."""
    return dict(
        type="mmpretrain.ImageClassifier",
        data_preprocessor=dict(type="ClsDataPreprocessor", **TOY_PREPROCESS),
        backbone=dict(type="SharedBackbone"),
        neck=dict(type="GlobalAveragePooling"),
        head=dict(type="StackedLinearClsHead", num_classes=3, in_channels=WIDTH, mid_channels=[8]),
    )


def tagger() -> dict[str, Any]:
    """A head of mmpretrain for several classes of one picture."""
    head = dict(type="MultiLabelLinearClsHead", num_classes=3, in_channels=WIDTH)
    return classifier() | dict(head=head)
