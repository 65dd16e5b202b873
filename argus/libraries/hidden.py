"""What the OpenMMLab libraries would take from ``transformers``, were it installed for MTV.

mmpretrain turns to models of its own that do not import with the releases of today: without this
no ``import mmpretrain`` would succeed. mmdet and mmengine import it for models and optimizers that
Argus does not offer (``argus.model_config.kinds``), which takes seconds in every process.
``import argus`` makes these modules, by their names, find none.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from argus.libraries.wrapped_loading import WrappingFinder

HIDDEN = "transformers"
FROM = (
    "mmdet.datasets.transforms.text_transformers",
    "mmdet.models.dense_heads.atss_vlfusion_head",
    "mmdet.models.language_models.bert",
    "mmdet.models.utils.vlfuse_helper",
    "mmengine.optim.optimizer.builder",
)
# It asks for the version of what is installed, and imports nothing itself.
_ASKS = "mmpretrain.utils.dependency"


@contextlib.contextmanager
def _around(module: Any) -> Iterator[None]:
    loaded = sys.modules.get(HIDDEN)
    sys.modules[HIDDEN] = None  # type: ignore[assignment]  # as if it were not installed
    try:
        yield
    finally:
        del sys.modules[HIDDEN]
        if loaded is not None:
            sys.modules[HIDDEN] = loaded
    if module.__name__ == _ASKS:
        module.WITH_MULTIMODAL = False


def register() -> None:
    """Hide it from now on, once per process; imports nothing."""
    WrappingFinder((*FROM, _ASKS), _around).register()
