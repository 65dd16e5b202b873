"""A person's own pictures and captions."""

from collections.abc import Mapping, Sequence
from typing import Any

from argus.datasets.own.parts import parts, told
from argus.datasets.own.record import PARTS, OwnData, OwnPicture
from argus.datasets.own.tree import Tree
from argus.datasets.transforms.loading import read_image
from argus.errors import ConfigError, DataError
from argus.mtv.data.captions import usable
from argus.mtv.data.own_captions import read_captions
from argus.mtv.data.pack import CAPTIONS, DEPTH, REGIONS
from argus.mtv.data.pairs import Pairs
from argus.names.wording import counted
from argus.registry import DATASETS

ALL = "all"


@DATASETS.register_module()
class OwnPairs(Pairs):
    """Pictures with one or several captions each; one is drawn whenever the picture is.

    Args:
        data: A table of path and caption (``.csv``, ``.tsv``, ``.jsonl``), COCO's
            ``captions_*.json``, or a folder with one of them or with a ``.txt`` beside each
            picture, of which each line is a caption.
        split: ``train``, ``val``, ``test``, or ``all`` for all pictures. What is not trained on is
            split off by the seed, where the data name no parts.
        format: ``csv``, ``jsonl``, ``coco`` or ``txt``; ``None`` for the only one that is there.
        seed: Of the validation part.
        group: Pattern of the names of pictures that stay together when a part is split off.
        val_share: Share of the pictures that are split off.
        max_missing: Share of captions whose picture may be missing.
        pipeline: As for ``argus.mtv.data.pairs.Pairs``.

    Raises:
        ConfigError: The split, the format or the pattern cannot be.
        DataError: The data cannot be read, or a task takes labels that they do not have.
    """

    def __init__(
        self,
        data: str,
        *,
        split: str,
        format: str | None = None,
        seed: int = 0,
        group: str | None = None,
        val_share: float | None = None,
        max_missing: float = 0.01,
        pipeline: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(pipeline)
        if split not in (*PARTS, ALL):
            raise ConfigError(f"split={split!r}: expected one of {', '.join((*PARTS, ALL))}.")
        wrong = sorted({REGIONS, DEPTH} & self.labels) if self.packer is not None else []
        if wrong:
            raise DataError(
                f"{data}: a task takes {' and '.join(wrong)}, and pictures with captions have "
                "none. Leave it out, or write shards with side-cars."
            )
        tree = Tree(data)
        found = read_captions(tree, format)
        notes = []
        if found.missing:
            text = (
                f"{counted(len(found.missing), 'caption')} of {found.num_rows:,} are of pictures "
                f"that are not below {tree.root}: {', '.join(found.missing[:3])}"
            )
            if len(found.missing) > max_missing * found.num_rows:
                raise DataError(f"{text}. Bring them there, or raise max_missing={max_missing}.")
            notes.append(f"{text}; they are left out")
        record = OwnData(
            format=found.format,
            root=tree.root,
            pictures=tuple(
                OwnPicture(path=path, part=found.parts.get(path)) for path in sorted(found.captions)
            ),
            kinds=(CAPTIONS,),
        )
        chosen = {ALL: list(record.pictures)} if split == ALL else {}
        if not chosen:
            chosen = parts(record, seed=seed, val_share=val_share, group=group)
            notes.append(told(record, chosen, seed=seed))
        self._root = tree.root
        self._pictures = [
            (picture.path, tuple(found.captions[picture.path])) for picture in chosen[split]
        ]
        if not self._pictures:
            raise DataError(f"{data}: no pictures of {split}.")
        self.notes = (*notes, *self.look_at_captions())

    def __len__(self) -> int:
        return len(self._pictures)

    def name(self, index: int) -> str:
        """Path of the file."""
        return str(self._root / self._pictures[index][0])

    def get_data_info(self, index: int) -> dict[str, Any]:
        """Path and captions of a picture."""
        return dict(img_path=self.name(index), captions=list(self._pictures[index][1]))

    def captions(self, index: int) -> list[str]:
        """Those of a picture that are not empty."""
        return usable(self._pictures[index][1])

    def load(self, index: int) -> dict[str, Any]:
        """Read a picture."""
        captions = self.captions(index) if CAPTIONS in self.labels else []
        image = read_image(self.name(index))
        return dict(
            img=image,
            img_path=self.name(index),
            img_shape=image.shape[:2],
            ori_shape=image.shape[:2],
            captions=captions,
        )
