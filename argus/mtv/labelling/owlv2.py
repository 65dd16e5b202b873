"""Boxes of named things by OWLv2.

Source: "Scaling Open-Vocabulary Object Detection" (Minderer et al., NeurIPS 2023). The picture is
padded to a square at its right and bottom and resized; boxes are fractions of that square, and
become fractions of the picture here: clipped to it, and none of them in the padding. OWLv2 has no
suppression of boxes that overlap; here those of one name are suppressed. A box has the name that
fits it best.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import batched_nms, box_convert
from transformers import AutoImageProcessor, AutoTokenizer, Owlv2ForObjectDetection

from argus.errors import ConfigError
from argus.mtv.data.regions import NamedBoxes
from argus.mtv.labelling.labeller import TeacherRecord
from argus.mtv.labelling.teachers import (
    check_precision,
    computing,
    device,
    on_device,
    read_beside,
    read_teacher,
    record_of,
)

_MAX_KEPT = 100_000
"""Names whose embeddings are kept: 200 MB of width 512."""


class Owlv2Boxes:
    """Finds boxes of given names.

    Args:
        model: Folder, or name on the Hub.
        revision: Commit on the Hub.
        prompt: What a name is put into, at ``{}``. Not stated in paper.
        min_score: Below which a box is left out. Not stated in paper.
        nms_iou: Overlap with a better box of its name beyond which a box is left out. Not stated
            in paper.
        most: Boxes of a picture, the best ones. Not stated in paper.
        precision: ``fp32``, ``bf16`` or ``fp16``. Not stated in paper.

    Raises:
        ConfigError: A value is out of range.
        CheckpointError: The model cannot be read.
    """

    def __init__(
        self,
        *,
        model: str,
        revision: str | None = None,
        prompt: str = "a photo of a {}",
        min_score: float = 0.2,
        nms_iou: float = 0.5,
        most: int = 20,
        precision: str = "fp32",
    ) -> None:
        check_precision(precision, where="Owlv2Boxes")
        if "{}" not in prompt or not (0 <= min_score < 1 and 0 < nms_iou <= 1 and most >= 1):
            raise ConfigError(
                "Owlv2Boxes: expected a prompt with {}, min_score in [0, 1), nms_iou in (0, 1] and "
                f"most >= 1, found {prompt!r}, {min_score}, {nms_iou} and {most}."
            )
        self._model = read_teacher(
            Owlv2ForObjectDetection,
            model,
            revision=revision,
            what="OWLv2",
            example="google/owlv2-base-patch16-ensemble",
        )
        options: dict[str, Any] = dict(revision=revision)
        self._processor = read_beside(AutoImageProcessor, model, what="image processor", **options)
        self._tokenizer = read_beside(AutoTokenizer, model, what="tokenizer", **options)
        self._length = int(self._model.config.text_config.max_position_embeddings)
        self._embeddings: OrderedDict[str, Tensor] = OrderedDict()
        self.prompt, self.precision = prompt, precision
        self.min_score, self.nms_iou, self.most = min_score, nms_iou, most
        self.teacher: TeacherRecord = record_of(model, role="boxes", model=self._model)
        self.settings = dict(
            prompt=prompt, min_score=min_score, nms_iou=nms_iou, most=most, precision=precision
        )

    def prepare(self, pixels: np.ndarray) -> Tensor:
        """(3, S, S) float32 of a picture (H, W, 3) uint8 RGB."""
        found = self._processor(
            images=np.ascontiguousarray(pixels),
            input_data_format="channels_last",
            return_tensors="pt",
        )
        values: Tensor = found["pixel_values"][0]
        return values

    def encode(self, names: Iterable[str]) -> None:
        """Compute the embeddings of names, once for all pictures.

        Each by itself, so that it does not depend on the others to the last bit.
        """
        for name in names:
            if name in self._embeddings:
                self._embeddings.move_to_end(name)
                continue
            found = self._tokenizer(
                self.prompt.replace("{}", name),
                padding="max_length",
                truncation=True,
                max_length=self._length,
                return_tensors="pt",
            ).to(device())
            with computing(self.precision):
                outputs = self._model.owlv2.get_text_features(
                    input_ids=found["input_ids"], attention_mask=found["attention_mask"]
                )
                embedding = outputs.pooler_output[0].float()
            self._embeddings[name] = embedding / embedding.norm()
        while len(self._embeddings) > _MAX_KEPT:
            self._embeddings.popitem(last=False)

    def find(
        self,
        pictures: Sequence[Tensor],
        sizes: Sequence[tuple[int, int]],
        names: Sequence[Sequence[str]],
    ) -> list[NamedBoxes]:
        """Boxes of each picture, the best first.

        Args:
            pictures: B of them, as :meth:`prepare` gives them.
            sizes: Height and width of each.
            names: Of what is looked for in each; one at least.
        """
        for own in names:
            self.encode(own)
        number = max(map(len, names))
        width = next(iter(self._embeddings.values())).shape[0]
        queries = torch.zeros(len(pictures), number, width, device=device())
        mask = torch.zeros(len(pictures), number, dtype=torch.bool, device=device())
        for row, own in enumerate(names):
            queries[row, : len(own)] = torch.stack([self._embeddings[name] for name in own])
            mask[row, : len(own)] = True
        with computing(self.precision):
            features, _ = self._model.image_embedder(on_device(list(pictures)))
            flat = features.flatten(1, 2)
            logits, _ = self._model.class_predictor(flat, queries, mask)
            boxes = self._model.box_predictor(flat, features)
            best, labels = logits.float().max(-1)
            scores = best.sigmoid()
        return [
            self._chosen(boxes[row].float(), scores[row], labels[row], sizes[row], names[row])
            for row in range(len(pictures))
        ]

    def _chosen(
        self,
        boxes: Tensor,
        scores: Tensor,
        labels: Tensor,
        size: tuple[int, int],
        names: Sequence[str],
    ) -> NamedBoxes:
        boxes = in_picture(boxes, size)
        rows = (scores >= self.min_score) & (boxes[:, 2:] > boxes[:, :2]).all(1)
        boxes, scores, labels = boxes[rows], scores[rows], labels[rows]
        height, width = size
        pixels = boxes * boxes.new_tensor([width, height, width, height])
        kept = batched_nms(pixels, scores, labels, self.nms_iou)[: self.most]
        return NamedBoxes(
            boxes=boxes[kept].cpu().numpy(),
            names=tuple(names[label] for label in labels[kept].tolist()),
            scores=scores[kept].cpu().numpy(),
        )


def in_picture(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Fractions of a picture of those of the square that it is padded to.

    Args:
        boxes: (N, 4) centre, width and height.
        size: Height and width of the picture.

    Returns:
        (N, 4) xyxy in [0, 1]; without area where a box lies in the padding.
    """
    height, width = size
    side = max(size)
    scale = boxes.new_tensor([side / width, side / height] * 2)
    return (box_convert(boxes, "cxcywh", "xyxy") * scale).clamp(0, 1)
