"""The text pass: every distinct string of a batch is encoded once, whoever asks for it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from argus.errors import DataError
from argus.mtv.vision import in_chunks


class Texts:
    """Embeddings of the texts of a batch.

    Args:
        tower: A ``SiglipTextModel``.
        ids: By task (n, L) int64 tokens on the CPU, where they are compared without waiting for a
            device.
        device: Of the tower.
        chunk: Texts at a time, as for images; ``None`` for all.

    Raises:
        DataError: If a text is not padded to the length of the tower.
    """

    def __init__(
        self, tower: Any, ids: Mapping[str, Tensor], device: torch.device, *, chunk: int | None
    ) -> None:
        length = tower.config.max_position_embeddings
        for task, own in ids.items():
            if own.shape[-1] != length:
                raise DataError(
                    f"task {task!r}: texts of {own.shape[-1]} tokens, but the text encoder reads "
                    f"its answer off place {length}. Pad every text to {length} tokens "
                    "(padding='max_length')."
                )
        every = torch.cat(list(ids.values()))
        distinct, places = every.unique(dim=0, return_inverse=True)
        self.num_distinct = len(distinct)
        self._keys = {
            task: own.to(device, non_blocking=True)
            for task, own in zip(ids, places.split([len(own) for own in ids.values()]), strict=True)
        }
        run = lambda rows: (tower(input_ids=rows).pooler_output,)  # noqa: E731
        (self._embeddings,) = in_chunks(run, distinct.to(device, non_blocking=True), chunk=chunk)

    def of(self, task: str) -> Tensor:
        """(n, D) embeddings of the texts of a task, as many as it gave."""
        return self._embeddings[self._keys[task]]


def text_keys(ids: Tensor) -> Tensor:
    """(..., L) tokens to (...) int64: one number per text, the same in every process.

    Texts with the same key are the same text: of two others it has one chance in 2^64 to be so.
    """
    # A random number of every pair of token and place, by splitmix64's finaliser; their sum.
    found = ids + (torch.arange(ids.shape[-1], device=ids.device) << 32)
    for shift, factor in ((30, -4658895280553007687), (27, -7723592293110705685), (31, 1)):
        found = (found ^ _shifted(found, shift)) * factor
    return found.sum(-1)


def _shifted(values: Tensor, bits: int) -> Tensor:
    """int64 shifted right, with zeros coming in."""
    return (values >> bits) & ((1 << (64 - bits)) - 1)
