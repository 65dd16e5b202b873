"""The noun phrases of a picture's own caption.

By rule: a caption is cut at punctuation, at words of closed classes (articles, prepositions,
pronouns, conjunctions, auxiliaries, a few more) and at words in -ing that are not known as nouns;
what is left between is taken for a phrase, of which the last words count. That is no grammar: other
verbs, adverbs and participles stay, and become tags without a box. With ``spacy``, a package and a
model of its own, the phrases are those of a parser.
"""

import re
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any

from argus.errors import ConfigError, DataError
from argus.mtv.labelling.labeller import Picture, TeacherRecord
from argus.mtv.labelling.registry import TAGGERS
from argus.mtv.labelling.taggers.tagger import Tagger

RULES = ("plain", "spacy")
_WORDS = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|\S")
_CLOSED = frozenset(
    """a an the this that these those some any each every no my your his her its our their another
    one two three four five six seven eight nine ten several many few both all
    i you he she it we they him them us me who whom which what whose there here someone something
    of in on at by for with from to into onto over under above below behind beside between beyond
    near next about across after against along among around as before during inside outside off out
    through toward towards up upon down via within without like than
    and or but nor so yet while when where because if although though
    is are was were be been being am has have had having do does did can could will would shall
    should may might must not very too also just only more most other such own same
    photo photograph picture image view close-up closeup""".split()
)

_NOUNS = frozenset(
    """awning building ceiling clothing covering dressing dumpling earring evening icing king
    landing lightning lining morning opening painting parking pudding railing ring sibling sling
    spring stocking string swing thing wedding wing wiring""".split()
)


@TAGGERS.register_module()
class CaptionPhrases(Tagger):
    """Tags from captions, without a model for pictures.

    Args:
        rule: ``plain``, or ``spacy``.
        model: Of spaCy, which has to be installed.
        most: Tags of a picture.
        max_words: Of a tag; of a longer phrase the last ones count.

    Raises:
        ConfigError: A value is out of range, or spaCy or its model is not installed.
    """

    name = "caption_phrases"
    reads_captions = True

    def __init__(
        self,
        *,
        rule: str = "plain",
        model: str = "en_core_web_sm",
        most: int = 20,
        max_words: int = 3,
    ) -> None:
        if rule not in RULES or most < 1 or max_words < 1:
            raise ConfigError(
                f"CaptionPhrases: expected rule one of {', '.join(RULES)}, most >= 1 and max_words "
                f">= 1, found {rule!r}, {most} and {max_words}."
            )
        self.most, self.max_words = most, max_words
        self.settings = dict(rule=rule, most=most, max_words=max_words)
        self._phrases: Callable[[str], list[list[str]]] = plain_phrases
        if rule == "spacy":
            self._phrases, record = _spacy(model)
            self.teachers = (record,)

    def prepare(self, picture: Picture) -> Any:
        """Its tags.

        Raises:
            DataError: It has no caption.
        """
        if not picture.captions:
            raise DataError("it has no caption to take tags from")
        tags: dict[str, None] = {}
        for caption in picture.captions:
            for words in self._phrases(caption):
                tags[" ".join(words[-self.max_words :])] = None
        return list(tags)[: self.most]

    def tags(self, batch: Sequence[Any]) -> list[list[str]]:
        """What was prepared."""
        return list(batch)


def plain_phrases(caption: str) -> list[list[str]]:
    """The words of each phrase of a caption, in small letters, by the rule above."""
    phrases: list[list[str]] = [[]]
    for word in _WORDS.findall(caption.lower().replace("\u2019", "'")):
        is_word = word[0].isalpha()
        is_verb = word.endswith("ing") and word not in _NOUNS
        if not is_word or is_verb or word in _CLOSED:
            phrases.append([])
        else:
            phrases[-1].append(word.removesuffix("'s"))
    return [words for words in phrases if words]


def _spacy(model: str) -> tuple[Callable[[str], list[list[str]]], TeacherRecord]:
    try:
        import spacy

        pipeline = spacy.load(model)
    except (ImportError, OSError) as error:
        raise ConfigError(
            f"CaptionPhrases: rule='spacy' needs the package spacy and its model {model}: python "
            f"-m pip install spacy, then python -m spacy download {model}. Nothing stands in for "
            "it; rule='plain' needs neither."
        ) from error

    def phrases(caption: str) -> list[list[str]]:
        found = (
            [token.lower_ for token in chunk if token.pos_ in ("NOUN", "PROPN", "ADJ")]
            for chunk in pipeline(caption).noun_chunks
            if chunk.root.pos_ in ("NOUN", "PROPN")
        )
        return [words for words in found if words]

    licence = str(pipeline.meta.get("license") or "unknown: look at the model card")
    version = f"{pipeline.meta.get('version')}, spacy {metadata.version('spacy')}"
    return phrases, TeacherRecord(role="tags", source=model, revision=version, licence=licence)
