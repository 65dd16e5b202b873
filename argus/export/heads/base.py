"""What the export needs to know of a decoder: tensors in, tensors out, and what they mean."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from torch import Tensor, nn


@dataclass(frozen=True)
class Output:
    """One output of the exported graph.

    Args:
        name: ``<task>``, or ``<task>_<part>`` where a task has several.
        axes: Names or lengths, the batch first, for example ``("batch", 1, 512, 512)``.
        dtype: As NumPy calls it.
        meaning: Unit, range and what special values stand for.
    """

    name: str
    axes: tuple[str | int, ...]
    dtype: str
    meaning: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "axes": list(self.axes)}


class ExportHead(nn.Module, ABC):
    """A decoder with its post-processing, free of data samples and of lengths that depend on data.

    Args:
        task: Name of the task.
        decoder: The decoder, in eval mode.
        size: (height, width) of the network's input, and of the answers.
    """

    # As :class:`argus.inference.task_info.TaskInfo` names it.
    kind: ClassVar[str]
    # Classes of the decoders that it is for, and of those derived from them.
    decoders: ClassVar[tuple[type, ...]]

    def __init__(self, task: str, decoder: Any, size: tuple[int, int]) -> None:
        super().__init__()
        self.task = task
        self.decoder = decoder
        self.size = size

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """What stands in the way of exporting one of ``decoders``; empty if nothing does."""
        return ""

    @abstractmethod
    def outputs(self) -> list[Output]:
        """What :meth:`forward` gives, in this order."""

    @abstractmethod
    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Backbone maps (B, C, H / s, W / s), s = 4, 8, 16, 32, to the outputs."""
