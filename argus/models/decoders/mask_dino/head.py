"""Head of Mask DINO: query selection, denoising queries, decoder, and the three prediction heads.

Paper: Mask DINO, https://arxiv.org/abs/2206.02777, sections 3.2 to 3.4.

It computes in the type of its weights whatever the autocast, as the published code keeps the
decoder out of it: in bfloat16 300 of 5,376 tokens shared 26 scores, other tokens were chosen, and
boxes moved by a pixel.

The published code has habits that the paper does not mention; ``norm_twice``, ``reference_from``
and ``box_epsilon`` are switches for them, with its values as defaults.

What was changed: class logits start at the focal-loss prior of 0.01 (as in DINO), and masks stay
factored as embedding times mask feature, so that losses compute those they need.
"""

from typing import Any, NamedTuple

import torch
from mmdet.models.layers.transformer.utils import MLP
from mmengine.model import BaseModule, bias_init_with_prob
from torch import Tensor, nn

from argus.errors import ConfigError
from argus.registry import MODELS

from .decoder import MaskDINODecoder
from .denoising import NoisyTargets, add_noise, attention_mask
from .query_selection import box_proposals, boxes_from_masks, select_tokens
from .structures import EncodedFeatures, Predictions, Targets


class HeadOutput(NamedTuple):
    """Predictions of a batch."""

    selected: Predictions
    """One stage: what the chosen encoder tokens predict."""
    decoded: Predictions
    """The start of the decoder and each of its layers, for the matching queries."""
    denoised: Predictions
    """The same for the denoising queries; no query outside training."""
    num_groups: int
    """Denoising groups."""
    mask_features: Tensor
    """(B, D, h, w)."""

    def masks(self, image: int | None = None) -> Tensor:
        """Mask logits of the last layer, (B, Q, h, w); (Q, h, w) of one image."""
        embeds, maps = self.decoded.mask_embeds[-1], self.mask_features
        with torch.autocast(maps.device.type, enabled=False):
            if image is None:
                return torch.einsum("bqd,bdhw->bqhw", embeds, maps)
            return torch.einsum("qd,dhw->qhw", embeds[image], maps[image])


