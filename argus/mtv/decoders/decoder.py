"""What the model asks of a task's decoder."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from argus.errors import ConfigError
from argus.mtv.passes import Passes

Parts = dict[str, Tensor]


class Decoder(nn.Module, ABC):
    """Base of the decoders, which say what they read, so that nothing else is run or trained.

    Attributes:
        taps: Blocks of the vision tower, counted from 1, whose outputs in pass A it reads.
        reads_pooled: Whether it reads the pooled embedding of pass A.
        reads_texts: Whether it has texts.
        uses_logit_scale: Whether it uses the scale and bias of the encoder pair.
    """

    taps: tuple[int, ...] = ()
    reads_pooled = False
    reads_texts = False
    uses_logit_scale = False

    def bind(self, backbone: Any) -> None:
        """Make the parameters whose sizes are those of the encoders; called once.

        Args:
            backbone: The ``SiglipModel``; no part of it is kept as a submodule.
        """

    def texts(self, samples: Sequence[Any], *, task: str) -> Tensor | None:
        """Tokens (n, L) int64 of the texts of a batch on the CPU; ``None`` if it has none.

        Args:
            samples: Of the task, one per picture, ``None`` where a picture has none.
            task: Its name.
        """
        return None

    @abstractmethod
    def loss(self, passes: Passes, samples: Sequence[Any], *, task: str) -> tuple[Tensor, Parts]:
        """The loss () of a batch, and its parts for the log, detached.

        Averaged over the processes, losses and gradients are those of the whole batch.

        Args:
            passes: Of the batch.
            samples: As for :meth:`texts`.
            task: Its name.
        """

    def predict(self, passes: Passes, samples: Sequence[Any], *, task: str) -> list[Any]:
        """What the metrics of the task take, one entry per picture.

        Args:
            passes: Of the batch.
            samples: As for :meth:`texts`.
            task: Its name.

        Raises:
            ConfigError: If the task has nothing to be measured by.
        """
        raise ConfigError(
            f"tasks[{task!r}].val: {type(self).__name__} has no predictions that a metric takes. "
            "Remove val and test of this task."
        )

    def before_step(self, step: int, max_steps: int) -> None:
        """See :meth:`argus.models.task_model.TaskModel.before_step`."""

    def after_step(self, backbone: Any) -> None:
        """See :meth:`argus.models.task_model.TaskModel.after_step`."""

    def start(self, backbone: Any) -> None:
        """Begin with encoders whose weights were just loaded."""


def detached(**parts: Tensor) -> Parts:
    """Parts for the log."""
    return {name: value.detach() for name, value in parts.items()}
