"""Ask a backbone, by its config alone, what a decoder has to know of it.

Nothing is built and no weights are read; of a merged model its config is.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argus.errors import CheckpointError, ConfigError
from argus.models.backbones import BackboneTraits, trained_backbone
from argus.models.backbones.trained import missing_checkpoint_message
from argus.registry import MODELS


def backbone_traits(config: Any) -> BackboneTraits:
    """What the class of a backbone says of a config.

    Raises:
        ConfigError: It does not say it, there is no such class, or there is no backbone.
        CheckpointError: The merged model that the config names cannot be read.
    """
    if not isinstance(config, Mapping) or "type" not in config:
        found = "nothing" if config is None else f"{config!r:.80}"
        raise ConfigError(
            "backbone: a recipe takes widths and strides from it; expected dict(type=...), found "
            f"{found}. Import one from configs/_base_/backbones/."
        )
    kind = config["type"]
    kind = MODELS.get(kind) if isinstance(kind, str) else kind
    if kind is None:
        raise ConfigError(f"backbone.type: there is no model {config['type']!r}.")
    if kind is trained_backbone:
        return backbone_traits(_trained(config))
    if not hasattr(kind, "traits_of"):
        name = getattr(kind, "__name__", config["type"])
        raise ConfigError(
            f"backbone: {name} does not say what its maps are, so no recipe fits a decoder to it. "
            "Give the class a class method traits_of(config) that returns "
            "argus.models.backbones.BackboneTraits(channels=...)."
        )
    traits: BackboneTraits = kind.traits_of(config)
    return traits


def _trained(config: Mapping[str, Any]) -> Any:
    """Config of the backbone whose trained weights a config names."""
    if config.get("backbone") is not None:
        return config["backbone"]
    path = config.get("checkpoint", "")
    if not Path(path).is_dir():
        raise CheckpointError(missing_checkpoint_message(path))
    # Imported where it is needed: it imports whatever is registered.
    from argus.model_config import resolve_backbone
    from argus.storage.model_folder import read_config

    return resolve_backbone(read_config(path).get("backbone"))
