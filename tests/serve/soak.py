"""Twenty clients at once, polite ones and others, and what the server does under them."""

import http.client
import io
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.fuzz.surfaces.pictures import png_of_size
from tests.serve.forms import encode_form

NUM_CLIENTS = 20
# What may go wrong with a request, and clients that do not wait for their answer.
REFUSED = {"no picture", "damaged", "bomb", "too large", "size", "task", "host", "origin"}
REFUSED |= {"left", "stalled"}


def pictures(count: int) -> list[bytes]:
    """PNG files of several sizes."""
    rng, files = np.random.default_rng(0), []
    for _ in range(count):
        height, width = rng.integers(40, 160, 2)
        stream = io.BytesIO()
        noise = rng.integers(0, 255, (height // 8, width // 8, 3), np.uint8)
        Image.fromarray(noise).resize((int(width), int(height))).save(stream, "PNG")
        files.append(stream.getvalue())
    return files


@dataclass
class Soak:
    """A load on a server.

    Args:
        port: Of the server, on this machine.
        process: Number of its process.
        tasks: Of its model; a request asks for one, which has a size of its own.

    Attributes:
        answered: Good requests by what they asked for.
        refused: Bad requests by kind and status.
        wrong: Every answer that was not right, in words.
        memory: MiB that the process holds, a value per half second.
        latencies: Seconds of the good requests, with the waits that 503 asked for.
    """

    port: int
    process: int
    tasks: Sequence[str]
    answered: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Lean on the server, until all has been asked and refused that there is."""
        self.files = pictures(6)
        self.expected = [
            {
                task: self._post(file, tasks=task, arrays="full")[1]["results"][task]
                for task in self.tasks
            }
            for file in self.files
        ]
        end = time.monotonic() + seconds
        clients = [
            threading.Thread(target=self._client, args=[seed, end]) for seed in range(NUM_CLIENTS)
        ]
        for client in clients:
            client.start()
        while any(client.is_alive() for client in clients):
            self.memory.append(self.resident_mib())
            time.sleep(0.5)

    def is_complete(self) -> bool:
        """Whether every kind of request has been made."""
        asked = {*self.tasks, "picture"} <= self.answered.keys()
        return asked and REFUSED <= self.refused.keys()

    def resident_mib(self) -> float:
        """What the server's process holds now."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def num_open_files(self) -> int:
        """Files and connections that the server's process holds now."""
        return len(list(Path(f"/proc/{self.process}/fd").iterdir()))

    def _client(self, seed: int, end: float) -> None:
        draw = random.Random(seed)
        kinds = [self._good] * 5 + [self._picture, self._bad, self._bad, self._leave, self._stall]
        while time.monotonic() < end or (time.monotonic() < end + 60 and not self.is_complete()):
            try:
                draw.choice(kinds)(draw)
            except Exception as error:  # noqa: BLE001 - it is reported at the end
                self.wrong.append(repr(error))

    def _good(self, draw: random.Random) -> None:
        index, task = draw.randrange(len(self.files)), draw.choice(self.tasks)
        begin = time.monotonic()
        status, answer = self._patiently(
            lambda: self._post(self.files[index], tasks=task, arrays="full")
        )
        self.latencies.append(time.monotonic() - begin)
        if status != 200:
            self.wrong.append(f"{task}: {status} {answer}")
        elif not _is_close(answer["results"][task], self.expected[index][task]):
            self.wrong.append(f"{task}: another answer than alone")
        self.answered[task] += 1

    def _picture(self, draw: random.Random) -> None:
        file = draw.choice(self.files)
        status, body = self._patiently(lambda: self._post(file, path="/api/picture", tasks="depth"))
        if status != 200 or not body.startswith(b"\x89PNG"):
            self.wrong.append(f"picture: {status} {body!r:.80}")
        self.answered["picture"] += 1

    def _patiently(self, ask: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
        """Ask again when the server says that it is busy, as it says."""
        while (reply := ask())[0] == 503:
            self.refused["503"] += 1
            time.sleep(0.5)
        return reply

    def _bad(self, draw: random.Random) -> None:
        file = draw.choice(self.files)
        kind, status, arguments = draw.choice(
            [
                ("no picture", 415, dict(data=b"x" * 500)),
                ("damaged", 415, dict(data=file[: len(file) // 2])),
                ("bomb", 413, dict(data=png_of_size(30_000, 30_000))),
                ("too large", 413, dict(data=bytes(700_000))),
                ("size", 400, dict(data=file, size="20000")),
                ("task", 400, dict(data=file, tasks="nothing")),
                ("host", 421, dict(data=file, headers={"Host": "evil.example"})),
                ("origin", 403, dict(data=file, headers={"Origin": "http://evil.example"})),
            ]
        )
        found, answer = self._patiently(lambda: self._post(**arguments))
        if found != status or "error" not in answer:
            self.wrong.append(f"{kind}: {found} {answer!r:.80}")
        self.refused[kind] += 1

    def _leave(self, draw: random.Random) -> None:
        """Go away in the midst of sending, or while the answer is made."""
        body, head = self._request(draw.choice(self.files))
        with self._connection() as connection:
            connection.sendall(head + body[: draw.choice([50, len(body), len(body)])])
            time.sleep(draw.random() * 0.3)
        self.refused["left"] += 1

    def _stall(self, draw: random.Random) -> None:
        """Send nothing for a while."""
        body, head = self._request(draw.choice(self.files))
        with self._connection() as connection:
            connection.sendall((head + body)[: draw.randrange(200)])
            time.sleep(1)
        self.refused["stalled"] += 1

    def _request(self, file: bytes) -> tuple[bytes, bytes]:
        body, kind = encode_form(file)
        head = f"POST /api/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
        return body, f"{head}Content-Length: {len(body)}\r\n\r\n".encode()

    @contextmanager
    def _connection(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            yield connection

    def _post(
        self,
        data: bytes,
        *,
        path: str = "/api/predict",
        headers: dict[str, str] | None = None,
        **fields: str,
    ) -> tuple[int, Any]:
        body, kind = encode_form(data, **fields)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request("POST", path, body, {"Content-Type": kind, **(headers or {})})
            reply = connection.getresponse()
            text = reply.read()
        finally:
            connection.close()
        is_json = reply.headers["content-type"] == "application/json"
        return reply.status, json.loads(text) if is_json else text


def _is_close(found: Any, expected: Any) -> bool:
    """Whether two answers agree to 1e-4."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            _is_close(found[key], value) for key, value in expected.items()
        )
    if isinstance(expected, list) and any(isinstance(value, dict) for value in expected):
        return len(found) == len(expected) and all(map(_is_close, found, expected))
    if isinstance(expected, list | float):
        return bool(np.allclose(np.array(found), np.array(expected), atol=1e-4))
    return bool(found == expected)
