"""The REST endpoint beside the page: a picture in, JSON or a PNG out.

Every error is JSON ``{"error": "..."}`` with a status that says whose mistake it is.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from argus.errors import DataError
from argus.serve.pictures import encode_png
from argus.serve.service import BusyError, GoneError, Options, Service
from argus.serve.uploads import MEGABYTE, NotAPictureError, TooLargeError, read_picture

# Of the form around the file.
_FORM_BYTES = 100_000
_MOST_SWALLOWED = 500 * MEGABYTE

# Of an upload: a slow line sends 20 MB in it.
_UPLOAD_SECONDS = 60.0
_RETRY_SECONDS = "5"
_POLL_SECONDS = 0.2

IsGone = Callable[[], bool]
Work = Callable[[np.ndarray, str, Options, IsGone], Response]


def make_routes(service: Service) -> list[Route]:
    """The routes ``GET /api/info``, ``POST /api/predict`` and ``POST /api/picture``.

    Args:
        service: The model, which the page shares.
    """

    def info(request: Request) -> Response:
        return JSONResponse(service.info())

    def as_json(image: np.ndarray, name: str, options: Options, is_gone: IsGone) -> Response:
        prediction = service.predict(image, options, source=name, is_gone=is_gone)
        return JSONResponse(prediction.to_dict(options.arrays))

    def as_picture(image: np.ndarray, name: str, options: Options, is_gone: IsGone) -> Response:
        prediction = service.predict(image, options, source=name, is_gone=is_gone)
        if len(prediction.results) == 1:
            (result,) = prediction.results.values()
            picture = result.draw(image)
        else:
            picture = prediction.draw()
        return Response(encode_png(picture), media_type="image/png")

    return [
        Route("/api/info", info, methods=["GET"]),
        Route("/api/predict", _endpoint(service, as_json), methods=["POST"]),
        Route("/api/picture", _endpoint(service, as_picture), methods=["POST"]),
    ]


def _endpoint(service: Service, work: Work) -> Callable[[Request], Any]:
    """An endpoint that reads the form, does the work in a thread, and words the errors."""

    async def answer(request: Request) -> Response:
        try:
            with anyio.fail_after(_UPLOAD_SECONDS):
                await _check_length(request, service.limits.max_bytes)
                async with request.form(max_files=1, max_fields=100) as form:
                    file, options = _parse(form)
                    data = await file.read()
            name = file.filename or "picture"
            async with _watch(request) as is_gone:
                return await run_in_threadpool(
                    lambda: work(read_picture(data, service.limits), name, options, is_gone)
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


async def _check_length(request: Request, most: int) -> None:
    """Refuse a large body before it is kept."""
    length = request.headers.get("content-length")
    if length is None:
        raise HTTPException(411, "send a Content-Length header; chunked uploads are not taken")
    if not length.isdecimal():
        raise HTTPException(400, "Content-Length: expected a number")
    if int(length) > most + _FORM_BYTES:
        if int(length) < _MOST_SWALLOWED:
            # Most clients read no answer before they have sent everything.
            async for _ in request.stream():
                pass
        found, limit = int(length) / MEGABYTE, most / MEGABYTE
        raise TooLargeError(f"The upload has {found:.1f} MB; at most {limit:g} MB are taken.")


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
    status = {TooLargeError: 413, NotAPictureError: 415, BusyError: 503, GoneError: 499}.get(
        type(error), 400
    )
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    if isinstance(error, TimeoutError):
        text = f"the upload took more than {_UPLOAD_SECONDS:g} s"
        return JSONResponse({"error": text}, 408)
    if isinstance(error, ValueError | BusyError | GoneError):
        headers = {"Retry-After": _RETRY_SECONDS} if status == 503 else None
        return JSONResponse({"error": str(error)}, status, headers)
    logging.getLogger(__name__).exception("prediction failed")
    text = "the prediction failed; the log of the server says why"
    return JSONResponse({"error": text}, 500)
