"""The model behind the page, the REST endpoint and the Gradio client: one request at a time."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

import argus
from argus.errors import ConfigError
from argus.inference.interruption import Interrupted, interrupted_by, make_interruptible
from argus.serve.turns import GoneError, IsGone, Turns
from argus.serve.uploads import FORMATS, Limits

if TYPE_CHECKING:
    from argus.api import Argus
    from argus.results.prediction import Prediction

MAX_WAITING = 16
MAX_WAIT_SECONDS = 60.0
MAX_RUN_SECONDS = 300.0
# The short side that a client may ask for: with the long side of MAX_ASPECT, 33 megapixels.
MAX_SIDE_PX = 2048
DEFAULT_THRESHOLD = 0.3
ARRAYS = ("rle", "full", "none")

T = TypeVar("T")


class SlowError(RuntimeError):
    """The model took longer than a request may run."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a request asks for.

    Args:
        tasks: Names; all if empty.
        score_threshold: Detections below it are left out, in [0, 1].
        size: As for ``Argus.predict``: ``None``, ``"task"``, or the short side in pixels.
        category: Of the anomaly task, ``None`` to let the model choose.
        arrays: ``rle``, ``full`` or ``none``: what the JSON answer holds of masks and maps.
    """

    tasks: Sequence[str] = ()
    score_threshold: float = DEFAULT_THRESHOLD
    size: int | str | None = None
    category: str | None = None
    arrays: str = "rle"

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> "Options":
        """Read the text fields of a request.

        Args:
            fields: By name; ``tasks`` is text with commas or a list of such texts.

        Raises:
            ConfigError: A field is unknown or has a wrong value.
        """
        known = tuple(cls.__dataclass_fields__)
        for name in fields:
            if name not in known:
                raise ConfigError(
                    f"unknown field {name!r:.80}; known fields: file, {', '.join(known)}"
                )
        given = fields.get("tasks") or ()
        names = [
            part
            for text in ([given] if isinstance(given, str) else given)
            for part in text.split(",")
        ]
        tasks = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
        options = cls(
            tasks=() if tasks == ("all",) else tasks,
            score_threshold=_number("score_threshold", fields, DEFAULT_THRESHOLD),
            size=_size(fields.get("size")),
            category=fields.get("category") or None,
            arrays=fields.get("arrays") or "rle",
        )
        if not 0 <= options.score_threshold <= 1:
            raise ConfigError(
                f"score_threshold: expected a number in [0, 1], found {options.score_threshold}"
            )
        if options.arrays not in ARRAYS:
            raise ConfigError(f"arrays: expected one of {ARRAYS}, found {options.arrays!r:.80}")
        return options


class Service:
    """A model and what may be asked of it.

    Args:
        model: The model.
        limits: Of the uploads.
        max_run_seconds: A prediction that takes longer is ended.
    """

    def __init__(
        self, model: "Argus", limits: Limits, *, max_run_seconds: float = MAX_RUN_SECONDS
    ) -> None:
        self.model = model
        self.limits = limits
        self.max_run_seconds = max_run_seconds
        self.turns = Turns(max_waiting=MAX_WAITING, max_wait_seconds=MAX_WAIT_SECONDS)
        make_interruptible(model.model)

    def answer(
        self,
        read: Callable[[], tuple[np.ndarray, str]],
        options: Options,
        render: Callable[["Prediction"], T],
        *,
        is_gone: IsGone = lambda: False,
    ) -> T:
        """Run the model on a picture, when the turn comes.

        All of a request happens at its place in the line, and its answer is made before the next
        one's turn: what pictures and answers take of the memory is bounded.

        Args:
            read: Gives the picture, RGB ``(H, W, 3)`` uint8, and its name.
            options: What to predict.
            render: Makes the answer.
            is_gone: Whether the client has left; asked while the request waits and while it runs.

        Returns:
            What ``render`` makes.

        Raises:
            BusyError: Too many wait already, or its turn did not come in time.
            GoneError: The client has left.
            SlowError: It took longer than a request may.
            ConfigError: A task, the size or the category is unknown to the model.
        """
        with self.turns.place() as wait:
            image, source = read()
            wait(is_gone)
            return render(replace(self._predict(image, options, is_gone), source=source))

    def _predict(self, image: np.ndarray, options: Options, is_gone: IsGone) -> "Prediction":
        deadline = time.monotonic() + self.max_run_seconds

        def check() -> None:
            if is_gone():
                raise Interrupted(GoneError("the client left while the model ran"))
            if time.monotonic() > deadline:
                raise Interrupted(
                    SlowError(
                        f"The prediction took longer than {self.max_run_seconds:g} s; ask for "
                        "fewer tasks or a smaller size."
                    )
                )

        try:
            with interrupted_by(check):
                prediction = self.model.predict(
                    image,
                    list(options.tasks) or "all",
                    size=options.size,
                    category=options.category,
                    score_threshold=options.score_threshold,
                )
                check()
        except Interrupted as stop:
            raise stop.reason from None
        return prediction

    def info(self) -> dict[str, Any]:
        """Tasks with their kinds, classes and licences, and the limits, as plain values."""
        return dict(
            argus_version=argus.__version__,
            tasks={
                name: dict(kind=task.kind, classes=list(task.classes), licence=task.licence)
                for name, task in self.model.tasks.items()
            },
            limits=dict(
                max_upload_mb=self.limits.max_upload_mb,
                max_megapixels=self.limits.max_megapixels,
                max_aspect=self.limits.max_aspect,
                max_side=MAX_SIDE_PX,
                max_waiting=MAX_WAITING,
                max_wait_seconds=self.turns.max_wait_seconds,
                max_run_seconds=self.max_run_seconds,
                formats=list(FORMATS),
            ),
        )


def _number(name: str, fields: Mapping[str, Any], default: float) -> float:
    text = fields.get(name)
    if text in (None, ""):
        return default
    try:
        return float(text)
    except (TypeError, ValueError):
        raise ConfigError(f"{name}: expected a number, found {text!r:.80}") from None


def _size(text: Any) -> int | str | None:
    if text in (None, "", "common"):
        return None
    if text == "task":
        return "task"
    try:
        side = int(text)
    except (TypeError, ValueError, OverflowError):
        side = 0
    if not 1 <= side <= MAX_SIDE_PX:
        raise ConfigError(
            "size: expected 'common', 'task' or the short side in pixels, at most "
            f"{MAX_SIDE_PX}, found {str(text)[:40]!r}"
        )
    return side
