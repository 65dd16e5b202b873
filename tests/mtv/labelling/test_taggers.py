"""Taggers."""

from pathlib import Path

import numpy as np
import pytest

from argus.errors import ConfigError, DataError
from argus.mtv import MTV
from argus.mtv.labelling.labeller import Picture
from argus.mtv.labelling.taggers.caption_phrases import CaptionPhrases
from argus.mtv.labelling.taggers.tag_scores import TagScores
from argus.mtv.labelling.taggers.tagger import read_tags
from tests.mtv.labelling.test_depth import smooth


def test_phrases__are_what_stands_between_the_small_words() -> None:
    tagger = CaptionPhrases(max_words=3)

    def tags(*captions: str) -> list[str]:
        pixels = np.zeros((2, 2, 3), np.uint8)
        return tagger.tags([tagger.prepare(Picture(pixels=pixels, captions=captions))])[0]

    assert tags("A photo of two red balls, and the green cube.") == ["red balls", "green cube"]
    assert tags("a dog running on a beach beside its owner's car") == ["dog", "beach", "owner car"]
    assert tags("the old wooden kitchen table", "a table") == [
        "old wooden kitchen table"[4:],
        "table",
    ]
    assert tags("a wedding ring in front of a T-shirt") == ["wedding ring", "front", "t-shirt"]
    assert tags("3 of 4!") == [] and tags("a cat", "the cat") == ["cat"]
    with pytest.raises(DataError, match="no caption"):
        tags()
    with pytest.raises(ConfigError, match="needs the package spacy|needs .* its model"):
        CaptionPhrases(rule="spacy", model="no_such_model")
    with pytest.raises(ConfigError, match="expected rule one of"):
        CaptionPhrases(rule="parse")


def test_tags__are_read_from_lines(tmp_path: Path) -> None:
    path = tmp_path / "tags.txt"
    path.write_text("# kinds\nred ball\n\n  cube \n")
    assert read_tags(str(path)) == ("red ball", "cube")
    for text, message in (("a\nb\na\n", "'a' twice"), ("# no\n", "found none")):
        path.write_text(text)
        with pytest.raises(ConfigError, match=message):
            read_tags(str(path))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_tags(str(tmp_path / "absent"))


def test_scores__are_those_of_the_encoders_and_texts_are_encoded_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against ``MTV``, which has them from pictures and texts each time."""
    path = tmp_path / "tags.txt"
    path.write_text("red ball\ngreen cube\nblue cone\n")
    tagger = TagScores(model=str(folder), tags=str(path), prompt="a {}", min_score=0.0, most=3)
    monkeypatch.setattr(tagger._siglip.text_model, "forward", None)
    pictures = [smooth(40, 60, 1), smooth(30, 30, 2)]
    prepared = [tagger.prepare(Picture(pixels=pixels)) for pixels in pictures]
    found = tagger.tags(prepared)
    mtv = MTV.from_pretrained(folder)
    scores = mtv.similarity(pictures, [f"a {tag}" for tag in tagger.vocabulary])
    for own, wanted in zip(found, scores, strict=True):
        assert own == [tagger.vocabulary[tag] for tag in wanted.argsort(descending=True)]
    tagger.min_score = float(scores[0].sort().values[1:].mean())
    assert tagger.tags(prepared)[0] == found[0][:1]
    tagger.most = 2
    tagger.min_score = 0.0
    assert tagger.tags(prepared)[1] == found[1][:2]
    with pytest.raises(ConfigError, match="expected a prompt"):
        TagScores(model=str(folder), tags=str(path), prompt="a")
