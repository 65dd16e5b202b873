"""Named regions by Florence-2 alone, which writes the objects of a picture and where they are.

Source: "Florence-2: Advancing a Unified Representation for a Variety of Vision Tasks" (Xiao et al.,
CVPR 2024); ``transformers`` has model and parser. It states no scores, so that the regions have
none, and places in thousandths of the sides.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from transformers import AutoProcessor, Florence2ForConditionalGeneration

from argus.errors import ConfigError
from argus.mtv.data.regions import NamedBoxes, regions_member, rounded
from argus.mtv.labelling.labeller import Labeller, Labels, Picture
from argus.mtv.labelling.registry import LABELLERS
from argus.mtv.labelling.teachers import (
    check_precision,
    computing,
    device,
    on_device,
    read_beside,
    read_teacher,
    record_of,
)

_TASK = "<OD>"
_BINS = 1000


class Florence2:
    """Finds objects.

    Args:
        model: Folder, or name on the Hub, in the form of ``transformers``.
        revision: Commit on the Hub.
        role: What it is noted as.
        max_tokens: Of an answer.
        num_beams: Of the search.
        precision: ``fp32``, ``bf16`` or ``fp16``.

    Raises:
        ConfigError: A value is out of range.
        CheckpointError: The model cannot be read.
    """

    def __init__(
        self,
        *,
        model: str,
        revision: str | None = None,
        role: str,
        max_tokens: int = 1024,
        num_beams: int = 1,
        precision: str = "fp32",
    ) -> None:
        check_precision(precision, where="Florence2")
        if max_tokens < 1 or num_beams < 1:
            raise ConfigError(
                f"Florence2: expected max_tokens and num_beams >= 1, found {max_tokens} and "
                f"{num_beams}."
            )
        self._model = read_teacher(
            Florence2ForConditionalGeneration,
            model,
            revision=revision,
            what="Florence-2",
            example="florence-community/Florence-2-base",
        )
        self._processor = read_beside(AutoProcessor, model, revision=revision, what="processor")
        blank = np.zeros((8, 8, 3), np.uint8)
        prompt = self._processor(
            text=_TASK, images=blank, input_data_format="channels_last", return_tensors="pt"
        )
        self._prompt = {name: prompt[name].to(device()) for name in ("input_ids", "attention_mask")}
        self.precision = precision
        self._search = dict(max_new_tokens=max_tokens, num_beams=num_beams, do_sample=False)
        self.teacher = record_of(model, role=role, model=self._model)
        self.settings = dict(max_tokens=max_tokens, num_beams=num_beams, precision=precision)

    def prepare(self, picture: Picture) -> Any:
        """(3, S, S) float32; the picture is squeezed to a square."""
        found = self._processor.image_processor(
            images=np.ascontiguousarray(picture.pixels),
            input_data_format="channels_last",
            return_tensors="pt",
        )
        return found["pixel_values"][0]

    def find(self, batch: Sequence[Any]) -> list[NamedBoxes]:
        """The objects of each picture, in the order of the answer."""
        with computing(self.precision):
            answers = self._model.generate(
                pixel_values=on_device(list(batch)),
                **{name: rows.expand(len(batch), -1) for name, rows in self._prompt.items()},
                **self._search,
            )
        texts = self._processor.batch_decode(answers, skip_special_tokens=False)
        return [self._parsed(text) for text in texts]

    def _parsed(self, text: str) -> NamedBoxes:
        # With its bins as size, the parser gives their numbers; of any other it cuts fractions off.
        found = self._processor.post_process_generation(
            text=text, task=_TASK, image_size=(_BINS, _BINS)
        )[_TASK]
        boxes = (np.array(found["bboxes"], np.float32).reshape(-1, 4) + 0.5) / _BINS
        names = [" ".join(name.split()) for name in found["labels"]]
        rows = [
            row
            for row, (box, name) in enumerate(zip(boxes, names, strict=True))
            if name and box[0] < box[2] <= 1 and box[1] < box[3] <= 1
        ]
        return NamedBoxes(
            boxes=boxes[rows],
            names=tuple(names[row] for row in rows),
            scores=np.ones(len(rows), np.float32),
        )


@LABELLERS.register_module()
class Florence2Regions(Labeller):
    """Writes ``regions.json``, without another detector.

    Args:
        model: Folder, or name on the Hub, in the form of ``transformers``.
        revision: Commit on the Hub.
        most: Regions of a picture, the first ones. Not stated in paper.
        max_tokens: Of an answer. Not stated in paper.
        num_beams: Of the search. Not stated in paper.
        batch_size: Pictures at a time. Not stated in paper.
        precision: ``fp32``, ``bf16`` or ``fp16``. Not stated in paper.

    Raises:
        ConfigError: A value is out of range.
        CheckpointError: The model cannot be read.
    """

    name = "regions"

    def __init__(
        self,
        *,
        model: str,
        revision: str | None = None,
        most: int = 20,
        max_tokens: int = 1024,
        num_beams: int = 1,
        batch_size: int = 8,
        precision: str = "fp32",
    ) -> None:
        if most < 1 or batch_size < 1:
            raise ConfigError(
                f"Florence2Regions: expected most and batch_size >= 1, found {most} and "
                f"{batch_size}."
            )
        self._florence = Florence2(
            model=model,
            revision=revision,
            role="tags and boxes",
            max_tokens=max_tokens,
            num_beams=num_beams,
            precision=precision,
        )
        self.most, self.batch_size = most, batch_size
        self.teachers = (self._florence.teacher,)
        self.settings = dict(self._florence.settings, most=most, batch_size=batch_size)

    def prepare(self, picture: Picture) -> Any:
        """The picture for the model."""
        return self._florence.prepare(picture)

    def label(self, batch: Sequence[Any]) -> Sequence[Any]:
        """Its objects."""
        return self._florence.find(batch)

    def finish(self, answer: Any) -> Labels:
        """Encode."""
        found = rounded(answer)
        regions = found.some(np.arange(min(len(found), self.most)))
        return Labels(
            members={"regions.json": regions_member(regions)},
            meta=dict(tagger="florence2"),
            counts=dict(boxes=len(regions), without_boxes=int(not len(regions))),
        )
