"""Training configs at toy size, and building them; of what configs share, once."""

from mmengine.config import Config, ConfigDict
from torch import nn

from argus.models import MultitaskModel
from argus.models.backbones import trained_backbone
from argus.registry import MODELS
from argus.tasks import parse_tasks

SHRINK = 8


def inner_backbone(config: Config) -> ConfigDict:
    """The backbone itself, not what loads its trained weights."""
    backbone = config.backbone
    return backbone.backbone if backbone.type is trained_backbone else backbone


def shrink(config: Config) -> Config:
    """Random weights, the backbone's width divided by 8, a ViT of four blocks."""
    if config.backbone.type is trained_backbone:
        config.backbone.checkpoint = "random"
    vit = inner_backbone(config).vit
    arch = vit.type.architecture(vit.arch)
    vit.update(weights="random", img_size=112)
    if isinstance(vit.arch, str):
        vit.arch = dict(embed_dim=arch.embed_dim // SHRINK, depth=4, num_heads=arch.num_heads)
        if layers := inner_backbone(config).get("layers"):
            inner_backbone(config).layers = [-(-layer * 4 // arch.depth) for layer in layers]
        for task in config.tasks.values():
            divide_widths(task.decoder, arch.embed_dim)
    return config


def divide_widths(decoder: dict, width: int) -> None:
    """Divide what is as wide as the backbone."""
    for key, value in decoder.items():
        if key == "in_channels" and isinstance(value, (list, tuple)):
            decoder[key] = [c // SHRINK if c == width else c for c in value]
        elif key in ("in_channels", "channels") and value == width:
            decoder[key] = value // SHRINK
        elif isinstance(value, dict):
            divide_widths(value, width)


# By their settings: most configs differ in other things.
_backbones: dict[str, nn.Module] = {}
_decoders: set[str] = set()


def build_backbone(config: Config) -> nn.Module:
    key = repr(config.backbone)
    if key not in _backbones:
        _backbones[key] = MODELS.build(config.backbone)
    return _backbones[key]


def build_new_decoders(config: Config, backbone: nn.Module) -> None:
    """Those that have not been built yet for maps of these widths."""
    decoders = {
        f"{task.decoder} of {backbone.out_channels}": (name, task.decoder)
        for name, task in parse_tasks(config.tasks).items()
    }
    new = dict(found for key, found in decoders.items() if key not in _decoders)
    if new:
        assert list(MultitaskModel(backbone, new).decoders) == list(new)
    _decoders.update(decoders)
