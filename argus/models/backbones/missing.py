"""Weight files that the config of a backbone names and that are not there, before it is built."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from argus.errors import ConfigError
from argus.models.backbones.dinov2 import DinoVisionTransformer, architecture_name
from argus.models.backbones.siglip import SiglipVisionTransformer
from argus.models.backbones.siglip_weights import missing_siglip_message
from argus.models.backbones.trained import missing_checkpoint_message, trained_backbone
from argus.models.backbones.vit import RANDOM
from argus.models.backbones.weights import missing_weights_message

VITS = (DinoVisionTransformer.__name__, SiglipVisionTransformer.__name__)
"""Classes whose ``weights`` name a file."""


def missing_weights(config: Any) -> Iterator[str]:
    """What to do for every weight file that is missing, one text each.

    Args:
        config: Of the backbone, whose parts are looked through.
    """
    if not isinstance(config, Mapping):
        return
    kind = config.get("type")
    name = getattr(kind, "__name__", str(kind)).rpartition(".")[2]
    weights = config.get("weights")
    if name in VITS and isinstance(weights, str) and weights != RANDOM:
        if name == SiglipVisionTransformer.__name__:
            if not Path(weights).exists():
                yield missing_siglip_message(weights, _siglip(config))
        elif not Path(weights).is_file():
            yield missing_weights_message(weights, _architecture(config))
    if name == trained_backbone.__name__:
        checkpoint = config.get("checkpoint")
        if isinstance(checkpoint, str) and checkpoint != RANDOM and not Path(checkpoint).exists():
            yield missing_checkpoint_message(checkpoint)
    for value in config.values():
        yield from missing_weights(value)


def _architecture(config: Mapping[str, Any]) -> str:
    """Name of the architecture; empty if the config is wrong, which building it tells."""
    try:
        arch = DinoVisionTransformer.architecture(config["arch"])
    except (ConfigError, KeyError, TypeError):
        return ""
    return architecture_name(arch, config.get("patch_size", 14), config.get("num_registers", 4))


def _siglip(config: Mapping[str, Any]) -> str:
    """The size of a tower in a word."""
    return f"the size {config.get('arch')!r:.80}"
