"""A folder with a small model and a tokenizer for it."""

from pathlib import Path

import pytest
import sentencepiece
from transformers import SiglipTokenizer

from argus.mtv.saving import save_mtv
from argus.mtv.tokenizer import canonical
from tests.mtv.foreign_models import folders, pictures, scenes
from tests.mtv.tiny import LENGTH, VOCABULARY, tiny_mtv

__all__ = ["folder", "folders", "pictures", "scenes"]  # fixtures

NAMES = ["a red ball", "the green cube", "Blue, blue cone!"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mtv")
    text = folder / "captions.txt"
    text.write_text("\n".join(canonical(name) for name in NAMES * 20))
    sentencepiece.SentencePieceTrainer.train(
        input=str(text),
        model_prefix=str(folder / "spiece"),
        vocab_size=VOCABULARY - 10,
        hard_vocab_limit=False,
        minloglevel=2,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
    )
    SiglipTokenizer(str(folder / "spiece.model"), model_max_length=LENGTH).save_pretrained(folder)
    save_mtv(tiny_mtv(seed=3), folder)
    return folder
