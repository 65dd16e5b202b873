"""Texts to tokens of the fixed length that SigLIP's text encoder reads.

SigLIP was trained on canonical texts: lower case, no punctuation, single spaces (big_vision's
``canonicalize_text``). Its own tokenizer does that, others that read the same file may not: here it
is done in any case. SigLIP 2 lowers the case alone.
"""

import re
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoTokenizer, SiglipTokenizer

from argus.errors import CheckpointError, DataError
from argus.mtv.quiet_transformers import quiet_transformers

LENGTH = 64
"""Tokens of a text, of SigLIP as of SigLIP 2."""
REMEMBERED = 32_768
"""Texts whose tokens a tokenizer keeps, 1 kB each: names of regions come again and again."""
# What the library states where a tokenizer states nothing.
_NO_LENGTH = 10_000
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def canonical(text: str) -> str:
    """A text as SigLIP's tokenizer sees it; a second time changes nothing."""
    return re.sub(r"\s+", " ", text.lower().translate(_NO_PUNCTUATION)).strip()


class Tokenizer:
    """The tokenizer of a folder or of a name on the Hub.

    Args:
        source: With ``spiece.model`` or ``tokenizer.json``.
        length: Places of the text encoder; texts are cut and padded to it, always. As the
            tokenizer states by default, 64 where it states nothing.

    Raises:
        CheckpointError: If there is no tokenizer.
    """

    def __init__(self, source: str | Path, *, length: int | None = None) -> None:
        is_folder = Path(source).is_dir()
        try:
            with quiet_transformers():
                self._tokenizer = AutoTokenizer.from_pretrained(
                    str(source), local_files_only=is_folder, trust_remote_code=False
                )
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
            remedy = (
                "SigLIP's has spiece.model and tokenizer_config.json"
                if is_folder
                else "it is no folder, and did not come from the Hub. Without a connection give "
                "the folder of a SigLIP model, or train one with "
                "python -m argus.mtv.data.train_tokenizer"
            )
            raise CheckpointError(
                f"{source} has no tokenizer that can be read: {remedy} "
                f"({' '.join(str(error).split())[:300]})."
            ) from error
        stated = self._tokenizer.model_max_length
        self.length = length or (stated if stated and stated < _NO_LENGTH else LENGTH)
        self._is_canonical = isinstance(self._tokenizer, SiglipTokenizer)
        self._rows: dict[str, Tensor] = {}  # by text, the oldest first

    def __len__(self) -> int:
        """How many tokens there are: ``vocab_size`` of the text encoder."""
        return len(self._tokenizer)

    def form(self, text: str) -> str:
        """A text as it was in the training of this tokenizer's model."""
        if self._is_canonical:
            return canonical(text)
        return re.sub(r"\s+", " ", text.lower()).strip()

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Tokens (n, length) int64; of a text that is too long the last one is that of an end.

        Raises:
            DataError: If a text is no text.
        """
        if not len(texts):
            return torch.zeros(0, self.length, dtype=torch.int64)
        forms = self._forms(texts)
        rows = {form: self._rows[form] for form in forms if form in self._rows}
        unknown = [form for form in dict.fromkeys(forms) if form not in rows]
        rows |= zip(unknown, self._encoded(unknown), strict=True)
        self._rows |= {form: rows[form] for form in unknown[-REMEMBERED:]}
        while len(self._rows) > REMEMBERED:
            self._rows.pop(next(iter(self._rows)), None)  # the oldest
        return torch.stack([rows[form] for form in forms])

    def _encoded(self, forms: Sequence[str]) -> Tensor:
        if not len(forms):
            return torch.zeros(0, self.length, dtype=torch.int64)
        found = self._tokenizer(
            list(forms), padding="max_length", truncation=True, max_length=self.length
        )
        return torch.tensor(found["input_ids"], dtype=torch.int64).reshape(-1, self.length)

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text with that of its end, uncut."""
        if not len(texts):
            return []
        found = self._tokenizer(self._forms(texts), verbose=False)
        return [len(ids) for ids in found["input_ids"]]

    def _forms(self, texts: Sequence[str]) -> list[str]:
        for text in texts:
            if not isinstance(text, str):
                raise DataError(f"expected texts, found {text!r:.80}.")
        return [self.form(text) for text in texts]

    @property
    def description(self) -> str:
        """How texts are prepared, for a table."""
        form = "lower case, no punctuation" if self._is_canonical else "lower case"
        return f"{form}, padded to {self.length} ({type(self._tokenizer).__name__})"

    @property
    def of_library(self) -> Any:
        """That of ``transformers``."""
        return self._tokenizer
