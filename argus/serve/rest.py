"""The REST endpoint beside the page: a picture in, JSON or a PNG out.

Every error is JSON ``{"error": "..."}`` with a status that says whose mistake it is.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from argus.errors import DataError
from argus.serve.pictures import encode_png
from argus.serve.service import Options, Service, SlowError
from argus.serve.turns import BusyError, GoneError, IsGone
from argus.serve.uploads import NotAPictureError, TooLargeError, read_picture

if TYPE_CHECKING:
    from argus.results.prediction import Prediction

_RETRY_SECONDS = "5"
_POLL_SECONDS = 0.2
# The first that fits.
_STATUS: dict[type[Exception], int] = {
    TooLargeError: 413,
    NotAPictureError: 415,
    ValueError: 400,
    GoneError: 499,  # nobody reads it, but a log does
    ClientDisconnect: 499,
    BusyError: 503,
    SlowError: 504,
}

Render = Callable[["Prediction", Options], Response]


def make_routes(service: Service) -> list[Route]:
    """The routes ``GET /api/info``, ``POST /api/predict`` and ``POST /api/picture``.

    Args:
        service: The model, which the page shares.
    """

    def info(request: Request) -> Response:
        return JSONResponse(service.info())

    def as_json(prediction: "Prediction", options: Options) -> Response:
        return JSONResponse(prediction.to_dict(options.arrays))

    def as_picture(prediction: "Prediction", options: Options) -> Response:
        if len(prediction.results) == 1:
            (result,) = prediction.results.values()
            picture = result.draw(prediction.image)
        else:
            picture = prediction.draw()
        return Response(encode_png(picture), media_type="image/png")

    return [
        Route("/api/info", info, methods=["GET"]),
        Route("/api/predict", _endpoint(service, as_json), methods=["POST"]),
        Route("/api/picture", _endpoint(service, as_picture), methods=["POST"]),
    ]


def _endpoint(service: Service, render: Render) -> Callable[[Request], Any]:
    """An endpoint that reads the form, does the work in a thread, and words the errors."""

    async def answer(request: Request) -> Response:
        try:
            async with request.form(max_files=1, max_fields=100) as form:
                file, options = _parse(form)
                data = await file.read()
            name = file.filename or "picture"
            async with _watch(request) as is_gone:
                return await run_in_threadpool(
                    service.answer,
                    lambda: (read_picture(data, service.limits), name),
                    options,
                    lambda prediction: render(prediction, options),
                    is_gone=is_gone,
                )
        except Exception as error:
            return _refuse(error)

    return answer


@contextlib.asynccontextmanager
async def _watch(request: Request) -> AsyncIterator[IsGone]:
    """Look while a thread works whether the client is still there."""
    gone = threading.Event()

    async def look() -> None:
        while not gone.is_set():
            if await request.is_disconnected():
                gone.set()
            await asyncio.sleep(_POLL_SECONDS)

    task = asyncio.create_task(look())
    try:
        yield gone.is_set
    finally:
        gone.set()
        task.cancel()


def _parse(form: FormData) -> tuple[UploadFile, Options]:
    """The file and the options of a form.

    Raises:
        DataError: There is no file.
        ConfigError: An option is wrong.
    """
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise DataError("no picture: send it as the file field 'file' of a multipart form")
    fields: dict[str, Any] = {name: form[name] for name in form if name != "file"}
    if "tasks" in fields:
        fields["tasks"] = form.getlist("tasks")
    return file, Options.parse(fields)


def _refuse(error: Exception) -> Response:
    """The answer to a request that failed."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), None)
    if status is None:
        logging.getLogger(__name__).exception("prediction failed")
        text = "the prediction failed; the log of the server says why"
        return JSONResponse({"error": text}, 500)
    headers = {"Retry-After": _RETRY_SECONDS} if status == 503 else None
    return JSONResponse({"error": str(error)}, status, headers)
