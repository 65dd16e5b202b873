"""Weights of the published Mask DINO by the names of this one: pixel encoder and decoder.

Source: the layout of the checkpoints of https://github.com/IDEA-Research/MaskDINO.

The published code orders the levels by ``FEATURE_ORDER``, and the decoder's opposite to the
encoder's. Here they go from fine to coarse everywhere, so what belongs to a level (its embedding,
the offsets and weights of deformable attention) moves to the level's place. Some weights are stored
under several names; those have to agree.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from argus.errors import CheckpointError

from .head import MaskDINOHead
from .pixel_encoder import MaskDINOPixelEncoder

FEATURE_ORDERS = ("high2low", "low2high")
# Every published model has as many; the shapes do not tell.
NUM_HEADS = 8
# Weights that are no part of pixel encoder and decoder.
_OTHER_PARTS = ("backbone.", "criterion.")
_PREFIX = "sem_seg_head."

_ENCODER, _DECODER = "pixel_decoder.transformer.encoder.layers.N", "predictor.decoder.layers.N"
# Published name -> own name; N is a number that both have.
_NAMES = {
    "pixel_decoder.transformer.level_embed": "pixel_encoder.level_embed",
    f"{_ENCODER}.self_attn": "pixel_encoder.layers.N.attention",
    f"{_ENCODER}.norm1": "pixel_encoder.layers.N.attention_norm",
    f"{_ENCODER}.linear1": "pixel_encoder.layers.N.feed_forward.expand",
    f"{_ENCODER}.linear2": "pixel_encoder.layers.N.feed_forward.reduce",
    f"{_ENCODER}.norm2": "pixel_encoder.layers.N.feed_forward.norm",
    "pixel_decoder.adapter_1.norm": "pixel_encoder.lateral.1",
    "pixel_decoder.adapter_1": "pixel_encoder.lateral.0",
    "pixel_decoder.layer_1.norm": "pixel_encoder.output.1",
    "pixel_decoder.layer_1": "pixel_encoder.output.0",
    "pixel_decoder.mask_features": "pixel_encoder.mask_projection",
    "predictor.enc_output": "head.token_projection",
    "predictor.enc_output_norm": "head.token_norm",
    "predictor.class_embed": "head.class_head",
    "predictor.label_enc": "head.label_embed",
    "predictor.mask_embed": "head.mask_head",
    "predictor._bbox_embed": "head.box_head",
    "predictor.bbox_embed.N": "head.box_head",
    "predictor.decoder.bbox_embed.N": "head.box_head",
    "predictor.decoder_norm": "head.decoder.norm",
    "predictor.decoder.norm": "head.decoder.norm",
    "predictor.decoder.ref_point_head": "head.decoder.position_mlp",
    f"{_DECODER}.self_attn": "head.decoder.layers.N.self_attention",
    f"{_DECODER}.norm2": "head.decoder.layers.N.self_norm",
    f"{_DECODER}.cross_attn": "head.decoder.layers.N.cross_attention",
    f"{_DECODER}.norm1": "head.decoder.layers.N.cross_norm",
    f"{_DECODER}.linear1": "head.decoder.layers.N.feed_forward.expand",
    f"{_DECODER}.linear2": "head.decoder.layers.N.feed_forward.reduce",
    f"{_DECODER}.norm3": "head.decoder.layers.N.feed_forward.norm",
}
_INPUT = re.compile(r"pixel_decoder\.input_proj\.(\d+)\.(.+)")
# Layers that read the backbone's maps, whose width is the backbone's.
_INPUT_LAYERS = re.compile(r"pixel_encoder\.(input_projections|extra_projections\.0|lateral)\.")


@dataclass(frozen=True)
class PublishedDecoder:
    """What a published checkpoint holds.

    Attributes:
        state: Tensors by the names of :class:`~.detector.MaskDINO`, ``pixel_encoder.`` and
            ``head.``.
        pixel_encoder: Arguments of its pixel encoder, as far as weights tell.
        head: Arguments of its head, likewise.
        left_out: How many tensors of which part of the model are no part of these.
    """

    state: dict[str, Tensor]
    pixel_encoder: dict[str, Any]
    head: dict[str, Any]
    left_out: dict[str, int]

    def without_inputs(self) -> dict[str, Tensor]:
        """``state`` without the layers that read the backbone's maps, for another backbone."""
        return {k: v for k, v in self.state.items() if not _INPUT_LAYERS.match(k)}


