"""The end of a pipeline: from what is known of a picture to the samples of the tasks."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from torch import Tensor

from argus.errors import ConfigError, DataError
from argus.mtv.batch import Caption, ClassLabel, Crops, Disparity, Regions, Sample
from argus.mtv.texts import text_keys
from argus.mtv.tokenizer import Tokenizer
from argus.registry import TRANSFORMS

CAPTIONS, CROPS, REGIONS, DEPTH = "captions", "crops", "regions", "depth"
LABELS = (CAPTIONS, CROPS, REGIONS, DEPTH)


@TRANSFORMS.register_module()
class PackPairs(BaseTransform):
    """Pack a picture for the tasks of MTV; see ``argus.mtv.batch``.

    Args:
        labels: What each task takes, by its name: ``captions``, ``crops``, ``regions`` or
            ``depth``. What no task takes is not read.
        tokenizer: Folder or name on the Hub of a tokenizer, for captions and regions.
        length: Tokens of every text; as the tokenizer states by default.
        max_regions: Regions of a picture; of more, some are drawn. Not more than the decoder takes.
        by_score: Whether regions are drawn in proportion to their scores, not evenly. Not stated
            in paper.
        prompt: What a region's name is put into, at ``{}``.
        overlong: What becomes of a caption of more tokens: ``cut``, as SigLIP does, or ``replace``,
            by another picture.
        every_caption: Whether a sample has all captions of its picture, as an evaluation of
            retrieval takes them, and not one that is drawn.
        know_captions: Whether a sample tells which captions its picture has beside the one that is
            drawn, so that an equal one of another picture is no wrong negative: to
            ``Contrastive.equal_texts`` it is as its own.

    Raises:
        ConfigError: A value is out of range, or texts are to be packed without a tokenizer.
        CheckpointError: The tokenizer cannot be read.
    """

    def __init__(
        self,
        labels: Mapping[str, str],
        *,
        tokenizer: str | None = None,
        length: int | None = None,
        max_regions: int = 4,
        by_score: bool = False,
        prompt: str = "{}",
        overlong: str = "cut",
        every_caption: bool = False,
        know_captions: bool = False,
    ) -> None:
        unknown = sorted(set(labels.values()) - set(LABELS))
        if unknown or not labels:
            raise ConfigError(
                f"PackPairs.labels: expected dict(task=one of {', '.join(LABELS)}), found "
                f"{dict(labels)}."
            )
        if overlong not in ("cut", "replace"):
            raise ConfigError(f"PackPairs.overlong: expected cut or replace, found {overlong!r}.")
        if max_regions < 1 or "{}" not in prompt:
            raise ConfigError(
                "PackPairs: expected max_regions >= 1 and a prompt with {}, found "
                f"{max_regions} and {prompt!r}."
            )
        self.labels = dict(labels)
        self.max_regions = max_regions
        self.by_score = by_score
        self.prompt = prompt
        self.overlong = overlong
        self.every_caption = every_caption
        self.know_captions = know_captions
        self.tokenizer: Tokenizer | None = None
        if {CAPTIONS, REGIONS} & set(labels.values()):
            if tokenizer is None:
                raise ConfigError(
                    "PackPairs.tokenizer is missing: captions and names of regions become tokens. "
                    "Give the folder or the name on the Hub of the text encoder's tokenizer."
                )
            self.tokenizer = Tokenizer(tokenizer, length=length)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack; ``img`` and ``crops`` are BGR, and become RGB.

        Raises:
            DataError: A caption is empty once it is in the form of the tokenizer, or too long.
        """
        pack = {
            CAPTIONS: self._caption,
            CROPS: self._crops,
            REGIONS: self._regions,
            DEPTH: self._disparity,
        }
        samples = {task: pack[label](results) for task, label in self.labels.items()}
        return dict(
            inputs=_as_rgb(results["img"]),
            data_samples={task: found for task, found in samples.items() if found is not None},
        )

    def check_texts(self, results: Mapping[str, Any]) -> list[str]:
        """The captions of a sample that can be drawn.

        Raises:
            DataError: There is none.
        """
        if self.tokenizer is None or CAPTIONS not in self.labels.values():
            return []
        captions = [text for text in results["captions"] if self.tokenizer.form(text)]
        if not captions:
            raise DataError(
                f"{results['img_path']}: no caption is left without punctuation: "
                f"{results['captions'][:1]!r:.100}"
            )
        return captions

    def _caption(self, results: dict[str, Any]) -> Sample:
        assert self.tokenizer is not None
        captions = self.check_texts(results)
        if self.every_caption:
            return Caption(ids=self.tokenizer(captions), img_path=results["img_path"])
        caption = captions[np.random.randint(len(captions))]
        if self.overlong == "replace":
            (number,) = self.tokenizer.lengths([caption])
            if number > self.tokenizer.length:
                raise DataError(
                    f"{results['img_path']}: a caption of {number} tokens, more than "
                    f"{self.tokenizer.length}: {caption!r:.80}"
                )
        known = text_keys(self.tokenizer(captions)) if self.know_captions else None
        ids = self.tokenizer([caption])[0]
        return Caption(ids=ids, known=known, img_path=results["img_path"])

    def _crops(self, results: dict[str, Any]) -> Sample:
        if "crops" not in results:
            raise ConfigError("PackPairs: no crops; put LocalCrops before the view.")
        return Crops(images=_as_rgb(results["crops"]), img_path=results["img_path"])

    def _regions(self, results: dict[str, Any]) -> Sample | None:
        regions = results.get("regions")
        if regions is None or not len(regions):
            return None
        assert self.tokenizer is not None
        rows = np.arange(len(regions))
        if len(rows) > self.max_regions:
            weights = np.maximum(regions.scores.astype(np.float64), 1e-6)
            shares = weights / weights.sum() if self.by_score else None
            rows = np.sort(np.random.choice(rows, self.max_regions, replace=False, p=shares))
        chosen = regions.some(rows)
        names = [self.prompt.replace("{}", name) for name in chosen.names]
        return Regions(
            boxes=torch.from_numpy(chosen.boxes),
            ids=self.tokenizer(names),
            img_path=results["img_path"],
        )

    def _disparity(self, results: dict[str, Any]) -> Sample | None:
        if "disparity" not in results:
            return None
        values, valid = results["disparity"]
        if not valid.any():
            return None
        return Disparity(
            values=torch.from_numpy(values),
            valid=torch.from_numpy(valid),
            img_path=results["img_path"],
        )


@TRANSFORMS.register_module()
class PackClass(BaseTransform):
    """Pack a picture and its class for ``ZeroShot``: ``img`` (H, W, 3) BGR, and ``gt_label``.

    Any data set of labelled pictures will do, such as ``argus.ClassFolders`` or ``mmpretrain``'s
    ``ImageNet``, whose classes have the order of ``ZeroShot.names``.

    Args:
        task: Name of the task.
    """

    def __init__(self, *, task: str = "classes") -> None:
        self.task = task

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack; the picture becomes RGB."""
        label = ClassLabel(label=int(results["gt_label"]), img_path=results["img_path"])
        return dict(inputs=_as_rgb(results["img"]), data_samples={self.task: label})


def _as_rgb(pictures: np.ndarray) -> Tensor:
    """(..., H, W, 3) BGR to (..., 3, H, W) RGB."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(pictures[..., ::-1], -1, -3)))
