"""Labellers and taggers by their names in configs."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.registry import Registry

from argus.building import build_one_of
from argus.errors import ConfigError
from argus.mtv.labelling.labeller import Labeller

LABELLERS = Registry("labeller", scope="argus", locations=["argus.mtv.labelling.registered"])
TAGGERS = Registry("tagger", scope="argus", locations=["argus.mtv.labelling.registered"])


def build_labellers(configs: Any) -> list[Labeller]:
    """The labellers of a config.

    Args:
        configs: ``[dict(type=..., ...), ...]``.

    Raises:
        ConfigError: It is another thing, or two have one name.
        CheckpointError: A teacher cannot be read.
    """
    if not isinstance(configs, Sequence) or isinstance(configs, str) or not configs:
        raise ConfigError(f"labellers: expected a list of dict(type=..., ...), found {configs!r}.")
    LABELLERS.import_from_location()
    found: list[Labeller] = []
    for number, config in enumerate(configs):
        where = f"labellers[{number}]"
        config = dict(config) if isinstance(config, Mapping) else config
        example = "dict(type=DepthLabeller, model=...)"
        found.append(
            build_one_of(LABELLERS, Labeller, config, where=where, example=example)  # type: ignore[type-abstract]
        )
    names = [labeller.name for labeller in found]
    if len(set(names)) < len(names):
        raise ConfigError(
            f"labellers: {', '.join(names)}: two of a kind would write the same members; take one "
            "out, or label into two folders."
        )
    return found
