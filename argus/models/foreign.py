"""Models of other OpenMMLab libraries inside an Argus model: built and called in their scope.

An inner ``type='UPerHead'`` of an mmseg model is looked up in the *default scope*. The scope is
entered around both the build and every call, because some models build parts on the fly.
"""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.config import ConfigDict
from mmengine.model import BaseDataPreprocessor
from mmengine.registry import DefaultScope
from mmpretrain.models.heads import ClsHead
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import nn

from argus.building import building
from argus.errors import ConfigError
from argus.layers.wide import widen
from argus.model_config.kinds import LIBRARIES, library_of_class
from argus.models.backbones.shared import SharedBackbone, choose_levels
from argus.models.decoder_inputs import check_in_channels
from argus.models.packed_operators import pack_operator_inputs
from argus.registry import MODELS


@contextmanager
def library_scope(library: str | None) -> Iterator[None]:
    """Look bare type names up in ``library``; ``None`` leaves the scope as it is."""
    with DefaultScope.overwrite_default_scope(library):
        yield


def library_of(kind: type | str) -> str | None:
    """Name of the OpenMMLab library that a class, or a name such as ``mmseg.X``, belongs to.

    A class of Argus counts as the library whose base class it extends (``MaskDINO`` is a detector
    of mmdet); ``None`` if there is none.
    """
    if isinstance(kind, str):
        scope = kind.split(".")[0]
        if scope in LIBRARIES:
            return scope
        built = MODELS.get(kind)
        if built is None:
            return None
        kind = built
    assert isinstance(kind, type)
    return library_of_class(kind)


def needs_float32(decoder: nn.Module) -> bool:
    """Whether a decoder has to run outside autocast.

    Parts of mmdet and mmpose (RoIAlign, heatmaps to NumPy) do not take bfloat16. Models of mmseg
    and mmpretrain do, and so do models that are, or whose ``head`` is, a class of Argus.
    """
    if library_of(type(decoder)) not in ("mmdet", "mmpose"):
        return False
    parts = (type(decoder), type(getattr(decoder, "head", None)))
    return not any(part.__module__.split(".")[0] == "argus" for part in parts)


def widen_scores(decoder: nn.Module) -> None:
    """Let the layers that give the scores of mmseg's and mmpretrain's heads compute in float32.

    Their models run in autocast; the class of a pixel or picture is the largest score.
    """
    for module in decoder.modules():
        if isinstance(module, BaseDecodeHead) and hasattr(module, "conv_seg"):  # some delete it
            widen(module.conv_seg)
        elif isinstance(module, ClsHead):  # its last linear layer, whatever its name
            for layer in [m for m in module.modules() if isinstance(m, nn.Linear)][-1:]:
                widen(layer)


def _name_own_classes(config: Any) -> None:
    """Replace bare names of Argus that the library whose scope is on does not know by the classes.

    The libraries build their parts in their own scope, so ``type="MaskDINO"`` would not be found.

    Args:
        config: Config of a decoder; changed.
    """
    if isinstance(config, dict):
        kind = config.get("type")
        own = MODELS.module_dict.get(kind) if isinstance(kind, str) else None
        if own is not None:
            with MODELS.switch_scope_and_registry(None) as registry:
                config["type"] = registry.get(kind) or own
        for value in config.values():
            _name_own_classes(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            _name_own_classes(value)


@contextmanager
def float32_outside_backbone(decoder: nn.Module) -> Iterator[None]:
    """Run ``decoder`` in float32 and its ``SharedBackbone`` in the autocast that is on now."""
    device_type = next(decoder.parameters()).device.type
    ambient = torch.is_autocast_enabled(device_type), torch.get_autocast_dtype(device_type)
    slots = [module for module in decoder.modules() if isinstance(module, SharedBackbone)]
    for slot in slots:
        slot.backbone_autocast = ambient
    try:
        with torch.autocast(device_type, enabled=False):
            yield
    finally:
        for slot in slots:
            slot.backbone_autocast = None


def _check_no_own_weights(config: Mapping[str, Any], where: str) -> None:
    """Refuse what is left of a backbone of the decoder's own: the shared one has its place.

    The libraries hand ``pretrained`` on to the backbone, which would be blamed. That of mmpretrain
    names weights of the whole model, which its decoders may have.

    Raises:
        ConfigError: Naming the keys to remove.
    """
    inner = config.get("backbone")
    if not isinstance(inner, Mapping) or inner.get("type") is not SharedBackbone:
        return
    weights = config.get("pretrained")
    if weights is not None and library_of(config.get("type", "")) != "mmpretrain":
        raise ConfigError(
            f"{where}.pretrained={weights!r:.80} names weights for a backbone of the decoder's "
            "own, which it has not. Remove it: the decoder shares Argus's backbone, whose weights "
            "are named in 'backbone' of the config."
        )
    left = [key for key in inner if key not in ("type", "levels")]
    if left:
        raise ConfigError(
            f"{where}.backbone: unknown key{'s' * (len(left) > 1)} {', '.join(map(repr, left))} of "
            "SharedBackbone, which takes 'levels' alone; they are of a backbone of the decoder's "
            "own. Remove them: the decoder shares Argus's, which is 'backbone' of the config."
        )


def build_decoder(config: Mapping[str, Any], backbone: Any, *, where: str) -> nn.Module:
    """Build a complete OpenMMLab model and bind its ``SharedBackbone`` to ``backbone``.

    Args:
        config: Model config with ``backbone=dict(type=SharedBackbone)``.
        backbone: The real backbone.
        where: What the config belongs to, for messages, e.g. ``tasks['depth'].decoder``.

    Raises:
        ConfigError: If no ``SharedBackbone`` is in the built model, or a part of it cannot be built
            or expects other maps than those of the backbone.
    """
    # A ConfigDict throughout: foreign models read train_cfg and test_cfg by attribute.
    config = ConfigDict(copy.deepcopy(dict(config)))
    inner = config.get("backbone")
    if inner is not None and inner.get("type") == "SharedBackbone":
        inner["type"] = SharedBackbone
    _check_no_own_weights(config, where)
    if hasattr(backbone, "out_channels"):
        levels = inner.get("levels") if isinstance(inner, Mapping) else None
        seen = choose_levels(backbone.out_channels, levels, where=f"{where}.backbone.levels")
        check_in_channels(config, seen, where=where)
    kind = config.get("type")
    if not kind or not isinstance(kind, (str, type)):
        raise ConfigError(f"{where}.type: expected a class or its name, found {kind!r:.80}.")
    pack_operator_inputs()
    with building(config, where=where):
        library = library_of(kind)
        MODELS.import_from_location()
        with library_scope(library):
            _name_own_classes(config)
            model = MODELS.build(config)
    slots = [module for module in model.modules() if isinstance(module, SharedBackbone)]
    if not slots:
        raise ConfigError(
            f"{where}: the decoder {type(model).__name__} has no SharedBackbone, so it would train "
            f"a backbone of its own ({inner}). Set backbone=dict(type=SharedBackbone)."
        )
    for slot in slots:
        slot.bind(backbone)
    widen_scores(model)
    _copy_without_waiting(model)
    return model


def _copy_without_waiting(decoder: nn.Module) -> None:
    """Let the batch go to the device without the host waiting for what runs there.

    The libraries' preprocessors wait for each tensor by default, and not all have an argument for
    it.
    """
    preprocessor = getattr(decoder, "data_preprocessor", None)
    if isinstance(preprocessor, BaseDataPreprocessor):
        preprocessor._non_blocking = True
