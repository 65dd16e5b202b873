"""Texts become what SigLIP's tokenizer makes of them, always of one length."""

import pytest
import torch
from transformers import SiglipTokenizer

from argus.errors import CheckpointError, DataError
from argus.mtv.data.train_tokenizer import main, train_tokenizer
from argus.mtv.tokenizer import Tokenizer, canonical
from tests.mtv.data import toy
from tests.mtv.data.toy import LENGTH

TEXTS = [
    "A Red BALL, here!",
    "  two\tspaces \n and (more)  ",
    "it's 3.5 m -- wide",
    "",
    "\u00c4pfel</s>",
]


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a small tokenizer."""
    return toy.tokenizer(tmp_path_factory.mktemp("tokens"))


def test_canonical__is_that_of_siglip(tokens: str) -> None:
    inner = SiglipTokenizer.from_pretrained(tokens)
    assert [canonical(text) for text in TEXTS] == [inner.canonicalize_text(text) for text in TEXTS]


def test_tokenizer__pads_every_text_and_ends_it(tokens: str) -> None:
    tokenizer = Tokenizer(tokens)
    ids = tokenizer(["red ball", "a red ball " * 20, "Red, BALL!"])
    assert ids.shape == (3, LENGTH) and ids.dtype == torch.int64
    assert torch.equal(ids[0], ids[2])
    number = int((ids[0] != 1).sum())
    assert 0 < number < LENGTH and (ids[0, number:] == 1).all() and (ids[0, :number] > 2).all()
    assert ids[1, -1] == 1 and (ids[1, :-1] != 1).all()
    assert tokenizer.lengths(["red ball"]) == [number + 1] and tokenizer.lengths(["x" * 99])[0] > 50
    assert tokenizer([]).shape == (0, LENGTH) and tokenizer.lengths([]) == []
    assert Tokenizer(tokens, length=5)(["a red ball and more"]).shape == (1, 5)


def test_tokenizer__is_as_the_library_itself_pads(tokens: str) -> None:
    inner = SiglipTokenizer.from_pretrained(tokens)
    expected = inner(TEXTS[:3], padding="max_length", truncation=True, return_tensors="pt")
    assert torch.equal(Tokenizer(tokens)(TEXTS[:3]), expected["input_ids"])


def test_tokenizer__remembers_texts_and_forgets_the_oldest(
    tokens: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argus.mtv.tokenizer.REMEMBERED", 2)
    tokenizer, texts = Tokenizer(tokens), ["red ball", "blue", "red ball", "box", "a car"]
    expected = [Tokenizer(tokens)([text])[0] for text in texts]
    encoded: list[str] = []
    inner = tokenizer._encoded
    monkeypatch.setattr(tokenizer, "_encoded", lambda new: (encoded.extend(new), inner(new))[1])
    assert torch.equal(tokenizer(texts), torch.stack(expected))
    assert encoded == ["red ball", "blue", "box", "a car"]
    encoded.clear()
    assert torch.equal(tokenizer(texts[2:]), torch.stack(expected[2:]))
    assert encoded == ["red ball"]
    assert list(tokenizer._rows) == ["a car", "red ball"]


def test_tokenizer__one_that_is_not_there(tmp_path) -> None:
    with pytest.raises(
        CheckpointError, match=r"has no tokenizer that can be read: SigLIP's has spiece.model"
    ):
        Tokenizer(str(tmp_path))


def test_tokenizer__without_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import AutoTokenizer

    def fails(*args: object, **keys: object) -> None:
        raise OSError("We couldn't connect to 'https://huggingface.co'")

    monkeypatch.setattr(AutoTokenizer, "from_pretrained", fails)
    with pytest.raises(
        CheckpointError, match=r"did not come from the Hub.*train_tokenizer.*couldn"
    ):
        Tokenizer("google/siglip-base-patch16-224")


def test_train__too_few_texts(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match="from 0 different texts"):
        train_tokenizer([" ", "!"], tmp_path / "out", vocabulary=50, length=8)
    assert main([str(tmp_path / "absent"), str(tmp_path / "out")]) == 1
    assert "no such file or folder" in capsys.readouterr().err
