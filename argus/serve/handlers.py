"""What happens when something is clicked or a Gradio client calls: errors become words."""

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from argus.errors import DataError
from argus.serve import cards
from argus.serve.service import Options, Service, SlowError
from argus.serve.sessions import Sessions
from argus.serve.turns import BusyError, GoneError
from argus.serve.uploads import read_picture

if TYPE_CHECKING:
    from argus.results.prediction import Prediction

_LOG = logging.getLogger(__name__)


class Handlers:
    """Functions of the page.

    Pictures come as Gradio's ``FileData`` dicts: its own decoding fails with messages for
    programmers, so it is not used.

    Args:
        service: The model.
        cache: Folder of Gradio's uploads: files elsewhere are never read.
    """

    def __init__(self, service: Service, cache: Path) -> None:
        self.service = service
        self.cache = cache.resolve()
        self.sessions = Sessions()

    def show(
        self,
        picture: Any,
        tasks: Any,
        score_threshold: Any,
        size: Any,
        category: Any,
        request: gr.Request,
        progress: Any = gr.Progress(),  # noqa: B008 - Gradio finds it by this default
    ) -> str:
        """The cards, or the message in their place."""
        fields = dict(tasks=tasks, score_threshold=score_threshold, size=size, category=category)
        if picture is None:
            return _complain("Choose a picture first: drop one on the page, or paste one.")
        if not tasks:
            return _complain("Tick at least one task.")
        try:
            options = Options.parse(fields)
            progress(0.1, desc="Predicting")
            begin = time.perf_counter()

            def render(prediction: "Prediction") -> str:
                seconds = time.perf_counter() - begin
                progress(0.7, desc="Drawing")
                return cards.make_cards(prediction, cards.draw_all(prediction), seconds=seconds)

            with self.sessions.watch(request) as is_gone:
                return self.service.answer(
                    lambda: self._read(picture), options, render, is_gone=is_gone
                )
        except Exception as error:  # noqa: BLE001 - whatever happens, the page says so in words
            return _complain(_words(error))

    def check(self, picture: Any) -> tuple[Any, Any]:
        """Take a bad file away as soon as it is there, and say why.

        Returns:
            The new values of the picture and of the results.
        """
        try:
            self._read(picture)
        except Exception as error:  # noqa: BLE001
            return None, _complain(_words(error))
        return gr.skip(), gr.skip()

    def answer(
        self,
        picture: Any,
        tasks: Any,
        score_threshold: Any,
        size: Any,
        category: Any,
        request: gr.Request,
    ) -> dict[str, Any]:
        """What ``POST /api/predict`` answers, for Gradio's client.

        Raises:
            gr.Error: Any error, in words.
        """
        fields = dict(tasks=tasks, score_threshold=score_threshold, size=size, category=category)
        try:
            if picture is None:
                raise DataError("no picture")
            options = Options.parse(fields)
            with self.sessions.watch(request) as is_gone:
                return self.service.answer(
                    lambda: self._read(picture),
                    options,
                    lambda prediction: prediction.to_dict(),
                    is_gone=is_gone,
                )
        except Exception as error:
            raise gr.Error(_words(error), print_exception=False) from error

    def _read(self, picture: Any) -> tuple[np.ndarray, str]:
        """RGB ``(H, W, 3)`` uint8 and the name of an upload."""
        path = Path(picture["path"]).resolve()
        # Gradio checks this, too; but a mistake there would open every picture of this machine.
        if not path.is_relative_to(self.cache):
            raise DataError("Upload the picture: paths on the server are not read.")
        name = Path(picture.get("orig_name") or path.name).name
        return read_picture(path.read_bytes(), self.service.limits), name


def _complain(text: str) -> str:
    gr.Warning(text, title="No prediction")
    return cards.message(text)


def _words(error: Exception) -> str:
    """What to tell a person of an error."""
    if isinstance(error, ValueError | BusyError | GoneError | SlowError):
        return str(error)
    _LOG.error("prediction failed", exc_info=error)
    return "The prediction failed; the log of the server says why."
