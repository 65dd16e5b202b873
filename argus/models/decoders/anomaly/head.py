"""What an anomaly head offers to the detector."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor

from argus.structures import DenseSample


class AnomalyHead(BaseModule, ABC):
    """Base of the heads; each sees the pictures of one category, or of all in a joint model."""

    @abstractmethod
    def loss(self, maps: Sequence[Tensor], samples: Sequence[DenseSample]) -> dict[str, Tensor]:
        """Losses of a batch, each the mean over its samples.

        Args:
            maps: Feature maps (B, C, H / s, W / s), s = 4, 8, 16, 32.
            samples: Their labels.
        """

    @abstractmethod
    def predict(self, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Scores (B,) and anomaly maps (B, H, W), float32, larger is more likely defective.

        Args:
            maps: As for :meth:`loss`. The anomaly maps have the size of the network's input, four
                times that of the finest map.
        """