def from_published(
    state: Mapping[str, Tensor], *, feature_order: str | None = None
) -> PublishedDecoder:
    """Rename and reorder the weights of a published checkpoint.

    Args:
        state: Its tensors by name.
        feature_order: ``FEATURE_ORDER`` of its config, ``high2low`` (where the config does not say)
            or ``low2high``. By default the widths of the maps tell, which grow with the stride.

    Raises:
        CheckpointError: A weight is missing, left over, of another shape, or stored twice with
            different values; or the order of the levels is not known.
    """
    left_out = {
        part.rstrip("."): sum(name.startswith(part) for name in state) for part in _OTHER_PARTS
    }
    own = {n: t for n, t in state.items() if not n.startswith(_OTHER_PARTS)}
    parts = {name.removeprefix(_PREFIX): tensor for name, tensor in own.items()}
    sizes = _Sizes.of(parts, feature_order)
    found: dict[str, Tensor] = {}
    unused = []
    for name, tensor in parts.items():
        target = _own_name(name, sizes)
        if target is None:
            unused.append(name)
            continue
        moved = _by_level(name, tensor, sizes)
        if target in found and not torch.equal(found[target], moved):
            raise CheckpointError(
                f"{name} differs from what other names of {target} hold: the published model has "
                "one box head and one norm for all layers, and this has several."
            )
        found[target] = moved
    _check(found, unused, sizes)
    return PublishedDecoder(
        found,
        sizes.encoder_arguments(),
        {**sizes.head_arguments(), "smallest_guess": sizes.smallest_guess},
        left_out,
    )


def _own_name(name: str, sizes: "_Sizes") -> str | None:
    """The name of a weight here; ``None`` if it has none."""
    if match := _INPUT.fullmatch(name):
        index, leaf = int(match[1]), match[2]
        base = len(sizes.widths)
        if index >= base:
            return f"pixel_encoder.extra_projections.{index - base}.{leaf}"
        level = index if sizes.feature_order == "low2high" else base - 1 - index
        return f"pixel_encoder.input_projections.{level}.{leaf}"
    number = re.search(r"(?<=\.)\d+(?=\.)", name)
    general = name if number is None else f"{name[: number.start()]}N{name[number.end() :]}"
    # The longest published name that this one begins with, its first number being N or itself.
    for end in range(name.count(".") + 1, 0, -1):
        for candidate in dict.fromkeys((general, name)):
            pieces = candidate.split(".")
            target = _NAMES.get(".".join(pieces[:end]))
            if target is not None and (candidate == name or "N" in pieces[:end]):
                layer = target.replace("N", number[0]) if number else target
                return ".".join([layer, *pieces[end:]])
    return None


def _by_level(name: str, tensor: Tensor, sizes: "_Sizes") -> Tensor:
    """The tensor with its levels from fine to coarse."""
    order = sizes.encoder_places
    if name.endswith("level_embed"):
        return tensor[order]
    match = re.search(r"\.(self|cross)_attn\.(sampling_offsets|attention_weights)\.", name)
    if not match:
        return tensor
    if match[1] == "cross":
        order = [len(order) - 1 - place for place in order]
    by_level = tensor.unflatten(0, (NUM_HEADS, len(order), -1))
    return by_level[:, order].flatten(0, 2)


def _check(found: Mapping[str, Tensor], unused: Sequence[str], sizes: "_Sizes") -> None:
    """Compare names and shapes with a model of these sizes."""
    with torch.device("meta"):
        parts: dict[str, nn.Module] = {
            "pixel_encoder": MaskDINOPixelEncoder(**sizes.encoder_arguments()),
            "head": MaskDINOHead(
                **sizes.head_arguments(),
                num_levels=sizes.num_levels,
                embed_dim=sizes.embed_dim,
                mask_dim=sizes.mask_dim,
            ),
        }
    expected = {
        f"{part}.{name}": tuple(tensor.shape)
        for part, module in parts.items()
        for name, tensor in module.state_dict().items()
    }
    problems = {
        "missing": sorted(set(expected) - set(found)),
        "unused": sorted([*unused, *(set(found) - set(expected))]),
        "of another shape": sorted(
            f"{name} {tuple(found[name].shape)} instead of {shape}"
            for name, shape in expected.items()
            if name in found and tuple(found[name].shape) != shape
        ),
    }
    texts = [f"{len(names)} {kind}: {', '.join(names)}" for kind, names in problems.items()]
    if any(problems.values()):
        raise CheckpointError(
            f"not the weights of a published Mask DINO: {'; '.join(texts)}. Models with two-stage "
            "queries and focal class scores (instance and panoptic ones) can be converted."
        )


