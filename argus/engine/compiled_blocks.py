"""``compile_vit = True`` of a config: the blocks of the ViT by ``torch.compile``.

The forward pass of each block is compiled in place, so that names of parameters, checkpoints and
what calls the blocks stay as they are. All blocks share one graph, and so do all sizes of pictures:
numbers of images and of tokens are symbols, but for the number one. There are further graphs for
passes without gradients, for another precision and for blocks in training mode.
"""

import importlib.util
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Any

from torch import nn

from argus.errors import ConfigError
from argus.models.backbones.vit import VisionTransformer

BACKEND = "inductor"


def compile_blocks(model: nn.Module, *, schedule: str = "joint", backend: Any = None) -> int:
    """Compile the blocks of all ViTs in ``model``; each graph is built when it is first needed.

    Args:
        model: On its device.
        schedule: Of the training.
        backend: Of ``torch.compile``; ``None`` takes inductor.

    Returns:
        How many blocks.

    Raises:
        ConfigError: There is no ViT, the schedule is ``packed``, or a compiler is missing.
    """
    blocks = [b for m in model.modules() if isinstance(m, VisionTransformer) for b in m.blocks]
    if not blocks:
        raise ConfigError(
            "compile_vit=True, but the backbone has no ViT of Argus to compile: remove it."
        )
    if schedule == "packed":
        raise ConfigError(
            "compile_vit=True does not go with train_cfg.schedule='packed', whose images change "
            "their lengths in every step. Take 'joint' or 'sequential', or remove compile_vit."
        )
    backend = backend or BACKEND
    if backend == "inductor":
        missing = missing_compiler(next(model.parameters()).device.type)
        if missing:
            raise ConfigError(
                f"compile_vit=True needs {missing}, which is not here: install it, or remove "
                "compile_vit."
            )
    for block in blocks:
        block.compile(backend=backend, dynamic=True)
    return len(blocks)


def missing_compiler(device: str) -> str:
    """What ``torch.compile`` needs for a device and lacks here, in words; empty if nothing.

    Args:
        device: ``cuda`` or ``cpu``.
    """
    if device == "cuda" and importlib.util.find_spec("triton") is None:
        return "the package triton"
    kind, variable = ("C", "CC") if device == "cuda" else ("C++", "CXX")
    usual = {"C": ("gcc", "clang"), "C++": ("clang++",) if sys.platform == "darwin" else ("g++",)}
    names = [os.environ[variable]] if os.environ.get(variable) else usual[kind]
    if not any(shutil.which(name) for name in names):
        return f"a {kind} compiler ({' or '.join(names)}; {variable} names another)"
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return "the headers of Python (Python.h; python3-dev on Debian)"
    return ""