@MODELS.register_module()
class MaskDINOHead(BaseModule):
    """Encoded features in, predictions out.

    Args:
        num_classes: K.
        embed_dim: C, as in the pixel encoder.
        mask_dim: D, as in the pixel encoder.
        num_levels: Levels of the pixel encoder, extra ones included.
        num_queries: Q.
        num_layers: Decoder layers.
        num_heads: Attention heads.
        num_points: Sampling points per head and level.
        ffn_dim: Hidden width of the feed-forward network.
        dropout: In the decoder layers.
        num_denoising: Denoising queries, shared between as many groups as fit; 0 switches them off.
        box_noise: Share by which boxes of denoising queries are off; stock 0.4.
        label_noise: Share of denoising queries with a random class; stock 0.2. With 1 the class has
            to be read from the image, which teaches classes faster in very short schedules.
        box_start: ``mask`` starts the decoder at the box around a query's first mask
            (mask-enhanced, the stock recipe); ``token`` at the box that its token predicts, which
            is better while masks are still noise, as in very short schedules.
        base_box_size: First guess of a box by a token, see
            :func:`~.query_selection.box_proposals`; about the size of a small object.
        smallest_guess: Level whose tokens guess the smallest box, ``fine`` or ``coarse``; the
            published code has it by ``FEATURE_ORDER``: ``high2low`` is fine, ``low2high`` coarse.
        box_epsilon: Box logits of the decoder's start stay within those of this probability and its
            complement.
        norm_twice: The class and mask heads normalise the normalised queries of the layers again.
        reference_from: What moves the box that the next layer looks at: the head's reading of the
            ``query`` itself, or of the ``normed`` one, which predicts the box either way.
        init_cfg: See mmengine's ``BaseModule``.

    Raises:
        ConfigError: An unknown ``box_start``, ``smallest_guess`` or ``reference_from``.
    """

    def __init__(
        self,
        *,
        num_classes: int,
        embed_dim: int = 256,
        mask_dim: int = 256,
        num_levels: int = 3,
        num_queries: int = 300,
        num_layers: int = 9,
        num_heads: int = 8,
        num_points: int = 4,
        ffn_dim: int = 2048,
        dropout: float = 0.0,
        num_denoising: int = 100,
        box_noise: float = 0.4,
        label_noise: float = 0.2,
        box_start: str = "mask",
        base_box_size: float = 0.05,
        smallest_guess: str = "fine",
        box_epsilon: float = 1e-5,
        norm_twice: bool = True,
        reference_from: str = "query",
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        for name, value, known in (
            ("box_start", box_start, ("mask", "token")),
            ("smallest_guess", smallest_guess, ("fine", "coarse")),
            ("reference_from", reference_from, ("query", "normed")),
        ):
            if value not in known:
                raise ConfigError(
                    f"MaskDINOHead: {name} must be {known[0]!r} or {known[1]!r}, found {value!r}."
                )
        self.num_classes = num_classes
        self.num_queries = num_queries
        self.num_denoising = num_denoising
        self.box_noise = box_noise
        self.label_noise = label_noise
        self.box_start = box_start
        self.base_box_size = base_box_size
        self.smallest_guess = smallest_guess
        self.box_epsilon = box_epsilon
        self.norm_twice = norm_twice
        self.token_projection = nn.Linear(embed_dim, embed_dim)
        self.token_norm = nn.LayerNorm(embed_dim)
        self.label_embed = nn.Embedding(num_classes, embed_dim)
        self.decoder = MaskDINODecoder(
            embed_dim,
            num_layers=num_layers,
            num_heads=num_heads,
            num_levels=num_levels,
            num_points=num_points,
            ffn_dim=ffn_dim,
            dropout=dropout,
            reference_from=reference_from,
        )
        self.class_head = nn.Linear(embed_dim, num_classes)
        self.mask_head = MLP(embed_dim, embed_dim, mask_dim, 3)
        self.box_head = MLP(embed_dim, embed_dim, 4, 3)  # one for tokens and all layers
        nn.init.xavier_uniform_(self.token_projection.weight)
        nn.init.zeros_(self.token_projection.bias)
        nn.init.constant_(self.class_head.bias, bias_init_with_prob(0.01))
        nn.init.zeros_(self.box_head.layers[-1].weight)
        nn.init.zeros_(self.box_head.layers[-1].bias)

    def forward(self, features: EncodedFeatures, targets: Targets | None = None) -> HeadOutput:
        """Predict.

        Args:
            features: From the pixel encoder.
            targets: In training, for the denoising queries.
        """
        features = features.to(self.class_head.weight.dtype)
        with torch.autocast(features.tokens.device.type, enabled=False):
            return self._predict(features, targets)

    def _predict(self, features: EncodedFeatures, targets: Targets | None) -> HeadOutput:
        selected, content, start = self._select(features)
        blocked, num_groups, num_denoising = None, 0, 0
        if targets is not None:
            noisy = add_noise(
                targets,
                num_queries=self.num_denoising,
                box_noise=self.box_noise,
                label_noise=self.label_noise,
                num_classes=self.num_classes,
            )
            num_groups, num_denoising = noisy.num_groups, noisy.labels.shape[1]
            dn_content, dn_start = self._denoising_queries(noisy)
            content = torch.cat([dn_content.to(content.dtype), content], 1)
            start = torch.cat([dn_start, start], 1)
            blocked = attention_mask(
                num_groups,
                targets.labels.shape[1],
                content.shape[1] - num_denoising,
                content.device,
            )
        states, boxes = self.decoder(content, start, features, blocked, self.box_head)
        if self.norm_twice:
            states = torch.cat([states[:1], self.decoder.norm(states[1:])])
        predictions = Predictions(self.class_head(states), boxes, self.mask_head(states))
        return HeadOutput(
            selected,
            predictions.queries(num_denoising),
            predictions.queries(0, num_denoising),
            num_groups,
            features.mask_features,
        )

    def _select(self, features: EncodedFeatures) -> tuple[Predictions, Tensor, Tensor]:
        """Predictions of the best tokens, and content and box logits of the queries they become."""
        proposals, may_propose = box_proposals(
            features.points,
            features.spatial_shapes,
            self.base_box_size,
            smallest=self.smallest_guess,
        )
        tokens = features.tokens.masked_fill(~may_propose[..., None], 0.0)
        tokens = self.token_norm(self.token_projection(tokens))
        with torch.no_grad():
            chosen = select_tokens(self.class_head(tokens), may_propose, self.num_queries)
        tokens = _gather(tokens, chosen)
        boxes = (self.box_head(tokens) + _gather(proposals, chosen)).sigmoid()
        states = self.decoder.norm(tokens)
        mask_embeds = self.mask_head(states)
        selected = Predictions(self.class_head(states)[None], boxes[None], mask_embeds[None])
        start = boxes.detach()
        if self.box_start == "mask":
            with torch.no_grad():
                masks = torch.einsum("bqd,bdhw->bqhw", mask_embeds, features.mask_features)
            start = boxes_from_masks(masks, start, features.valid_ratios)
        return selected, tokens.detach(), torch.logit(start, self.box_epsilon)

    def _denoising_queries(self, noisy: NoisyTargets) -> tuple[Tensor, Tensor]:
        """Content (B, P, C) and box logits (B, P, 4); padding has no content and a centred box."""
        content = self.label_embed(noisy.labels) * noisy.valid[..., None]
        return content, torch.logit(noisy.boxes, self.box_epsilon)


def _gather(values: Tensor, index: Tensor) -> Tensor:
    """Rows ``index`` (B, Q) of ``values`` (B, S, C)."""
    return values.gather(1, index[..., None].expand(-1, -1, values.shape[-1]))
