"""Semantic segmentation and human parsing: mmseg's ``EncoderDecoder`` with any head as a graph."""

import copy
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from mmdet.models import MSDeformAttnPixelDecoder
from mmseg.models import EncoderDecoder
from mmseg.models.segmentors.base import BaseSegmentor
from torch import Tensor

from argus.export.heads.base import ExportHead, Output
from argus.export.heads.query_masks import with_fixed_pixel_decoder


class SemanticExport(ExportHead):
    """Logits as the head's own test makes them, then the class; sliding windows are left out.

    Among the heads are those of ``CascadeEncoderDecoder``, and Mask2Former's.
    """

    kind: ClassVar[str] = "semantic"
    decoders: ClassVar[tuple[type, ...]] = (EncoderDecoder,)

    def __init__(self, task: str, decoder: Any, size: tuple[int, int]) -> None:
        super().__init__(task, decoder, size)
        self.segmentor = decoder
        pixel_decoder = getattr(self._last_head, "pixel_decoder", None)
        if isinstance(pixel_decoder, MSDeformAttnPixelDecoder):
            self.segmentor = copy.copy(decoder)
            self.segmentor._modules = dict(decoder._modules)
            self.segmentor.decode_head = with_fixed_pixel_decoder(decoder.decode_head)

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        if type(decoder).postprocess_result is not BaseSegmentor.postprocess_result:
            return f"a {type(decoder).__name__} makes its answers of logits in its own way"
        if type(decoder).predict is not EncoderDecoder.predict:
            return f"a {type(decoder).__name__} predicts in its own way"
        return ""

    @property
    def _last_head(self) -> Any:
        head = self.decoder.decode_head
        return head[-1] if isinstance(head, torch.nn.ModuleList) else head

    @property
    def _dtype(self) -> torch.dtype:
        return torch.uint8 if self._last_head.num_classes <= 256 else torch.int32

    def outputs(self) -> list[Output]:
        """One label map, named like the task."""
        dtype = str(self._dtype).removeprefix("torch.")
        return [Output(self.task, ("batch", *self.size), dtype, "label: index into classes")]

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        # One sample stands for all: the heads resize to its picture, and none is padded.
        metas = [dict(img_shape=self.size, ori_shape=self.size, pad_shape=self.size)]
        logits = self.segmentor.encode_decode(tuple(maps), metas).float()
        if logits.shape[1] > 1:
            labels = logits.argmax(1)
        else:  # one logit: the second class where it is likely enough
            labels = logits[:, 0].sigmoid() > self._last_head.threshold
        return (labels.to(self._dtype),)
