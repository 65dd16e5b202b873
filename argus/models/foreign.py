"""Models of other OpenMMLab libraries inside an Argus model: built and called in their scope.

An inner ``type='UPerHead'`` of an mmseg model is looked up in the *default scope*. The scope is
entered around both the build and every call, because some models build parts on the fly.
"""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mmengine.config import ConfigDict
from mmengine.registry import DefaultScope
from torch import nn

from argus.errors import ConfigError
from argus.models.backbones.shared import SharedBackbone
from argus.registry import MODELS

LIBRARIES = ("mmdet", "mmseg", "mmpose", "mmpretrain")


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
    for base in kind.__mro__:
        root = base.__module__.split(".")[0]
        if root in LIBRARIES:
            return root
    return None


def build_decoder(config: Mapping[str, Any], backbone: nn.Module, *, where: str) -> nn.Module:
    """Build a complete OpenMMLab model and bind its ``SharedBackbone`` to ``backbone``.

    Args:
        config: Model config with ``backbone=dict(type=SharedBackbone)``.
        backbone: The real backbone.
        where: What the config belongs to, for messages, e.g. ``tasks['depth'].decoder``.

    Raises:
        ConfigError: If no ``SharedBackbone`` is in the built model.
    """
    # A ConfigDict throughout: foreign models read train_cfg and test_cfg by attribute.
    config = ConfigDict(copy.deepcopy(dict(config)))
    inner = config.get("backbone")
    if inner is not None and inner.get("type") == "SharedBackbone":
        inner["type"] = SharedBackbone
    with library_scope(library_of(config["type"])):
        model = MODELS.build(config)
    slots = [module for module in model.modules() if isinstance(module, SharedBackbone)]
    if not slots:
        raise ConfigError(
            f"{where}: the decoder {type(model).__name__} has no SharedBackbone, so it would train "
            f"a backbone of its own ({inner}). Set backbone=dict(type=SharedBackbone)."
        )
    for slot in slots:
        slot.bind(backbone)
    return model
