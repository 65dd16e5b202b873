"""Configs of models from files: what they may name and say, and how a model is built from one.

A config that comes with a model or a checkpoint is a stranger's. :mod:`resolve` replaces every name
in it by a class that we have found ourselves and that its place may hold (:mod:`kinds`), and
refuses values that make a constructor read, write or fetch something (:mod:`values`).
:mod:`enclosure` is the second wall, around the build itself.
"""

from argus.model_config.enclosure import build_enclosed, names_only, read_config
from argus.model_config.resolve import (
    resolve_backbone,
    resolve_config,
    resolve_task,
    task_names,
)

__all__ = [
    "build_enclosed",
    "names_only",
    "read_config",
    "resolve_backbone",
    "resolve_config",
    "resolve_task",
    "task_names",
]
