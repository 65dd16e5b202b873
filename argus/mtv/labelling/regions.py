"""Named regions: a tagger says what may be there, a detector where it is.

Tags without a box, such as those of scenes, colours and doings, are left out of the regions;
``meta.json`` keeps all.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from argus.building import build_one_of, building
from argus.errors import ConfigError
from argus.mtv.data.regions import NamedBoxes, regions_member, rounded
from argus.mtv.labelling.labeller import Labeller, Labels, Picture
from argus.mtv.labelling.owlv2 import Owlv2Boxes
from argus.mtv.labelling.registry import LABELLERS, TAGGERS
from argus.mtv.labelling.taggers.tagger import Tagger

_NONE = NamedBoxes(boxes=np.zeros((0, 4), np.float32), names=(), scores=np.zeros(0, np.float32))


@LABELLERS.register_module()
class RegionLabeller(Labeller):
    """Writes ``regions.json``.

    Args:
        tagger: ``dict(type=..., ...)`` of a tagger.
        boxes: Keys of ``Owlv2Boxes``.
        batch_size: Pictures at a time. Not stated in paper.

    Raises:
        ConfigError: A value is wrong.
        CheckpointError: A teacher cannot be read.
    """

    name = "regions"

    def __init__(
        self, *, tagger: Mapping[str, Any], boxes: Mapping[str, Any], batch_size: int = 8
    ) -> None:
        if batch_size < 1:
            raise ConfigError(f"RegionLabeller.batch_size: expected 1 or more, found {batch_size}.")
        self.tagger: Tagger = build_one_of(
            TAGGERS,
            Tagger,  # type: ignore[type-abstract]
            tagger,
            where="RegionLabeller.tagger",
            example="dict(type=CaptionPhrases)",
        )
        with building(boxes, where="RegionLabeller.boxes"):
            self.boxes = Owlv2Boxes(**boxes)
        self.boxes.encode(self.tagger.vocabulary)
        self.batch_size = batch_size
        self.reads_captions = self.tagger.reads_captions
        self.teachers = (*self.tagger.teachers, self.boxes.teacher)
        self.settings = dict(
            tagger=dict(name=self.tagger.name, **self.tagger.settings),
            boxes=dict(self.boxes.settings),
            batch_size=batch_size,
        )

    def prepare(self, picture: Picture) -> Any:
        """The picture for the tagger, for the detector, and its height and width."""
        found = self.boxes.prepare(picture.pixels)
        return self.tagger.prepare(picture), found, picture.pixels.shape[:2]

    def label(self, batch: Sequence[Any]) -> Sequence[Any]:
        """Tags and boxes."""
        tags = self.tagger.tags([own for own, _, _ in batch])
        tagged = [row for row, own in enumerate(tags) if own]
        boxes = [_NONE] * len(batch)
        if tagged:
            found = self.boxes.find(
                [batch[row][1] for row in tagged],
                [batch[row][2] for row in tagged],
                [tags[row] for row in tagged],
            )
            for row, own in zip(tagged, found, strict=True):
                boxes[row] = own
        return list(zip(tags, boxes, strict=True))

    def finish(self, answer: Any) -> Labels:
        """Encode."""
        tags, found = answer
        boxes = rounded(found)
        return Labels(
            members={"regions.json": regions_member(boxes)},
            meta=dict(tagger=self.tagger.name, tags=tags),
            counts=dict(tags=len(tags), boxes=len(boxes), without_boxes=int(not len(boxes))),
        )
