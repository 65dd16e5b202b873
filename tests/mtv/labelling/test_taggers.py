"""Taggers."""

from pathlib import Path

import numpy as np
import pytest

from argus.errors import ConfigError, DataError
from argus.mtv.labelling.labeller import Picture
from argus.mtv.labelling.taggers.caption_phrases import CaptionPhrases
from argus.mtv.labelling.taggers.tagger import read_tags


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
