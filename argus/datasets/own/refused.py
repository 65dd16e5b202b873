"""Formats that Argus does not read, called by their names, with what to do instead."""

from collections.abc import Callable

from argus.datasets.own.tree import Tree

_EXPORT = "export it from its tool as COCO JSON"


def refusal(tree: Tree) -> str:
    """What a folder is, in words, if it is of a known format that is not read; else empty."""
    return next((text for matches, text in _KNOWN if matches(tree)), "")


def _has(*suffixes: str) -> Callable[[Tree], bool]:
    return lambda tree: bool(tree.with_suffix(*suffixes))


def _named(*names: str) -> Callable[[Tree], bool]:
    return lambda tree: bool(tree.named(*names))


_KNOWN: tuple[tuple[Callable[[Tree], bool], str], ...] = (
    (
        _has(".tfrecord"),
        f"TensorFlow records (TF Detection API), which Argus does not read: {_EXPORT}",
    ),
)
