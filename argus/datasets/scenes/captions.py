"""Sentences about a scene, in the manner of COCO captions: five for each picture."""

import numpy as np

from argus.datasets.scenes.objects import Thing

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


def _noun(thing: Thing) -> str:
    article = "an" if thing.colour[0] in "aeiou" else "a"
    if thing.name == "person":
        return f"a person in {article} {thing.colour} shirt"
    return f"{article} {thing.colour} {thing.name}"


def _relation(first: Thing, second: Thing) -> str:
    """Where `first` is seen from the viewer, relative to `second`."""
    x, y = (first.position - second.position)[:2]
    if np.hypot(x, y) < 1.0:
        return "next to"
    if abs(y) > abs(x):
        return "behind" if y > 0 else "in front of"
    return "to the right of" if x > 0 else "to the left of"


def _plural(name: str, count: int) -> str:
    special = {"person": "people", "box": "boxes"}
    noun = name if count == 1 else special.get(name, name + "s")
    return f"{_NUMBERS[count]} {noun}"


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def describe(things: list[Thing], place: str) -> list[str]:
    """Five captions of a scene: what there is, where, and what people do.

    Args:
        things: At least one thing; people come first in scenes that have any.
        place: Where they are, such as "on the grass".
    """
    assert things
    main = things[0]
    # The nearest other thing is what a viewer would relate the main one to.
    others = sorted(things[1:], key=lambda t: float(np.hypot(*(t.position - main.position)[:2])))
    action = f" {main.action}" if main.action else ""
    nouns = [_noun(thing) for thing in things]
    names = sorted({thing.name for thing in things})
    counts = [_plural(name, sum(thing.name == name for thing in things)) for name in names]
    related = f"{_noun(main)} {place}"
    reverse = f"there is {_noun(main)}{action} {place}"
    if others:
        related = f"{_noun(main)} {_relation(main, others[0])} {_noun(others[0])}"
        reverse = f"{_noun(others[-1])} {_relation(others[-1], main)} {_noun(main)}"
    return [
        _sentence(related),
        _sentence(f"{_noun(main)}{action} {place}"),
        _sentence(_joined(counts) + f" {place}"),
        _sentence(reverse),
        _sentence("a picture of " + _joined(nouns)),
    ]