@dataclass(frozen=True)
class _Sizes:
    """What the shapes of a checkpoint tell.

    Attributes:
        widths: Channels of the maps that become tokens, fine to coarse.
        first_width: Channels of the map of stride 4.
        num_extra_levels: Coarser levels made from the last map.
        feature_order: See :func:`from_published`.
    """

    widths: tuple[int, ...]
    first_width: int
    num_extra_levels: int
    feature_order: str
    embed_dim: int
    mask_dim: int
    num_points: int
    encoder_ffn: int
    decoder_ffn: int
    encoder_layers: int
    decoder_layers: int
    num_classes: int

    @classmethod
    def of(cls, state: Mapping[str, Tensor], feature_order: str | None) -> "_Sizes":
        """Read the sizes.

        Raises:
            CheckpointError: What tells a size is missing, or the order of the levels is not known.
        """
        encoder, decoder = (name.replace("N", "0") for name in (_ENCODER, _DECODER))
        kernels: list[Tensor] = []
        while f"pixel_decoder.input_proj.{len(kernels)}.0.weight" in state:
            kernels.append(state[f"pixel_decoder.input_proj.{len(kernels)}.0.weight"])
        widths = [kernel.shape[1] for kernel in kernels if kernel.shape[-1] == 1]
        if feature_order is None:
            feature_order = _order_of(widths)
        elif feature_order not in FEATURE_ORDERS:
            raise CheckpointError(
                f"feature_order: expected one of {FEATURE_ORDERS}, found {feature_order!r}."
            )
        if feature_order == "high2low":
            widths.reverse()
        if len(kernels) - len(widths) > 1:
            raise CheckpointError(
                f"{len(kernels) - len(widths)} extra levels: expected at most one, as published "
                "models have; the published code gives several each other's position codes."
            )
        try:
            levels, width = state["pixel_decoder.transformer.level_embed"].shape
            samples = state[f"{encoder}.self_attn.attention_weights.bias"].numel()
            return cls(
                widths=tuple(widths),
                first_width=state["pixel_decoder.adapter_1.weight"].shape[1],
                num_extra_levels=levels - len(widths),
                feature_order=feature_order,
                embed_dim=width,
                mask_dim=state["pixel_decoder.mask_features.weight"].shape[0],
                num_points=samples // (NUM_HEADS * levels),
                encoder_ffn=state[f"{encoder}.linear1.weight"].shape[0],
                decoder_ffn=state[f"{decoder}.linear1.weight"].shape[0],
                encoder_layers=_count(state, _ENCODER),
                decoder_layers=_count(state, _DECODER),
                num_classes=state["predictor.class_embed.weight"].shape[0],
            )
        except KeyError as error:
            raise CheckpointError(
                f"not the weights of a published Mask DINO: {error.args[0]} is missing. The file "
                f"has {', '.join(list(state)[:3]) or 'nothing of pixel encoder and decoder'} ..."
            ) from error

    @property
    def num_levels(self) -> int:
        """Levels, extra ones included."""
        return len(self.widths) + self.num_extra_levels

    @property
    def encoder_places(self) -> list[int]:
        """Where each level, fine to coarse, stands in the published encoder."""
        total, base = self.num_levels, len(self.widths)
        if self.feature_order == "high2low":
            return [total - 1 - level for level in range(total)]
        # Extra levels come last, the coarsest first.
        return [*range(base), *range(total - 1, base - 1, -1)]

    @property
    def smallest_guess(self) -> str:
        """See :class:`~.head.MaskDINOHead`: the first level of the published decoder."""
        return "fine" if self.feature_order == "high2low" else "coarse"

    def encoder_arguments(self) -> dict[str, Any]:
        """Of :class:`~.pixel_encoder.MaskDINOPixelEncoder`."""
        has_finest = len(self.widths) == 4
        return dict(
            in_channels=self.widths if has_finest else (self.first_width, *self.widths),
            embed_dim=self.embed_dim,
            mask_dim=self.mask_dim,
            num_layers=self.encoder_layers,
            num_heads=NUM_HEADS,
            num_points=self.num_points,
            ffn_dim=self.encoder_ffn,
            levels=(0, 1, 2, 3) if has_finest else (1, 2, 3),
            num_extra_levels=self.num_extra_levels,
        )

    def head_arguments(self) -> dict[str, Any]:
        """Of :class:`~.head.MaskDINOHead`, without what follows from the pixel encoder."""
        return dict(
            num_classes=self.num_classes,
            num_layers=self.decoder_layers,
            num_heads=NUM_HEADS,
            num_points=self.num_points,
            ffn_dim=self.decoder_ffn,
        )


def _order_of(widths: Sequence[int]) -> str:
    if len(set(widths)) < 2:
        raise CheckpointError(
            f"the maps have the widths {list(widths)}, which do not tell the order of the levels: "
            f"name FEATURE_ORDER of the checkpoint's config, one of {FEATURE_ORDERS}."
        )
    return "low2high" if widths[0] < widths[-1] else "high2low"


def _count(state: Mapping[str, Tensor], layer: str) -> int:
    pattern = re.compile(re.escape(layer).replace("N", r"(\d+)") + r"\.")
    return len({match[1] for name in state if (match := pattern.match(name))})
