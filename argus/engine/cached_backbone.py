"""The feature cache of a run: which backbone it is for, and what it was worth."""

import hashlib
from collections.abc import Mapping
from typing import Any

from argus.errors import ConfigError
from argus.models.backbones.feature_cache import FeatureCache
from argus.models.multitask import MultitaskModel
from argus.names.wording import counted
from argus.storage.checkpoint import tensor_hash

_KEYS = ("path", "max_gb")
# Where weights came from; the weights themselves are hashed.
_NOT_SETTINGS = ("checkpoint", "weights")


def add_feature_cache(model: MultitaskModel, config: Mapping[str, Any], backbone: Any) -> None:
    """Let the backbone of ``model`` keep its maps on disk.

    Args:
        model: The model.
        config: ``feature_cache`` of the config: ``path``, and ``max_gb`` (GiB).
        backbone: ``backbone`` of the config; its settings belong to the key.

    Raises:
        ConfigError: If a key is unknown or missing, or the backbone is trained or keeps no maps.
    """
    unknown = sorted(set(config) - set(_KEYS))
    if unknown or "path" not in config:
        raise ConfigError(
            f"feature_cache: expected dict(path=..., max_gb=100.0), found {dict(config)}."
        )
    if not hasattr(model.backbone, "use_cache"):
        raise ConfigError(
            f"feature_cache: {type(model.backbone).__name__} has no use_cache(); remove "
            "feature_cache from the config."
        )
    cache = FeatureCache(
        config["path"],
        backbone=backbone_hash(model, backbone),
        max_gb=float(config.get("max_gb", 100.0)),
    )
    model.backbone.use_cache(cache)


def backbone_hash(model: MultitaskModel, settings: Any) -> str:
    """SHA-256 over a backbone's tensors and settings."""
    digest = hashlib.sha256(tensor_hash(model.backbone.state_dict()).encode())
    digest.update(_plain(settings).encode())
    return digest.hexdigest()


def _plain(value: Any) -> str:
    """Settings as text, the same in every process and on every machine."""
    if isinstance(value, Mapping):
        items = sorted((str(k), _plain(v)) for k, v in value.items() if k not in _NOT_SETTINGS)
        return "{" + ",".join(f"{key}:{text}" for key, text in items) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_plain, value)) + "]"
    return value.__name__ if hasattr(value, "__name__") else repr(value)


def cache_report(model: MultitaskModel) -> str | None:
    """What the cache did in this process, or why it was of no use; ``None`` without one."""
    cache: FeatureCache | None = getattr(model.backbone, "cache", None)
    if cache is None:
        return None
    report = (
        f"feature cache {cache.folder}: {counted(cache.hits, 'image')} read, {cache.misses} "
        f"computed, {cache.num_bytes / 2**30:.2f} GiB on disk"
    )
    if cache.is_full:
        report += "; full: raise feature_cache.max_gb or make room on the disk"
    if cache.misses and not cache.hits:
        report += (
            "; no image came twice: a pipeline with random augmentation gains nothing, and pays "
            "for the writing. Remove the augmentation or the cache"
        )
    return report
