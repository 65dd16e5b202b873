"""The Co-DETR of the scenes' config, cut down to toy size, and batches of rectangles and discs."""

import contextlib
import copy
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.structures import InstanceData
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torch import Tensor

from argus.models.decoders.co_detr import CoDETR
from argus.models.foreign import build_decoder, library_scope
from tests.models.decoders.mask_dino.toy import ToyBackbone
from tests.models.decoders.mask_dino.toy import batch as mask_batch

CONFIGS = Path(__file__).parents[4] / "configs"
BACKBONE_WIDTH = 16  # of ToyBackbone
WIDTH = 32
NUM_CLASSES = 2


def config(*, masks: bool = False, **changes: Any) -> dict[str, Any]:
    """The full-size model config with toy widths; ``changes`` are updates of its top level."""
    name = "co_detr_mask" if masks else "co_detr"
    model = Config.fromfile(CONFIGS / f"_base_/models/{name}.py")[name]
    norm = dict(type="GN", num_groups=4)
    attention = dict(embed_dims=WIDTH, num_heads=2, num_levels=5, num_points=2, dropout=0.0)
    ffn = dict(embed_dims=WIDTH, feedforward_channels=32, ffn_drop=0.0)
    model.neck.update(in_channels=[BACKBONE_WIDTH] * 4, out_channels=WIDTH, norm_cfg=norm)
    model.encoder.update(num_layers=1, layer_cfg=dict(self_attn_cfg=attention, ffn_cfg=ffn))
    model.decoder.update(
        num_layers=2,
        layer_cfg=dict(
            self_attn_cfg=dict(embed_dims=WIDTH, num_heads=2),
            cross_attn_cfg=attention,
            ffn_cfg=ffn,
        ),
    )
    model.positional_encoding.num_feats = WIDTH // 2
    model.bbox_head.update(embed_dims=WIDTH, num_classes=NUM_CLASSES)
    model.update(num_queries=20, max_positives=12, norm_groups=4)
    model.dn_cfg.group_cfg.num_dn_queries = 8
    rcnn, atss = model.auxiliary_heads.rcnn, model.auxiliary_heads.atss
    rcnn.rpn_head.update(in_channels=WIDTH, feat_channels=WIDTH)
    rcnn.rpn_head.test_cfg.update(nms_pre=100, max_per_img=40)
    rcnn.roi_head.bbox_roi_extractor.update(out_channels=WIDTH, finest_scale=16)
    rcnn.roi_head.bbox_head.update(
        in_channels=WIDTH, fc_out_channels=32, num_classes=NUM_CLASSES, roi_feat_size=7
    )
    rcnn.roi_head.train_cfg.sampler.num = 32
    atss.update(in_channels=WIDTH, feat_channels=WIDTH, num_classes=NUM_CLASSES, norm_cfg=norm)
    atss.anchor_generator.octave_base_scale = 4
    if masks:
        model.mask_branch.mask_roi_extractor.update(out_channels=WIDTH, finest_scale=16)
        model.mask_branch.mask_head.update(
            in_channels=WIDTH, conv_out_channels=WIDTH, num_convs=1, num_classes=NUM_CLASSES
        )
    model.test_cfg.max_per_img = 10
    model.update(copy.deepcopy(changes))
    return model


def build(seed: int = 0, *, masks: bool = False, **changes: Any) -> CoDETR:
    """The model with its initial weights."""
    torch.manual_seed(seed)
    backbone = ToyBackbone()
    model = build_decoder(config(masks=masks, **changes), backbone, where="test")
    with library_scope("mmdet"):
        model.init_weights()
    model.add_module("toy_backbone", backbone)  # so that an optimizer finds its parameters
    assert isinstance(model, CoDETR)
    return model


def batch(
    counts: list[int],
    sizes: list[tuple[int, int]] | None = None,
    seed: int = 0,
    *,
    masks: bool = False,
) -> tuple[Tensor, list[DetDataSample]]:
    """Images and samples as the pipeline of detection makes them, or as that of instances."""
    images, samples = mask_batch(counts, sizes, seed)
    for sample in samples:
        bitmaps = sample.gt_instances.pop("masks")
        if masks:
            sample.gt_instances.masks = BitmapMasks(
                bitmaps.to(torch.uint8).numpy(), *sample.batch_input_shape
            )
        sample.set_metainfo(dict(pad_shape=sample.batch_input_shape, scale_factor=(1.0, 1.0)))
    return images, samples


def total(losses: dict[str, Any]) -> Tensor:
    """Sum of all losses, as ``parse_losses`` has it."""
    parts = [
        part
        for name, value in losses.items()
        if "loss" in name
        for part in ([value] if isinstance(value, Tensor) else value)
    ]
    return torch.stack([part.mean() for part in parts]).sum()


def average_precision(found: Sequence[InstanceData], expected: Sequence[InstanceData]) -> float:
    """AP50 of boxes, by pycocotools.

    Args:
        found: Per image ``bboxes`` (N, 4) xyxy, ``labels`` and ``scores``.
        expected: Per image ``bboxes`` and ``labels``.
    """

    def entries(images: Sequence[InstanceData]) -> list[dict[str, Any]]:
        rows = []
        for index, instances in enumerate(images):
            for box, label in zip(
                instances.bboxes.tolist(), instances.labels.tolist(), strict=True
            ):
                width, height = box[2] - box[0], box[3] - box[1]
                row = dict(image_id=index, category_id=label, bbox=[*box[:2], width, height])
                rows.append({**row, "id": len(rows) + 1, "area": width * height, "iscrowd": 0})
        return rows

    truth, results = COCO(), entries(found)
    for row, score in zip(results, torch.cat([x.scores for x in found]).tolist(), strict=True):
        row["score"] = score
    truth.dataset = dict(
        images=[dict(id=index) for index in range(len(expected))],
        categories=[dict(id=label) for label in range(NUM_CLASSES)],
        annotations=entries(expected),
    )
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[1])
