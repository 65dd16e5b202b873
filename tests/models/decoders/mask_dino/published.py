"""Names and shapes of the weights of a published Mask DINO, written down from its structure."""

import torch
from torch import Tensor

WIDTHS = dict(res2=32, res3=48, res4=64, res5=96)
HEADS, POINTS = 8, 4


def linear(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def mlp(name: str, *widths: int) -> dict[str, tuple[int, ...]]:
    found = {}
    for layer, (inputs, outputs) in enumerate(zip(widths, widths[1:], strict=False)):
        found |= linear(f"{name}.layers.{layer}", inputs, outputs)
    return found


def deformable(name: str, width: int, levels: int) -> dict[str, tuple[int, ...]]:
    samples = HEADS * levels * POINTS
    return {
        **linear(f"{name}.sampling_offsets", width, samples * 2),
        **linear(f"{name}.attention_weights", width, samples),
        **linear(f"{name}.value_proj", width, width),
        **linear(f"{name}.output_proj", width, width),
    }


def shapes(
    *,
    order: str = "high2low",
    names: tuple[str, ...] = ("res3", "res4", "res5"),
    extra: int = 0,
    width: int = 32,
    mask: int = 64,
    classes: int = 5,
    encoder: tuple[int, int] = (2, 48),
    decoder: tuple[int, int] = (3, 80),
) -> dict[str, tuple[int, ...]]:
    """Shape by name; ``encoder`` and ``decoder`` are layers and width of the feed-forward part."""
    levels = len(names) + extra
    found: dict[str, tuple[int, ...]] = {
        "backbone.stem.weight": (3,),
        "criterion.empty_weight": (6,),
    }
    pixel = "sem_seg_head.pixel_decoder"
    inputs = [WIDTHS[name] for name in names]
    for i, channels in enumerate(inputs if order == "low2high" else inputs[::-1]):
        name = f"{pixel}.input_proj.{i}"
        found |= {f"{name}.0.weight": (width, channels, 1, 1), f"{name}.0.bias": (width,)}
        found |= norm(f"{name}.1", width)
    for i in range(extra):
        name = f"{pixel}.input_proj.{len(names) + i}"
        channels = WIDTHS["res5"] if i == 0 else width
        found |= {f"{name}.0.weight": (width, channels, 3, 3), f"{name}.0.bias": (width,)}
        found |= norm(f"{name}.1", width)
    found[f"{pixel}.transformer.level_embed"] = (levels, width)
    for i in range(encoder[0]):
        name = f"{pixel}.transformer.encoder.layers.{i}"
        found |= deformable(f"{name}.self_attn", width, levels)
        found |= norm(f"{name}.norm1", width) | norm(f"{name}.norm2", width)
        found |= linear(f"{name}.linear1", width, encoder[1])
        found |= linear(f"{name}.linear2", encoder[1], width)
    found[f"{pixel}.mask_features.weight"] = (mask, width, 1, 1)
    found[f"{pixel}.mask_features.bias"] = (mask,)
    found[f"{pixel}.adapter_1.weight"] = (width, WIDTHS["res2"], 1, 1)
    found[f"{pixel}.layer_1.weight"] = (width, width, 3, 3)
    found |= norm(f"{pixel}.adapter_1.norm", width) | norm(f"{pixel}.layer_1.norm", width)

    head = "sem_seg_head.predictor"
    found |= linear(f"{head}.enc_output", width, width) | norm(f"{head}.enc_output_norm", width)
    found |= linear(f"{head}.class_embed", width, classes)
    found[f"{head}.label_enc.weight"] = (classes, width)
    found |= mlp(f"{head}.mask_embed", width, width, width, mask)
    found |= norm(f"{head}.decoder_norm", width) | norm(f"{head}.decoder.norm", width)
    for i in range(decoder[0]):
        name = f"{head}.decoder.layers.{i}"
        found |= deformable(f"{name}.cross_attn", width, levels)
        found[f"{name}.self_attn.in_proj_weight"] = (3 * width, width)
        found[f"{name}.self_attn.in_proj_bias"] = (3 * width,)
        found |= linear(f"{name}.self_attn.out_proj", width, width)
        for part in ("norm1", "norm2", "norm3"):
            found |= norm(f"{name}.{part}", width)
        found |= linear(f"{name}.linear1", width, decoder[1])
        found |= linear(f"{name}.linear2", decoder[1], width)
    found |= mlp(f"{head}.decoder.ref_point_head", 2 * width, width, width)
    for name in ("_bbox_embed", *(f"bbox_embed.{i}" for i in range(decoder[0]))):
        found |= mlp(f"{head}.{name}", width, width, width, 4)
        if name != "_bbox_embed":
            found |= mlp(f"{head}.decoder.{name}", width, width, width, 4)
    return found


def state(**settings) -> dict[str, Tensor]:
    """Random weights; those that are stored under several names are equal."""
    generator = torch.Generator().manual_seed(0)
    found = {
        name: torch.randn(shape, generator=generator) for name, shape in shapes(**settings).items()
    }
    head = "sem_seg_head.predictor"
    for name in found:
        if ".bbox_embed." in name:  # and a number
            leaf = name.split(".bbox_embed.")[1].split(".", 1)[1]
            found[name] = found[f"{head}._bbox_embed.{leaf}"]
        elif ".decoder.norm." in name:
            found[name] = found[name.replace(".decoder.norm.", ".decoder_norm.")]
    return found
