"""Pictures of files through an encoder: read and prepared by threads while others are computed."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from argus.errors import DataError
from argus.mtv.encoders.encoder import Encoder
from argus.mtv.images import read_image

THREADS = 4


def batches_of(
    encoder: Encoder,
    pictures: Sequence[Any],
    *,
    batch_size: int,
    size: tuple[int, int] | None = None,
    threads: int = THREADS,
    title: str = "pictures",
) -> Iterator[tuple[Sequence[Any], Tensor]]:
    """So many pictures at a time, and (B, 3, H, W) of them on the encoder's device.

    Args:
        encoder: Which prepares them.
        pictures: Paths, Pillow pictures or arrays; memory holds those of a few batches.
        batch_size: Pictures at a time.
        size: As of ``Encoder.prepare``.
        threads: That read and resize.
        title: Of the progress on a terminal.

    Raises:
        DataError: If there is none, or one cannot be read.
    """
    if not len(pictures):
        raise DataError("expected pictures, found none.")

    def prepared(rows: Sequence[Any]) -> Tensor:
        return encoder.prepare([read_image(row) for row in rows], size)

    parts = (pictures[at : at + batch_size] for at in range(0, len(pictures), batch_size))
    console = Console(stderr=True)
    bar = Progress(console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(title, total=len(pictures))
    waiting: deque[tuple[Sequence[Any], Future[Tensor]]] = deque()
    with ThreadPoolExecutor(threads) as pool, bar:
        try:
            while True:
                while len(waiting) <= threads and (part := next(parts, None)) is not None:
                    waiting.append((part, pool.submit(prepared, part)))
                if not waiting:
                    return
                rows, ahead = waiting.popleft()
                yield rows, ahead.result()
                bar.advance(task, len(rows))
        finally:
            for _, ahead in waiting:
                ahead.cancel()


def pooled_of(
    encoder: Encoder,
    pictures: Sequence[Any],
    *,
    batch_size: int,
    title: str = "pictures",
) -> Tensor:
    """(n, D) float32 pooled embeddings on the CPU, not normalised.

    Args:
        encoder: To compute them.
        pictures: Paths, Pillow pictures or arrays.
        batch_size: Pictures at a time.
        title: Of the progress on a terminal.
    """
    found = batches_of(encoder, pictures, batch_size=batch_size, title=title)
    return torch.cat([encoder.pooled(batch).cpu() for _, batch in found])


def texts_of(encoder: Encoder, texts: Sequence[str], *, batch_size: int) -> Tensor:
    """(n, D) float32 embeddings of texts on the CPU, not normalised; each distinct one once.

    Args:
        encoder: With a text tower.
        texts: As people write them.
        batch_size: Texts at a time.

    Raises:
        DataError: If there is none.
    """
    if not len(texts):
        raise DataError("expected texts, found none.")
    distinct = list(dict.fromkeys(texts))
    places = {text: place for place, text in enumerate(distinct)}
    parts = [
        encoder.texts(distinct[at : at + batch_size]).cpu()
        for at in range(0, len(distinct), batch_size)
    ]
    return torch.cat(parts)[[places[text] for text in texts]]
