"""Anomaly detection as a complete model: every category has its own head on the shared features."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.model import BaseModel
from mmengine.structures import PixelData
from torch import Tensor, nn

from argus.errors import ConfigError, DataError
from argus.models.decoders.anomaly.head import AnomalyHead
from argus.models.decoders.anomaly.placement import to_original
from argus.registry import MODELS
from argus.structures import DenseSample

_JOINT = "joint"


@MODELS.register_module()
class AnomalyDetector(BaseModel):
    """A backbone and one anomaly head per category, or one for all.

    A batch may hold any categories. Its loss is the mean over its samples, whichever head they go
    to; the head of a category that is absent costs nothing and gets no gradient.

    Args:
        backbone: ``dict(type=SharedBackbone)``.
        head: Config of an :class:`AnomalyHead`, built once per category.
        categories: Names, as the data set's.
        joint: One head for all categories.
        data_preprocessor: For example mmengine's ``ImgDataPreprocessor``.
        init_cfg: See mmengine's ``BaseModule``.

    Raises:
        ConfigError: No category, or one is named twice.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        head: dict[str, Any],
        *,
        categories: Sequence[str],
        joint: bool = False,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        if isinstance(categories, str) or not categories or len(set(categories)) < len(categories):
            raise ConfigError(
                f"AnomalyDetector.categories: expected different names, found {categories!r}."
            )
        self.backbone = MODELS.build(backbone)
        self.categories = tuple(categories)
        self.joint = joint
        names = (_JOINT,) if joint else self.categories
        self.heads = nn.ModuleDict({name: MODELS.build(head) for name in names})

    def forward(
        self, inputs: Any, data_samples: list[DenseSample] | None = None, mode: str = "tensor"
    ) -> Any:
        """Mmengine's entry point: ``loss``, ``predict``, or ``tensor`` for the feature maps."""
        if mode == "tensor":
            return self.backbone(inputs)
        assert mode in ("loss", "predict") and data_samples is not None, mode
        return getattr(self, mode)(inputs, data_samples)

    def loss(self, inputs: Any, data_samples: Sequence[DenseSample]) -> dict[str, Tensor]:
        """Losses by name, the mean over the samples.

        Args:
            inputs: Normalised images (B, 3, H, W), or the four feature maps.
            data_samples: With ``category`` in their metainfo, and what the head needs.

        Raises:
            DataError: A sample of a category without a head.
        """
        maps = self.backbone(inputs)
        losses: dict[str, Tensor] = {}
        for name, rows in self._rows(data_samples).items():
            share = len(rows) / len(data_samples)
            parts = self._head(name).loss(_take(maps, rows), [data_samples[i] for i in rows])
            for key, value in parts.items():
                losses[key] = losses.get(key, 0.0) + share * value
        return losses

    def predict(self, inputs: Any, data_samples: list[DenseSample]) -> list[DenseSample]:
        """Add ``pred_anomaly`` and ``pred_anomaly_map``, at the original size, to the samples.

        Args:
            inputs: As for :meth:`loss`.
            data_samples: With ``category``, ``ori_shape``, ``img_shape`` and ``scale_factor`` in
                their metainfo.

        Raises:
            DataError: As :meth:`loss`.
        """
        maps = self.backbone(inputs)
        for name, rows in self._rows(data_samples).items():
            scores, anomaly_maps = self._head(name).predict(_take(maps, rows))
            for row, score, anomaly_map in zip(rows, scores.tolist(), anomaly_maps, strict=True):
                sample = data_samples[row]
                sample.pred_anomaly = score
                sample.pred_anomaly_map = PixelData(data=to_original(anomaly_map, sample))
        return data_samples

    def _head(self, name: str) -> AnomalyHead:
        head = self.heads[name]
        assert isinstance(head, AnomalyHead)
        return head

    def _rows(self, samples: Sequence[DenseSample]) -> Mapping[str, list[int]]:
        """The rows of a batch by head, in the order of the heads."""
        if self.joint:
            return {_JOINT: list(range(len(samples)))}
        rows: dict[str, list[int]] = {}
        for row, sample in enumerate(samples):
            category = sample.metainfo.get("category")
            if category is None and len(self.categories) == 1:  # there is no other to mean
                (category,) = self.categories
            if category not in self.heads:
                raise DataError(
                    f"{sample.metainfo.get('img_path')}: category {category!r} has no head. Give "
                    f"AnomalyDetector.categories, now {self.categories}, those of the data set."
                )
            rows.setdefault(category, []).append(row)
        return {name: rows[name] for name in self.categories if name in rows}


def _take(maps: Sequence[Tensor], rows: list[int]) -> tuple[Tensor, ...]:
    """Rows of every feature map; the maps themselves if the rows are all of them."""
    if len(rows) == len(maps[0]):
        return tuple(maps)
    index = torch.tensor(rows, device=maps[0].device)
    return tuple(feature_map[index] for feature_map in maps)
