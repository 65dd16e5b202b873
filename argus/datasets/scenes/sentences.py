"""Sentences about a picture for pretraining: what is where, with words that vary.

Unlike the five of ``captions``, which are like COCO's, most name everything that is in the picture,
with its colour and its place, so that a picture can be found again by its sentence.
"""

from collections.abc import Sequence

import numpy as np

from argus.datasets.scenes.objects import Thing

NUM_SENTENCES = 5
_OPENINGS = ("", "", "a picture of ", "a photo of ", "there is ", "a view of ", "a scene with ")
_NEAR = 0.17
"""Share of the picture's width, from the middle, in which a thing stands in the middle."""


def noun(thing: Thing) -> str:
    """Name and colour, as a region is called."""
    if thing.name == "person":
        return f"person in {_article(thing.colour)} shirt"
    return f"{thing.colour} {thing.name}"


def sentences(
    things: Sequence[Thing], centres: Sequence[float], place: str, rng: np.random.Generator
) -> list[str]:
    """Sentences of a scene, all different in order and words.

    Args:
        things: What is in it, at least one.
        centres: Where each is seen from left to right, as a share of the picture's width.
        place: Where they are, such as "on the grass".
        rng: For the choice of words.

    Returns:
        :data:`NUM_SENTENCES` texts; the first names everything from left to right.
    """
    assert len(things) == len(centres) >= 1
    ordered = [int(place) for place in np.argsort(centres, kind="stable")]
    found = [_from_left([things[i] for i in ordered], place)]
    while len(found) < NUM_SENTENCES:
        shuffled = rng.permutation(len(things))
        kind = int(rng.integers(3))
        if kind == 0 and len(things) > 1:
            first, second = shuffled[:2]
            side = "left" if centres[first] < centres[second] else "right"
            rest = [_article(noun(things[i])) for i in shuffled[2:]]
            text = (
                f"{_article(noun(things[first]))} to the {side} of "
                f"{_article(noun(things[second]))}" + (f", {_joined(rest)}" if rest else "")
            )
        elif kind == 1:
            text = _joined([f"{_acting(things[i])} {_where(centres[i])}" for i in shuffled])
        else:
            text = _joined([_acting(things[i]) for i in shuffled])
        opening = str(rng.choice(_OPENINGS))
        ending = f" {place}" if rng.random() < 0.7 else ""
        found.append(f"{opening}{text}{ending}")
    return found


def portrait_sentences(thing: Thing, place: str, rng: np.random.Generator) -> list[str]:
    """The same of a picture of one thing."""
    plain, coloured = _article(thing.name), _article(noun(thing))
    texts = [f"a photo of {plain}", f"a picture of {plain}", f"{plain} {place}"]
    texts.append(f"{coloured} {place}")
    while len(texts) < NUM_SENTENCES:
        opening = str(rng.choice(_OPENINGS[2:]))
        texts.append(f"{opening}{coloured}{' ' + place if rng.random() < 0.5 else ''}")
    return texts


def _from_left(things: Sequence[Thing], place: str) -> str:
    names = _joined([_article(noun(thing)) for thing in things])
    return f"from left to right {names} {place}" if len(things) > 1 else f"{names} {place}"


def _acting(thing: Thing) -> str:
    return f"{_article(noun(thing))} {thing.action}" if thing.action else _article(noun(thing))


def _where(centre: float) -> str:
    if abs(centre - 0.5) < _NEAR:
        return "in the middle"
    return "on the left" if centre < 0.5 else "on the right"


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
