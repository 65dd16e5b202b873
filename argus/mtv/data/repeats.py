"""Captions that several pictures have: of another picture with the same text, each is a negative.

Class templates ("a photo of a dog") and reports ("no finding") are of this kind. What equal texts
of a batch are is said by ``equal_texts`` of the decoder, which compares the tokens: a caption needs
no further mark.
"""

from collections import Counter
from collections.abc import Sequence

from argus.mtv.tokenizer import Tokenizer, canonical

AS_NEGATIVES = "negative"
"""What ``equal_texts`` of ``Contrastive`` is, unless its config says otherwise."""

WARN_SHARE = 0.05
"""Share of pictures with a caption of another one, above which it is told."""


def repeated_share(captions: Sequence[Sequence[str]]) -> tuple[float, str, int]:
    """How many pictures have a caption that another has, too.

    Args:
        captions: Of each picture.

    Returns:
        Share of the captions, each counted once per picture; the most frequent, and of how many
        pictures it is.
    """
    forms = [{canonical(text): text for text in own} for own in captions]
    counts = Counter(form for own in forms for form in own)
    if not counts:
        return 0.0, "", 0
    repeated = sum(number for number in counts.values() if number > 1)
    form, number = counts.most_common(1)[0]
    text = next(own[form] for own in forms if form in own)
    return repeated / counts.total(), text, number


def repeat_notes(captions: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What who learns from equal texts as negatives should know, in sentences without a stop.

    Args:
        captions: Of each picture that was looked at.
    """
    share, text, number = repeated_share(captions)
    if share <= WARN_SHARE:
        return ()
    return (
        f"{share:.0%} of the captions of {len(captions):,} pictures occur at several of them "
        f"({text[:60]!r} at {number:,}): in a batch each is a negative of the others' pictures, "
        "unless equal_texts of the decoder is 'ignore' or 'positive'",
    )


def retrieval_notes(captions: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What who measures retrieval should know, likewise.

    Args:
        captions: Of each picture that was looked at.
    """
    share, text, number = repeated_share(captions)
    if share <= WARN_SHARE:
        return ()
    from_pictures, from_texts = best_recall(captions)
    return (
        f"{share:.0%} of the captions of {len(captions):,} pictures occur at several of them "
        f"({text[:60]!r} at {number:,}), and that of another picture is no right answer: of these, "
        f"recall at 1 is at most {from_pictures:.0%} from images to texts and {from_texts:.0%} "
        "from texts to images",
    )


def best_recall(captions: Sequence[Sequence[str]]) -> tuple[float, float]:
    """The highest recall at 1 that a pair of encoders can reach, from images and from texts.

    Equal texts are as similar to any picture, which puts those of others before the own one; of the
    pictures that have one text, it finds the most similar alone.

    Args:
        captions: Of each picture, one or more.
    """
    own = [Counter(canonical(text) for text in texts) for texts in captions]
    pictures = Counter(form for forms in own for form in forms)
    alone = sum(any(pictures[form] == 1 for form in forms) for forms in own)
    most: Counter[str] = Counter()
    for forms in own:
        most |= forms
    return alone / len(own), most.total() / sum(forms.total() for forms in own)


def length_notes(captions: Sequence[Sequence[str]], *, tokenizer: Tokenizer) -> tuple[str, ...]:
    """What a person should know of captions and their tokenizer, likewise."""
    lengths = tokenizer.lengths([text for own in captions for text in own][:2_000])
    cut = sum(length > tokenizer.length for length in lengths)
    if cut <= WARN_SHARE * len(lengths):
        return ()
    return (
        f"{cut / len(lengths):.0%} of the captions have more than {tokenizer.length} tokens, and "
        "are read up to there",
    )
