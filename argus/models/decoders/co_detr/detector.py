"""Co-DETR as an mmdet detector: DINO with collaborative heads in training.

Paper: DETRs with Collaborative Hybrid Assignments Training (Zong et al., ICCV 2023),
https://arxiv.org/abs/2211.12860; the variant on DINO is Co-DINO. Facts of the reference
implementation: https://github.com/Sense-X/Co-DETR.

What was changed: the weights of the auxiliary losses are two arguments instead of factors in every
loss config; see also the headers of the parts. As in the published method, the number of training
queries of an image follows the batch (denoising, positives); in testing no image of a batch
depends on another.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmdet.models.detectors import DINO
from mmdet.models.layers.transformer.utils import coordinate_to_encoding
from mmdet.structures import DetDataSample
from torch import Tensor, nn

from argus.errors import ConfigError
from argus.models.foreign import float32_outside_backbone
from argus.registry import MODELS

from .auxiliary import Losses
from .positives import PositiveQueries, collect_positives


@MODELS.register_module()
class CoDETR(DINO):
    """DINO whose encoder and decoder are also trained by one-to-many assignments.

    It runs in float32 behind the backbone: region pooling, non-maximum suppression and mmcv's
    deformable attention take no bfloat16.

    Args:
        *args: Of mmdet's ``DINO``.
        auxiliary_heads: Config by name. Each head is built with ``MODELS`` and has
            ``collaborate(maps, samples)``, see :mod:`~.auxiliary`. The maps are the encoder's
            levels and one more of half the size.
        encoder_weight: Weight of the heads' own losses against the loss of *one* decoder layer;
            lambda_2 in the paper.
        query_weight: Weight of the losses of their positive queries; lambda_1 in the paper.
        max_positives: Positive queries of an image and head at most.
        norm_groups: Groups of the GroupNorm in the extra level.
        **kwargs: Of mmdet's ``DINO``; ``bbox_head`` is a :class:`~.query_head.CoDINOHead`.

    Raises:
        ConfigError: No auxiliary head.
    """

    def __init__(
        self,
        *args: Any,
        auxiliary_heads: Mapping[str, Mapping[str, Any]],
        encoder_weight: float = 2.0,
        query_weight: float = 1.0,
        max_positives: int = 300,
        norm_groups: int = 32,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not auxiliary_heads:
            raise ConfigError(
                "CoDETR: auxiliary_heads is empty, expected at least one, e.g. dict(atss=dict("
                "type=CollaborativeATSSHead, ...)). Without them the model is mmdet's DINO: use it."
            )
        self.encoder_weight = encoder_weight
        self.query_weight = query_weight
        self.max_positives = max_positives
        width = self.embed_dims
        self.auxiliary_heads: Any = nn.ModuleDict(
            {name: MODELS.build(config) for name, config in auxiliary_heads.items()}
        )
        self.downsample = nn.Sequential(
            nn.Conv2d(width, width, 3, stride=2, padding=1), nn.GroupNorm(norm_groups, width)
        )
        self.query_projections = nn.ModuleDict(
            {
                name: nn.Sequential(nn.Linear(2 * width, width), nn.LayerNorm(width))
                for name in auxiliary_heads
            }
        )

    def loss(
        self,
        batch_inputs: Tensor | Sequence[Tensor],
        batch_data_samples: list[DetDataSample],
    ) -> Losses:
        """Losses of a batch.

        Args:
            batch_inputs: Images (B, 3, H, W) or the backbone's four maps.
            batch_data_samples: With ``gt_instances``; images without objects are legal.

        Returns:
            Those of DINO under their usual names; per auxiliary head ``<name>.<loss>`` of its own
            and ``<name>_queries.<loss>`` of the positive queries.
        """
        with float32_outside_backbone(self):
            features = self.extract_feat(batch_inputs)
            encoder_inputs, decoder_inputs = self.pre_transformer(features, batch_data_samples)
            encoded = self.forward_encoder(**encoder_inputs)
            queries, head_inputs = self.pre_decoder(
                **encoded, batch_data_samples=batch_data_samples
            )
            decoded = self.forward_decoder(**decoder_inputs, **queries)
            losses: Losses = self.bbox_head.loss(
                **head_inputs, **decoded, batch_data_samples=batch_data_samples
            )
            maps = self.pyramid(encoded["memory"], [tuple(x.shape[-2:]) for x in features])
            for name, head in self.auxiliary_heads.items():
                output = head.collaborate(maps, batch_data_samples)
                positives = collect_positives(
                    output.sampled,
                    [sample.img_shape for sample in batch_data_samples],
                    num_classes=self.bbox_head.num_classes,
                    max_queries=self.max_positives,
                )
                query_losses = self._loss_positives(
                    name, positives, encoded["memory"], decoder_inputs, batch_data_samples
                )
                losses |= weighted(output.losses, self.auxiliary_weight, f"{name}.")
                losses |= weighted(query_losses, self.query_weight, f"{name}_queries.")
            num_denoising = head_inputs["dn_meta"]["num_denoising_queries"]
            losses |= self.further_losses(maps, decoded, num_denoising, batch_data_samples)
        return losses

    @property
    def auxiliary_weight(self) -> float:
        """Weight of an auxiliary head's own losses against the sum over the decoder's layers."""
        return float(self.encoder_weight * self.decoder.num_layers)

    def further_losses(
        self,
        maps: Sequence[Tensor],
        decoded: Mapping[str, Any],
        num_denoising: int,
        samples: Sequence[DetDataSample],
    ) -> Losses:
        """Losses of what a subclass adds; none here.

        Args:
            maps: What the auxiliary heads see.
            decoded: ``hidden_states`` and ``references`` of the decoder.
            num_denoising: Queries of denoising, which come before the others.
            samples: Of the batch.
        """
        return {}

    def predict(
        self,
        batch_inputs: Tensor | Sequence[Tensor],
        batch_data_samples: list[DetDataSample],
        rescale: bool = True,
    ) -> list[DetDataSample]:
        """Fill in ``pred_instances`` of the main head.

        Args:
            batch_inputs: Images (B, 3, H, W) or the backbone's four maps.
            batch_data_samples: With ``img_shape``, ``batch_input_shape`` and ``scale_factor``.
            rescale: Give boxes in pixels of the original image, otherwise of the input.
        """
        with float32_outside_backbone(self):
            results: list[DetDataSample] = super().predict(
                batch_inputs, batch_data_samples, rescale
            )
        return results

    def pyramid(self, memory: Tensor, shapes: Sequence[tuple[int, int]]) -> list[Tensor]:
        """Encoder tokens (B, S, C) as maps (B, C, h, w), and one level more."""
        levels = memory.split([height * width for height, width in shapes], dim=1)
        maps = [
            level.transpose(1, 2).unflatten(2, shape).contiguous()
            for level, shape in zip(levels, shapes, strict=True)
        ]
        return [*maps, self.downsample(maps[-1])]

    def _loss_positives(
        self,
        name: str,
        positives: PositiveQueries,
        memory: Tensor,
        decoder_inputs: Mapping[str, Any],
        samples: Sequence[DetDataSample],
    ) -> dict[str, Tensor]:
        """Send the queries of one auxiliary head through the decoder, apart from all others."""
        code = coordinate_to_encoding(positives.boxes, num_feats=self.embed_dims // 2)
        decoded = self.forward_decoder(
            query=self.query_projections[name](code),
            memory=memory,
            reference_points=positives.boxes,
            dn_mask=None,
            **decoder_inputs,
        )
        losses: dict[str, Tensor] = self.bbox_head.loss_positives(
            **decoded, positives=positives, metas=[sample.metainfo for sample in samples]
        )
        return losses


def weighted(losses: Mapping[str, Any], weight: float, prefix: str) -> Losses:
    """Losses times ``weight``; what is only logged (an accuracy) stays as it is."""
    products: Losses = {}
    for name, value in losses.items():
        if "loss" not in name:
            products[prefix + name] = value
        elif isinstance(value, torch.Tensor):
            products[prefix + name] = value * weight
        else:
            products[prefix + name] = [part * weight for part in value]
    return products
