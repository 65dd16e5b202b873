"""Do the decoders normalise pictures as the ViT that they stand on expects?

Another mean or deviation is no error, since a trunk may be trained on with it, but of a frozen one
it is a mistake that no shape shows; so it is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from argus.errors import CheckpointError, ConfigError
from argus.recipes.backbone_traits import backbone_traits
from argus.tasks import Task

_NEAR = 0.01  # of 255


def foreign_pixels(backbone: Any, tasks: Mapping[str, Task]) -> Iterator[str]:
    """A sentence for every task whose decoder normalises otherwise than its backbone expects.

    Args:
        backbone: Its config; of one that does not say what it expects, nothing is told.
        tasks: Of the config.
    """
    try:
        traits = backbone_traits(backbone)
    except (CheckpointError, ConfigError):
        return
    for name, task in tasks.items():
        preprocessor = (task.decoder or {}).get("data_preprocessor")
        if not isinstance(preprocessor, Mapping):
            continue
        expected = dict(mean=traits.mean, std=traits.std)
        found = {key: preprocessor.get(key) for key in expected}
        if any(not _equal(found[key], value) for key, value in expected.items()):
            yield (
                f"tasks.{name}.decoder.data_preprocessor: mean={found['mean']}, "
                f"std={found['std']}, but the backbone expects "
                f"mean={list(traits.mean)}, std={list(traits.std)}."
            )


def _equal(found: Any, expected: Sequence[float]) -> bool:
    if not isinstance(found, Sequence) or len(found) != len(expected):
        return False
    return all(abs(a - b) < _NEAR for a, b in zip(found, expected, strict=True))
