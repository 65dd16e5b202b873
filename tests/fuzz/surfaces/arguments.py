"""Arguments of ``Argus.predict``: sizes, boxes, tasks, arrays of any shape and type."""

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch

from argus import Argus
from tests.fuzz.mutations import VALUES
from tests.fuzz.surface import Case, Surface, expect
from tests.tiny_model import tiny_model

ARGUMENTS = ("tasks", "size", "batch_size", "boxes", "category", "score_threshold")
SHAPES = ((24, 32, 3), (3, 24, 32), (24, 32), (24, 32, 4), (0, 4, 3), (1, 1, 3), (2, 3, 4, 5), ())
TYPES = ("uint8", "int64", "uint16", "float32", "float64", "bool", "complex64", "object", "U3")
BOXES = (
    *([[0, 0, 9, 9]], [[9, 9, 0, 0]], [[float("nan")] * 4], [[1e30] * 4], [[1, 2, 3]], [[]]),
    *([1, 2, 3, 4], [[[0, 0, 1, 1]]], [["a"] * 4]),
)
OTHERS = ("semantic", ["semantic"], ["semantic", "x"], {"semantic": 32}, {"x": 1}, 16, 40, "task")


class Arguments(Surface):
    """One call of a small model on a small picture."""

    name, title, share = "arguments", "arguments of predictions", 150

    def prepare(self, folder: Path) -> None:
        self.model = Argus(tiny_model("classification", "semantic"), device="cpu")
        self.picture = np.full((24, 32, 3), 99, np.uint8)
        self.model.predict(self.picture)

    def case(self, random: Random, folder: Path) -> Case:
        if random.random() < 0.5:
            shape, kind = random.choice(SHAPES), random.choice(TYPES)
            value = random.choice((0, 1, 255))
            image: Any = np.full(shape, value).astype(kind)
            if kind == "float32" and random.random() < 0.5:
                image = torch.full(shape, random.choice((0.5, float("nan"), float("inf"), -1e30)))
            what = f"{type(image).__name__} {kind} {shape}"
            return Case(what, lambda: self._predict(image, {}))
        names = random.sample(ARGUMENTS, random.choice((1, 1, 2)))
        given = {name: random.choice((*VALUES, *OTHERS, *BOXES)) for name in names}
        return Case(f"{given!r:.120}", lambda: self._predict(self.picture, given))

    def _predict(self, image: Any, given: dict[str, Any]) -> None:
        prediction = self.model.predict(image, **given)
        expect(bool(prediction.results), "no results")
        for name, result in prediction.results.items():
            expect(len(result.size) == 2 and min(result.size) > 0, f"{name} of no size")
