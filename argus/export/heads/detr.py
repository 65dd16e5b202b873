"""Detectors with queries and without suppression: mmdet's DETRs as graphs.

Papers: DETR, https://arxiv.org/abs/2005.12872; Deformable DETR, https://arxiv.org/abs/2010.04159;
DINO, https://arxiv.org/abs/2203.03605. The steps are those of mmdet's ``DetectionTransformer``,
with level sizes as integers; what is chosen of the last layer is as in its ``DETRHead``.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from mmdet.models import DABDETR, DETR, DINO, ConditionalDETR, DeformableDETR
from mmdet.models.dense_heads import DETRHead
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from torch import Tensor

from argus.export.heads.boxes import BoxesExport, clip_boxes, gather_rows
from argus.export.heads.deformable import fixed_levels
from argus.models.decoders.co_detr import CoDETR, CoDINOHead


class DETRExport(BoxesExport):
    """The best pairs of query and class, or the best class of every query without a sigmoid."""

    decoders: ClassVar[tuple[type, ...]] = (DETR, ConditionalDETR, DABDETR, DeformableDETR, DINO)

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        if type(decoder) not in (*cls.decoders, CoDETR):
            return f"a {type(decoder).__name__} takes other steps than the DETRs that are exported"
        if (decoder.bbox_head.test_cfg or {}).get("nms"):
            return (
                "its test_cfg has a suppression behind the queries (nms), which is not exported; "
                "without that key it is"
            )
        choice = type(decoder.bbox_head)._predict_by_feat_single
        known = (DETRHead._predict_by_feat_single, CoDINOHead._predict_by_feat_single)
        if choice not in known:
            return f"its head {type(decoder.bbox_head).__name__} chooses boxes in its own way"
        return ""

    @property
    def num_kept(self) -> int:
        """Rows per picture."""
        head = self.decoder.bbox_head
        most = int(self.decoder.num_queries)
        if head.loss_cls.use_sigmoid:
            most *= int(head.num_classes)
        return min(int((head.test_cfg or {}).get("max_per_img", self.decoder.num_queries)), most)

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        head = self.decoder.bbox_head
        class_logits, boxes = self._last_layer(maps)
        if head.loss_cls.use_sigmoid:
            scores, index = class_logits.sigmoid().flatten(1).topk(self.num_kept, dim=1)
            labels, query = index % head.num_classes, index // head.num_classes
        else:
            best, label = class_logits.softmax(-1)[..., :-1].max(-1)
            scores, query = best.topk(self.num_kept, dim=1)
            labels = label.gather(1, query)
        height, width = self.size
        chosen = bbox_cxcywh_to_xyxy(gather_rows(boxes, query))
        chosen = chosen * chosen.new_tensor([width, height, width, height])
        return clip_boxes(chosen, self.size), scores, labels

    def _last_layer(self, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Logits (B, Q, K) of classes, and boxes (B, Q, 4) as centre and size in [0, 1]."""
        decoder = self.decoder
        levels = decoder.extract_feat(tuple(maps))
        grids = tuple((level.shape[-2], level.shape[-1]) for level in levels)
        # One sample stands for all: none is padded, and of labels there are none.
        samples = [DetDataSample(metainfo=dict(img_shape=self.size, batch_input_shape=self.size))]
        if isinstance(decoder, DeformableDETR):
            encoder_inputs, decoder_inputs = _tokens(decoder, levels, grids)
        else:
            encoder_inputs, decoder_inputs = decoder.pre_transformer(levels, samples)
        with fixed_levels(decoder, grids):
            encoded = decoder.forward_encoder(**encoder_inputs)
            if isinstance(decoder, DINO):
                queries, _ = decoder.pre_decoder(**encoded, batch_data_samples=samples)
                decoded = _decode(decoder, **decoder_inputs, **queries)
            else:
                queries, _ = decoder.pre_decoder(**encoded)
                # Halves of one table, seen once per picture: PyTorch compares their strides with
                # the batch, and would allow other lengths of it alone.
                queries = {name: value.contiguous() for name, value in queries.items()}
                decoded = decoder.forward_decoder(**decoder_inputs, **queries)
            classes, boxes = decoder.bbox_head(**decoded)
        return classes[-1].float(), boxes[-1].float()


def _tokens(
    decoder: Any, levels: Sequence[Tensor], grids: Sequence[tuple[int, int]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What ``DeformableDETR.pre_transformer`` gives for pictures that are not padded."""
    tokens, positions = [], []
    for index, level in enumerate(levels):
        position = decoder.positional_encoding(None, input=level).flatten(2).transpose(1, 2)
        tokens.append(level.flatten(2).transpose(1, 2))
        positions.append(position + decoder.level_embed[index])
    ratios = levels[0].new_ones(levels[0].shape[0], len(levels), 2)
    shared = dict(spatial_shapes=grids, level_start_index=None, valid_ratios=ratios)
    encoder_inputs = dict(
        feat=torch.cat(tokens, 1), feat_mask=None, feat_pos=torch.cat(positions, 1), **shared
    )
    return encoder_inputs, dict(memory_mask=None, **shared)


def _decode(decoder: Any, *, query: Tensor, memory: Tensor, **inputs: Any) -> dict[str, Any]:
    """``DINO.forward_decoder`` without its look at the length of the batch, which would fix it."""
    states, references = decoder.decoder(
        query=query,
        value=memory,
        key_padding_mask=inputs.pop("memory_mask"),
        self_attn_mask=inputs.pop("dn_mask"),
        reg_branches=decoder.bbox_head.reg_branches,
        **inputs,
    )
    return dict(hidden_states=states, references=list(references))
