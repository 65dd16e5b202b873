"""Which tasks share a backbone pass, and the passes themselves.

Tasks whose network input is equal (size, normalisation) get their maps from one pass, however many
they are; all crops around people of a batch are one more.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from argus.inference.batches import decoded_together, equal_shapes, padded_size, take_rows
from argus.inference.enlarge import answer_size
from argus.inference.normaliser import Normaliser
from argus.inference.persons import Person, crop_person
from argus.inference.samples import new_sample, set_padding
from argus.inference.size_rule import Resized, SizeRule
from argus.inference.sizing import (
    TASK_SIZE,
    FixedSize,
    SizeChoice,
    common_size,
    resizer,
    short_side_size,
)
from argus.models.multitask import MultitaskModel
from argus.models.repeated_passes import needs_images, single_pass

Consume = Callable[[str, int, list[Any]], None]

# Decoders give a map of the answer's size per class or object: pixels of an answer, and of those
# that are made at once.
MAX_ANSWER_PX = 2**21
MAX_CROPS = 256

# The default scope of OpenMMLab's registries belongs to the whole process, and so does the
# autocast that a decoder in float32 hands to its backbone.
NETWORK_LOCK = threading.RLock()


@dataclass(frozen=True)
class Picture:
    """A picture of a batch.

    Args:
        name: Path or name.
        image: RGB (H, W, 3) uint8.
    """

    name: str
    image: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return int(self.image.shape[0]), int(self.image.shape[1])


@dataclass(frozen=True)
class TaskInput:
    """What a task's pass depends on.

    Args:
        rule: Its size rule.
        normaliser: Of its preprocessor.
        flip_indices: For poses.
    """

    rule: SizeRule
    normaliser: Normaliser
    flip_indices: tuple[int, ...] = ()


@dataclass(frozen=True)
class Pass:
    """Tasks that see the same input.

    Args:
        tasks: Their names.
        resize: Picture to the size of the network.
        exact: Whether to do as the benchmark does: the decoder's own preprocessor, sliding windows
            and flip test, which need passes of their own. Otherwise one pass for all.
    """

    tasks: tuple[str, ...]
    resize: Callable[[np.ndarray], Resized]
    exact: bool


class Passes:
    """Run a model on batches of pictures.

    Args:
        model: In eval mode, on its device.
        inputs: By task, of all tasks of the model.
    """

    def __init__(self, model: MultitaskModel, inputs: Mapping[str, TaskInput]) -> None:
        self.model = model
        self.inputs = dict(inputs)
        self.device = next(model.parameters()).device
        self.divisor = int(getattr(model.backbone, "size_divisor", 32))
        self._single_pass = {task: single_pass(model.decoder(task)) for task in inputs}

    def plan(self, tasks: Sequence[str], sizes: Mapping[str, SizeChoice]) -> list[Pass]:
        """The passes that full-frame tasks need.

        Args:
            tasks: Their names.
            sizes: By task: ``None`` for a common size, ``"task"`` for its own, or the short side in
                pixels.

        Raises:
            ConfigError: The rule of a task is needed and is none.
        """
        groups: dict[Any, list[str]] = defaultdict(list)
        for task in tasks:
            own = self.inputs[task]
            size = sizes[task]
            key = (size, own.rule.key if size == TASK_SIZE else "", own.normaliser)
            groups[key].append(task)
        passes = []
        for (size, *_), members in groups.items():
            rules = [self.inputs[task].rule for task in members]
            passes.append(Pass(tuple(members), resizer(size, rules), size == TASK_SIZE))
        return passes

    def run(
        self,
        passes: Sequence[Pass],
        pictures: Sequence[Picture],
        consume: Consume,
        *,
        meta: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """Predict with all full-frame tasks.

        Args:
            passes: Of :meth:`plan`.
            pictures: The batch.
            consume: Called with task, row and samples as soon as they are there.
            meta: Further meta information of the samples, by task.
        """
        for one in passes:
            resized = [one.resize(picture.image) for picture in pictures]
            for rows in equal_shapes(resized):
                images = [resized[row] for row in rows]
                batch = [pictures[row] for row in rows]
                samples = {
                    task: [
                        self._sample(task, one, picture, image, meta.get(task))
                        for picture, image in zip(batch, images, strict=True)
                    ]
                    for task in one.tasks
                }
                arrays = [image.image for image in images]
                for task, index, sample in self._predict(one, arrays, samples):
                    consume(task, rows[index], [sample])

    def run_persons(
        self,
        task: str,
        pictures: Sequence[Picture],
        persons: Sequence[Person],
        consume: Consume,
        *,
        exact: bool,
    ) -> None:
        """Predict the poses of people, all crops of the batch in one pass.

        Args:
            task: A top-down pose task.
            pictures: The batch.
            persons: Boxes in them.
            consume: Called with task, row and the samples of that picture, none or more.
            exact: As for :class:`Pass`.
        """
        by_row: dict[int, list[Any]] = {row: [] for row in range(len(pictures))}
        own = self.inputs[task]
        one = Pass((task,), own.rule.apply, exact)
        for start in range(0, len(persons), MAX_CROPS):
            chosen = persons[start : start + MAX_CROPS]
            crops = [
                crop_person(
                    person,
                    pictures[person.row].image,
                    own.rule,
                    name=pictures[person.row].name,
                    flip_indices=own.flip_indices,
                )
                for person in chosen
            ]
            arrays, samples = [crop for crop, _ in crops], [sample for _, sample in crops]
            for _, index, sample in self._predict(one, arrays, {task: samples}):
                by_row[chosen[index].row].append(sample)
        for row, found in by_row.items():
            consume(task, row, found)

    def features(self, image: np.ndarray, short_side: int | None) -> tuple[Tensor, ...]:
        """Backbone maps (C, h, w) of a picture (H, W, 3) uint8.

        Args:
            image: RGB.
            short_side: In pixels; ``None`` for the picture's own size, within limits.
        """
        rule = SizeRule()
        size = image.shape[0], image.shape[1]
        if short_side is None:
            target = common_size([rule], size)
        else:
            target = short_side_size(size, short_side)
        # Tasks differ in it hardly ever.
        normaliser = next(iter(self.inputs.values())).normaliser
        maps = self._maps([FixedSize(target).apply(image).image], normaliser)
        return tuple(one[0] for one in maps)

    def _maps(self, images: Sequence[np.ndarray], normaliser: Normaliser) -> tuple[Tensor, ...]:
        inputs = normaliser(images, divisor=self.divisor, device=self.device)
        return self.model.features(inputs)

    def _sample(
        self,
        task: str,
        one: Pass,
        picture: Picture,
        resized: Resized,
        meta: Mapping[str, Any] | None,
    ) -> Any:
        """The sample of a picture; it asks for the answer at the size of a smaller copy if large.

        Benchmarks have no such limit.
        """
        height, width = picture.size
        answer = picture.size if one.exact else answer_size(picture.size, MAX_ANSWER_PX)
        scale_w, scale_h = resized.scale_factor
        return new_sample(
            self.model.libraries[task],
            name=picture.name,
            original=answer,
            size=resized.size,
            scale_factor=(scale_w * width / answer[1], scale_h * height / answer[0]),
            meta=meta,
        )

    def _predict(
        self, one: Pass, images: Sequence[np.ndarray], samples: Mapping[str, list[Any]]
    ) -> Iterator[tuple[str, int, Any]]:
        """Task, index and sample with its prediction, of pictures (h, w, 3) of one size."""
        if one.exact:
            yield from self._predict_exactly(one, images, samples)
            return
        normaliser = self.inputs[one.tasks[0]].normaliser
        maps = self._maps(images, normaliser)
        padded = padded_size(images[0], self.divisor)
        for task in one.tasks:
            set_padding(samples[task], padded)
            yield from self._decode(task, maps, samples[task], decoder=self._single_pass[task])

    def _predict_exactly(
        self, one: Pass, images: Sequence[np.ndarray], samples: Mapping[str, list[Any]]
    ) -> Iterator[tuple[str, int, Any]]:
        bgr = [
            torch.from_numpy(np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1)))
            for image in images
        ]
        shared: dict[tuple[int, ...], tuple[Tensor, ...]] = {}
        for task in one.tasks:
            batch = {"inputs": bgr, "data_samples": samples[task]}
            prepared = self.model.prepare(task, batch)
            inputs, own = prepared["inputs"], prepared["data_samples"]
            if needs_images(self.model.decoder(task)):
                yield from self._decode(task, inputs, own)
                continue
            shape = tuple(inputs.shape)
            if shape not in shared:
                shared[shape] = self.model.features(inputs)
            yield from self._decode(task, shared[shape], own)

    def _decode(
        self,
        task: str,
        inputs: Tensor | tuple[Tensor, ...],
        samples: Sequence[Any],
        *,
        decoder: Any = None,
    ) -> Iterator[tuple[str, int, Any]]:
        """Run a decoder, on few pictures at once if they are large."""
        for rows in decoded_together(
            samples, max_pixels=MAX_ANSWER_PX, by_size=self.model.libraries[task] == "mmseg"
        ):
            part = take_rows(inputs, rows, len(samples))
            found = self.model.predict_from(
                task, part, [samples[row] for row in rows], decoder=decoder
            )
            for row, sample in zip(rows, found, strict=True):
                yield task, row, sample
