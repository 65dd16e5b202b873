"""The features of a frozen model that are compared: one vector for a picture, of several kinds.

Of a model of Argus:

- ``pooled``: what its classifier pools, the attentional pooler's output;
- ``class_token``: of the ViT, behind all that the adapter does to it;
- ``map16``: the mean over the places of the dense map of stride 16, or of the coarsest;
- ``all_maps``: the means of all its maps, side by side.

Of a plain ViT, all behind its last norm, as DINOv2 is evaluated:

- ``class_token``;
- ``patches``: the mean of the patch tokens;
- ``class_and_patches``: both, side by side.

A ViT without a class token (SigLIP's) has the patches alone.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmpretrain.models import ImageClassifier
from torch import Tensor

from argus.analysis.loaded_model import LoadedModel
from argus.engine.cached_backbone import backbone_hash
from argus.inference.normaliser import Normaliser
from argus.models.backbones.base import PATCH_STRIDE, VitBackbone
from argus.models.backbones.vit import VisionTransformer
from argus.models.foreign import library_scope
from argus.precision import autocast
from argus.storage.checkpoint import tensor_hash

Features = dict[str, Tensor]
# Of the sides of a picture, for a backbone that does not say its own.
_SIZE_DIVISOR = 32


@dataclass(frozen=True, kw_only=True)
class FeatureSource:
    """A model that gives features.

    Args:
        name: For tables.
        patch_px: Pixels of the picture that a patch of the ViT covers; a grid of g x g patches
            takes a picture of g times as many pixels a side.
        fingerprint: Of the weights and all that the features depend on.
        normalise: From pixels to the input.
        compute: From the input (B, 3, H, W) to (B, D) of each kind.
        device: Where it is.
        precision: ``bf16`` or ``fp32``.
        divisor: What the sides of the input are multiples of.
    """

    name: str
    patch_px: int
    fingerprint: str
    normalise: Normaliser
    compute: Callable[[Tensor], Features]
    device: torch.device
    precision: str
    divisor: int

    @torch.no_grad()
    def __call__(self, images: Sequence[np.ndarray]) -> Features:
        """Features of pictures of one size, each RGB (H, W, 3) uint8; float32 on the CPU."""
        inputs = self.normalise(images, divisor=self.divisor, device=self.device)
        with autocast(self.precision, self.device.type):
            found = self.compute(inputs)
        return {kind: feature.float().cpu() for kind, feature in found.items()}


def plain_source(
    vit: VisionTransformer, *, name: str, device: torch.device, precision: str
) -> FeatureSource:
    """The features of a ViT alone."""
    vit = vit.requires_grad_(False).eval().to(device)

    def compute(inputs: Tensor) -> Features:
        tokens = vit.forward_features(inputs)
        patches = tokens.patch_tokens.mean(1)
        if tokens.cls_token is None:
            return dict(patches=patches)
        return dict(
            class_token=tokens.cls_token,
            patches=patches,
            class_and_patches=torch.cat([tokens.cls_token, patches], 1),
        )

    return FeatureSource(
        name=name,
        patch_px=vit.patch_size,
        fingerprint=f"plain|{vit.architecture_name}|{tensor_hash(vit.state_dict())}",
        normalise=Normaliser(mean=vit.mean, std=vit.std, is_rgb=True, pad_value=0.0),
        compute=compute,
        device=device,
        precision=precision,
        divisor=vit.patch_size,
    )


def argus_source(loaded: LoadedModel, settings: Any, *, name: str) -> FeatureSource:
    """The features of a model of Argus, with any backbone and tasks.

    Args:
        loaded: The model.
        settings: ``backbone`` of its config; they belong to the fingerprint.
        name: For tables.
    """
    model = loaded.model.requires_grad_(False).eval()
    backbone = model.backbone
    classifiers = {
        task: decoder
        for task, decoder in model.decoders.items()
        if isinstance(decoder, ImageClassifier) and decoder.with_neck
    }
    class_tokens: list[Tensor] = []
    if isinstance(backbone, VitBackbone) and backbone.vit.num_prefix_tokens:
        vit = backbone.vit
        # Behind the last block, so it is there whatever the adapter makes of the tokens.
        vit.blocks[-1].register_forward_hook(
            lambda module, given, tokens: class_tokens.append(vit.norm(tokens[:, 0]))
        )

    def compute(inputs: Tensor) -> Features:
        class_tokens.clear()
        maps = model.features(inputs)
        found: Features = {}
        for task, decoder in classifiers.items():
            with library_scope("mmpretrain"):
                pooled = decoder.extract_feat(tuple(maps), stage="neck")[-1]
            found["pooled" if len(classifiers) == 1 else f"pooled_{task}"] = pooled.flatten(1)
        if class_tokens:
            found["class_token"] = class_tokens[-1]
        means = {
            inputs.shape[-1] // feature.shape[-1]: feature.float().mean((2, 3)) for feature in maps
        }
        stride = PATCH_STRIDE if PATCH_STRIDE in means else max(means)
        found[f"map{stride}"] = means[stride]
        found["all_maps"] = torch.cat(list(means.values()), 1)
        return found

    poolers = {
        f"{task}.{key}": value
        for task, decoder in classifiers.items()
        for key, value in decoder.neck.state_dict().items()
    }
    first = next(iter(classifiers.values()), next(iter(model.decoders.values())))
    return FeatureSource(
        name=name,
        patch_px=PATCH_STRIDE,
        fingerprint=f"argus|{backbone_hash(model, settings)}|{tensor_hash(poolers)}",
        normalise=Normaliser.of(first.data_preprocessor),
        compute=compute,
        device=loaded.device,
        precision=loaded.precision,
        divisor=getattr(backbone, "size_divisor", _SIZE_DIVISOR),
    )


def vit_of(loaded: LoadedModel) -> VisionTransformer | None:
    """A copy of the frozen ViT that a model stands on, as it was released; ``None`` if none is."""
    backbone = loaded.model.backbone
    if not isinstance(backbone, VitBackbone) or not backbone.freeze_vit:
        return None
    return copy.deepcopy(backbone.vit)
