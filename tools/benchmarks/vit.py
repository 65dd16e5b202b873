"""The ViT against timm's of the same sizes, and the adapter against the ViT in it, in turns.

One picture in the precision of predictions, without gradients.
"""

import importlib.util
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from argus.models.backbones import DinoVisionTransformer, ViTAdapter
from argus.precision import AUTO, autocast
from tools.benchmarks.configs import SEED
from tools.benchmarks.report import Case, Result, Settings, relative_error

# timm's with the sizes of ours, by the name of the architecture.
TIMM = {"base": "vit_base_patch14_reg4_dinov2", "small": "vit_small_patch14_reg4_dinov2"}
SIZE, QUICK_SIZE = 518, 28
# The adapter gives the ViT 14 pixels of each 16.
ADAPTER_SIZE, QUICK_ADAPTER_SIZE = 576, 32
LIMIT = 1e-2  # of the patches, over the largest value, in float32; TF32 on GPUs


def cases(settings: Settings) -> Iterator[Case]:
    """The ViT, and the adapter over it."""
    size = QUICK_SIZE if settings.quick else SIZE
    yield Case(f"ViT and timm's, {size} px", partial(_against_timm, settings, size))
    size = QUICK_ADAPTER_SIZE if settings.quick else ADAPTER_SIZE
    yield Case(f"adapter and its ViT, {size} px", partial(_adapter, settings, size))


def _against_timm(settings: Settings, size: int) -> Result:
    if importlib.util.find_spec("timm") is None:
        return Result(note="timm is not installed")
    import timm

    torch.manual_seed(SEED)
    arch = "small" if settings.quick else "base"
    ours: Any = DinoVisionTransformer(arch=arch, weights="random", img_size=size)
    ours = ours.to(settings.device).eval()
    theirs: Any = timm.create_model(TIMM[arch], pretrained=False, img_size=size, num_classes=0)
    theirs.load_state_dict(_as_timm(ours.state_dict()))
    theirs = theirs.to(settings.device).eval()
    picture = torch.randn(1, 3, size, size).to(settings.device)

    def first() -> Tensor:
        return ours.forward_features(picture).patch_tokens

    def second() -> Tensor:
        tokens: Tensor = theirs.forward_features(picture)
        return tokens[:, theirs.num_prefix_tokens :]

    with torch.inference_mode():
        error = relative_error(first(), second())
    result = _compared(settings, first, second)
    result.check("difference", error, LIMIT)
    return result


def _as_timm(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Our parameters as timm has them: the class token comes with its position."""
    found = {name.replace("register_tokens", "reg_token"): value for name, value in state.items()}
    del found["mask_token"]
    found["cls_token"] = found["cls_token"] + found["pos_embed"][:, :1]
    found["pos_embed"] = found["pos_embed"][:, 1:]
    return found


def _adapter(settings: Settings, size: int) -> Result:
    torch.manual_seed(SEED)
    arch: Any = dict(embed_dim=96, depth=4, num_heads=3) if settings.quick else "base"
    vit = dict(type=DinoVisionTransformer, arch=arch, weights="random")
    adapter = ViTAdapter(vit=vit, freeze_vit=True).to(settings.device).eval()
    picture = torch.randn(1, 3, size, size).to(settings.device)
    inner = torch.randn(1, 3, *[size * adapter.vit.patch_size // 16] * 2).to(settings.device)
    return _compared(
        settings, lambda: adapter(picture), lambda: adapter.vit.forward_features(inner)
    )


def _compared(settings: Settings, first: Callable[[], Any], second: Callable[[], Any]) -> Result:
    with torch.inference_mode(), autocast(AUTO, settings.device.type):
        found = settings.compare(first, second)
    return Result(
        {
            "first_ms": found.first_ms,
            "second_ms": found.second_ms,
            "ratio": found.ratio,
            "ratio_low": found.low,
            "ratio_high": found.high,
        }
    )
