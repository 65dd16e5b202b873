"""What every dense head has: a network, a loss, and the meaning of the network's output."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mmengine.model import BaseModule
from torch import Tensor

from argus.errors import ConfigError
from argus.registry import MODELS


class DenseHead(BaseModule):
    """A network and what its output means; the base class of the dense heads.

    The output of ``forward`` is *raw*: it is resized bilinearly before :meth:`loss` and
    :meth:`decode` see it.

    Args:
        network: Config of a network that takes ``out_channels`` and maps feature maps (B, C_l,
            H_l, W_l) to (B, out_channels, H, W): ``DPTNetwork`` or ``UPerNetwork``.
        out_channels: Channels of the network's output.
        init_cfg: See mmengine's ``BaseModule``.

    Raises:
        ConfigError: ``network`` has ``out_channels`` of its own.
    """

    # Which ``gt_`` and ``pred_`` of a DenseSample the head is about.
    field: ClassVar[str]

    def __init__(
        self,
        network: Mapping[str, Any],
        *,
        out_channels: int,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if "out_channels" in network:
            raise ConfigError(
                f"{type(self).__name__}: network.out_channels={network['out_channels']} was "
                f"given, but follows from the head, which sets {out_channels}. Leave it out."
            )
        self.network = MODELS.build({**network, "out_channels": out_channels})

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Feature maps, finest first, to the raw output (B, C, H, W)."""
        return self.network(maps)

    @abstractmethod
    def loss(self, raw: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Losses of a batch.

        Args:
            raw: Output (B, C, H, W) float32, at the size of the labels.
            labels: ``gt_<field>`` of the batch, (B, C', H, W).
        """

    @abstractmethod
    def decode(self, raw: Tensor) -> Tensor:
        """Raw output (C, H, W) to ``pred_<field>`` (C', H, W), float32."""

    def mirror(self, prediction: Tensor) -> Tensor:
        """The prediction (C', H, W) that the image mirrored left to right would have."""
        return prediction.flip(-1)

    def average(self, first: Tensor, second: Tensor) -> Tensor:
        """The mean of two predictions (C', H, W)."""
        return (first + second) / 2
