"""Programs that keep the curves of many trainings: TensorBoard, Weights & Biases, MLflow.

``argus train --track NAME`` adds the backend of one to the config's visualizer, which is the same
as writing it there.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.visualization import LocalVisBackend, TensorboardVisBackend, Visualizer

from argus.engine.reports.mlflow_backend import MLflowBackend
from argus.engine.reports.wandb_backend import WandbBackend
from argus.errors import ConfigError

TRACKERS: Mapping[str, type] = dict(
    tensorboard=TensorboardVisBackend, wandb=WandbBackend, mlflow=MLflowBackend
)
"""Backend of each, by its name, which is that of its package and of the extra, too."""


def add_trackers(config: Any, names: Sequence[str]) -> None:
    """Have a training written to programs as well.

    Args:
        config: Of the training; changed in place. A visualizer that it does not mention becomes one
            that writes JSON lines and TensorBoard's files.
        names: Keys of :data:`TRACKERS`.

    Raises:
        ConfigError: The package of one is not installed, or the visualizer is none with backends.
    """
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise ConfigError(
                f"--track {name} needs the package {name}, which is not installed: pip install "
                f'"argus-multitask[{name}]".'
            )
    if "visualizer" not in config:
        names = ["tensorboard", *names]
    if config.get("visualizer") is None:
        if not names:
            return
        config["visualizer"] = dict(type=_name_of(Visualizer))
    if "vis_backends" not in config["visualizer"]:
        config["visualizer"]["vis_backends"] = [dict(type=_name_of(LocalVisBackend))]
    backends = config["visualizer"]["vis_backends"]
    if not isinstance(backends, list):
        raise ConfigError(
            f"visualizer.vis_backends: expected a list of dicts, found {backends!r:.80}."
        )
    for name in dict.fromkeys(names):
        kind = TRACKERS[name]
        if not any(_type_of(backend) in (kind, kind.__name__) for backend in backends):
            backends.append(dict(type=_name_of(kind)))


def _name_of(kind: type) -> str:
    """A text, which the run's copy of any config can hold; that of a class, only some can."""
    return f"{kind.__module__}.{kind.__name__}"


def _type_of(backend: Any) -> Any:
    kind = backend.get("type") if isinstance(backend, Mapping) else type(backend)
    return kind.rpartition(".")[2] if isinstance(kind, str) else kind
