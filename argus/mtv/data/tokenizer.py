"""SigLIP's tokenizer: from a folder or the Hub, always padded to one length.

Texts are brought into one form first, explicitly: what reads a tokenizer in its fast form, or that
of SigLIP 2, may skip it, and costs points of zero-shot accuracy. SigLIP: small letters, no ASCII
punctuation, single spaces (big_vision's ``canonicalize_text``). SigLIP 2: small letters.
"""

import re
import string
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from argus.errors import ConfigError

LENGTH = 64
"""Tokens of every text, of SigLIP as of SigLIP 2."""
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def canonical(text: str) -> str:
    """A text as SigLIP reads it."""
    return re.sub(r"\s+", " ", text.lower().translate(_PUNCTUATION)).strip()


def lower(text: str) -> str:
    """A text as SigLIP 2 reads it."""
    return re.sub(r"\s+", " ", text.lower()).strip()


FORMS: dict[str, Callable[[str], str]] = dict(canonical=canonical, lower=lower)


class Tokenizer:
    """Texts to tokens of one length.

    Args:
        inner: A tokenizer of ``transformers``.
        length: Tokens of every text, with the one that ends it.
        form: ``canonical`` (SigLIP) or ``lower`` (SigLIP 2).
    """

    def __init__(self, inner: Any, *, length: int, form: str) -> None:
        if form not in FORMS:
            raise ConfigError(f"form: expected one of {', '.join(FORMS)}, found {form!r}.")
        self.inner = inner
        self.length = length
        self.form = FORMS[form]

    @property
    def num_tokens(self) -> int:
        """How many tokens there are, which the text encoder has to know (``vocab_size``)."""
        return len(self.inner)

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """(n, L) int64 tokens; a text that is longer is cut, with the token of its end kept."""
        if not texts:
            return torch.zeros(0, self.length, dtype=torch.int64)
        found = self.inner(
            [self.form(text) for text in texts],
            padding="max_length",
            max_length=self.length,
            truncation=True,
            return_attention_mask=False,
        )
        return torch.tensor(found["input_ids"], dtype=torch.int64)

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text with the one that ends it, uncut."""
        if not texts:
            return []
        # Which is not what the model gets: no need to warn of the length.
        found = self.inner(
            [self.form(text) for text in texts], return_attention_mask=False, verbose=False
        )
        return [len(ids) for ids in found["input_ids"]]


@lru_cache(maxsize=4)
def load_tokenizer(name: str, *, length: int | None = None, form: str | None = None) -> Tokenizer:
    """The tokenizer of a folder or of a name on the Hub.

    Args:
        name: Folder with ``spiece.model`` and ``tokenizer_config.json``, such as that of a SigLIP
            or MTV model; or a name on the Hub, which needs a connection the first time.
        length: Tokens of every text; what the tokenizer states by default, 64 if nothing.
        form: As for :class:`Tokenizer`; ``canonical`` for SigLIP's, else ``lower``, by default.

    Raises:
        ConfigError: It is not there, or cannot be read.
    """
    from transformers import AutoTokenizer, SiglipTokenizer
    from transformers.utils import logging

    is_folder = Path(name).is_dir()
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        inner = AutoTokenizer.from_pretrained(
            name, local_files_only=is_folder, trust_remote_code=False
        )
    except Exception as error:  # noqa: BLE001 - the library raises many kinds for one cause
        reason = " ".join(str(error).split())[:200]
        where = (
            "the folder has no tokenizer that can be read; SigLIP's has spiece.model and "
            "tokenizer_config.json"
            if is_folder
            else "no such folder, and it did not come from the Hub: without a connection give the "
            "folder of a SigLIP model, or train a tokenizer with "
            "python -m argus.mtv.data.train_tokenizer"
        )
        raise ConfigError(f"tokenizer {name!r}: {where} ({reason}).") from error
    finally:
        logging.set_verbosity(before)
    stated = inner.model_max_length
    if length is None:
        length = int(stated) if stated and stated < 10_000 else LENGTH
    if length < 2:
        raise ConfigError(f"tokenizer {name!r}: a length of {length} tokens has room for no text.")
    is_siglip = isinstance(inner, SiglipTokenizer)
    return Tokenizer(inner, length=length, form=form or ("canonical" if is_siglip else "lower"))
