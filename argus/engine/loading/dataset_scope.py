"""Where the names in the config of a data set are looked up."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from argus.models.foreign import library_of, library_scope
from argus.registry import DATASETS


@contextlib.contextmanager
def dataset_scope(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Enter the scope of the library that a data set is of.

    A bare name that neither Argus nor mmengine knows is looked up in the scope the caller is in.

    Args:
        config: Of the data set.

    Yields:
        The config with the class of the data set, which that scope need not know by its name.
    """
    if isinstance(config["type"], str):
        with contextlib.suppress(RuntimeError):  # mmengine's, for a name that leads nowhere
            config = {**config, "type": DATASETS.get(config["type"]) or config["type"]}
    kind = config["type"]
    with library_scope(library_of(kind) if isinstance(kind, type) else None):
        yield config
