"""Requests to the REST endpoint: fields, files, and bodies that are no forms."""

import io
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from argus.serve.rest import make_routes
from argus.serve.service import Service
from argus.serve.uploads import Limits
from tests.fuzz.mutations import NAMES, damage
from tests.fuzz.surface import Case, Refused, Surface, expect
from tests.fuzz.surfaces.pictures import png_of_size
from tests.serve.fake_model import FakeModel

FIELDS = ("tasks", "size", "score_threshold", "category", "arrays", "file", "x")
TEXTS = (
    *("depth", "depth,saliency", "all", "none", "full", "0", "-1", "1e9", "nan", "inf", "task"),
    *("9" * 30, "9" * 5000, "\u4e2d", "..", "[]", "{}", " , ,", "\0"),
)


class Requests(Surface):
    """``POST /api/predict`` and ``/api/picture``, with a model that answers at once."""

    name, title, share = "requests", "requests to the server", 150

    def prepare(self, folder: Path) -> None:
        stream = io.BytesIO()
        Image.fromarray(np.full((40, 60, 3), 99, np.uint8)).save(stream, "PNG")
        self.picture = stream.getvalue()
        service = Service(FakeModel("depth", "saliency"), Limits(max_upload_mb=0.5))  # type: ignore[arg-type]
        self.app = Starlette(routes=make_routes(service))

    def case(self, random: Random, folder: Path) -> Case:
        path = random.choice(("/api/predict", "/api/predict", "/api/picture"))
        arguments: dict[str, Any] = dict(files=dict(file=("a.png", self.picture)))
        match random.randrange(6):
            case 0 | 1:
                fields = {random.choice(FIELDS): random.choice(TEXTS) for _ in "ab"}
                what, arguments["data"] = f"fields {fields!r:.80}", fields
            case 2:
                what, picture = damage(random, self.picture)
                arguments["files"] = dict(file=("a.png", picture))
            case 3:
                width, height = (random.choice((1, 16, 5000, 1_500_000)) for _ in "ab")
                what = f"a picture that declares {width} x {height}"
                arguments["files"] = dict(file=("a.png", png_of_size(width, height)))
            case 4:
                name = random.choice(NAMES).encode(errors="replace").decode()
                what = f"file name {name[:40]!r}"
                arguments["files"] = dict(file=(name, self.picture))
            case _:
                kind = random.choice(
                    ("multipart/form-data; boundary=x", "multipart/form-data", "x")
                )
                body = random.choice(
                    (b"", b"--x", b"--x\r\n\r\n", random.randbytes(100), bytes(99))
                )
                what = f"{len(body)} bytes as {kind}"
                arguments = dict(content=body, headers={"content-type": kind})
        return Case(f"{path}: {what}", lambda: self._post(path, arguments))

    def _post(self, path: str, arguments: dict[str, Any]) -> None:
        answer = TestClient(self.app).post(path, **arguments)
        if answer.status_code == 200:
            if path == "/api/predict":
                expect(bool(answer.json()["results"]), "no results")
            else:
                expect(Image.open(io.BytesIO(answer.content)).format == "PNG", "no PNG")
            return
        expect(400 <= answer.status_code < 500, f"status {answer.status_code}")
        raise Refused(answer.json()["error"])
