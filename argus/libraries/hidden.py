"""What the OpenMMLab libraries would take from ``transformers``, were it installed for MTV.

mmpretrain turns to models of its own that do not import with the releases of today: without this
no ``import mmpretrain`` would succeed. mmdet and mmengine import it for models and optimizers that
Argus does not offer (``argus.model_config.kinds``), which takes seconds in every process.
``import argus`` makes these modules, by their names, find none.
"""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

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


class HidingFinder:
    """Finds few modules as they are found without, and executes them as if it were not there."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer for the modules above alone; see :class:`importlib.abc.MetaPathFinder`."""
        if fullname not in FROM and fullname != _ASKS:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: Any) -> None:
                with _hidden():
                    execute(module)
                if fullname == _ASKS:
                    module.WITH_MULTIMODAL = False

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


@contextlib.contextmanager
def _hidden() -> Iterator[None]:
    """An import of it fails as one of a package that is not installed."""
    loaded = sys.modules.get(HIDDEN)
    sys.modules[HIDDEN] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[HIDDEN]
        if loaded is not None:
            sys.modules[HIDDEN] = loaded


def register() -> None:
    """Ask this finder first from now on, once per process; imports nothing."""
    if not any(isinstance(finder, HidingFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, HidingFinder())  # type: ignore[arg-type]
