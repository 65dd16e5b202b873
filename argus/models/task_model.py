"""What the engine trains: a model that gives, from a batch, the loss of every task.

Runner, loop, optimizer, checkpoints and logs know no more of a model than this. What its tasks
share is its ``backbone``, what a task has of its own is the entry of that name in ``decoders``:
learning rates, clipping, checkpoints and tables of parameters go by these names.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from mmengine.model import BaseModel
from torch import Tensor, nn

from argus.errors import ConfigError


class TaskModel(BaseModel):
    """Base of the models that the engine trains.

    Attributes:
        backbone: What the tasks share.
        decoders: What a task has of its own, by its name.
        libraries: OpenMMLab library that a task's decoder belongs to, by name; ``None`` for none.
        loss_weights: Factor of each task's loss in the total.
        streams: Task names by data stream.
    """

    backbone: Any
    decoders: nn.ModuleDict
    libraries: dict[str, str | None]
    loss_weights: dict[str, float]
    streams: dict[str, tuple[str, ...]]

    @abstractmethod
    def forward(
        self,
        batches: Mapping[str, Mapping[str, Any]],
        mode: str = "loss",
        *,
        seeds: Mapping[str, int] | None = None,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Losses of all tasks whose streams are in ``batches``.

        Args:
            batches: Collated batch per stream: ``inputs`` (one entry per image) and
                ``data_samples`` (list; for a stream of several tasks each entry maps task to its
                sample).
            mode: ``loss``, or ``packed`` where :meth:`check_packing` passes: the same by one pass
                of the backbone over all streams.
            seeds: Seed of what a task or stream draws, by name.

        Returns:
            The weighted loss of every task, connected to every parameter that is trained in it, and
            the detached parts for the log, named ``<task>/<name>``.
        """

    @abstractmethod
    def predict(self, task: str, batch: Mapping[str, Any]) -> list[Any]:
        """Data samples with predictions of a task, which its metrics take.

        Args:
            task: Name of the task.
            batch: Collated batch with ``inputs`` and ``data_samples``.
        """

    def check_packing(self) -> None:
        """Refuse the mode ``packed``, if the model has none.

        Raises:
            ConfigError: Saying why.
        """
        raise ConfigError(
            f"train_cfg.schedule='packed': {type(self).__name__} has no packed pass over its "
            "streams. Take 'joint' or 'sequential'."
        )

    def frozen_base(self) -> tuple[str, dict[str, Tensor]]:
        """Name of weights that no training changes, and their tensors by full name.

        They are no part of a checkpoint; empty if all are.
        """
        return type(self.backbone).__name__, {}

    def layer_of(self, name: str) -> tuple[int, int]:
        """Layer that a parameter of the backbone is of, and how many layers there are.

        Args:
            name: Within the backbone. Layers count from 0, the embeddings; the last is all that is
                above the blocks.
        """
        return self.backbone.layer_id(name), self.backbone.num_layers

    def before_step(self, step: int, max_steps: int) -> None:
        """Called before an optimizer step's first forward pass.

        Args:
            step: Steps done; a resumed training goes on with it.
            max_steps: Steps of the whole training.
        """

    def after_step(self) -> None:
        """Called after every optimizer step that was taken, by all processes."""

    def start_tasks(self, tasks: list[str]) -> None:
        """Called when weights were loaded that have none of these tasks, which begin anew."""
