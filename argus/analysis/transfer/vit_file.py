"""A DINOv2 ViT from its weight file alone: its sizes are those of the tensors."""

import math
from pathlib import Path

from argus.errors import CheckpointError
from argus.models.backbones.dinov2 import ARCHITECTURES, DinoVisionTransformer
from argus.models.backbones.weight_layouts import LAYOUTS, detect_layout, to_official
from argus.models.backbones.weights import check_family, read_weight_file


def read_vit(path: str | Path) -> DinoVisionTransformer:
    """Build the ViT of a weight file in the official, timm or Hugging Face layout.

    Raises:
        CheckpointError: The file cannot be read, or is of no ViT of DINOv2's sizes.
    """
    try:
        state = read_weight_file(path)
        layout = detect_layout(state)
        check_family(layout, LAYOUTS, path)
        official = to_official(state, layout).state
        _, places, width = official["pos_embed"].shape
        patch = official["patch_embed.proj.weight"].shape[-1]
    except (KeyError, ValueError) as error:
        raise CheckpointError(
            str(error) if isinstance(error, CheckpointError) else f"{path}: no DINOv2 ViT ({error})"
        ) from error
    depth = len({key.split(".")[1] for key in official if key.startswith("blocks.")})
    found = [
        name
        for name, size in ARCHITECTURES.items()
        if (size.embed_dim, size.depth) == (width, depth)
    ]
    if not found:
        sizes = ", ".join(f"{a.embed_dim} x {a.depth}" for a in ARCHITECTURES.values())
        raise CheckpointError(
            f"{path}: a ViT of width {width} and {depth} blocks; those of DINOv2 have {sizes}."
        )
    registers = official.get("register_tokens")
    return DinoVisionTransformer(
        found[0],
        weights=str(path),
        patch_size=patch,
        num_registers=0 if registers is None else registers.shape[1],
        img_size=patch * math.isqrt(places - 1),
    )
