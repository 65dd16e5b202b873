"""Texts to tokens of the fixed length that SigLIP's text encoder reads.

SigLIP was trained on canonical texts: lower case, no punctuation, single spaces (big_vision's
``canonicalize_text``). Its own tokenizer does that, others that read the same file may not: here it
is done in any case. SigLIP 2 lowers the case alone.
"""

import re
import string
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoTokenizer, SiglipTokenizer

from argus.errors import CheckpointError, DataError

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def canonical(text: str) -> str:
    """A text as SigLIP's tokenizer sees it; a second time changes nothing."""
    return re.sub(r"\s+", " ", text.lower().translate(_NO_PUNCTUATION)).strip()


class Tokenizer:
    """The tokenizer of a folder or of a name on the Hub.

    Args:
        source: With ``spiece.model`` or ``tokenizer.json``.
        length: Places of the text encoder; texts are cut and padded to it, always.

    Raises:
        CheckpointError: If there is no tokenizer.
    """

    def __init__(self, source: str | Path, *, length: int = 64) -> None:
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(str(source), trust_remote_code=False)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
            raise CheckpointError(
                f"{source} has no tokenizer that can be read: {' '.join(str(error).split())[:300]}"
            ) from error
        self.length = length
        self._is_canonical = isinstance(self._tokenizer, SiglipTokenizer)

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Tokens (n, length) int64.

        Raises:
            DataError: If a text is no text.
        """
        for text in texts:
            if not isinstance(text, str):
                raise DataError(f"expected texts, found {text!r:.80}.")
        clean = [canonical(text) if self._is_canonical else text.lower() for text in texts]
        found = self._tokenizer(
            clean, padding="max_length", truncation=True, max_length=self.length
        )
        return torch.tensor(found["input_ids"], dtype=torch.int64).reshape(-1, self.length)

    def save(self, folder: str | Path) -> None:
        """Write it beside a model."""
        self._tokenizer.save_pretrained(str(folder))
