"""Formats with a file of labels for each picture, which says in it which picture it is of."""

from collections import defaultdict
from collections.abc import Sequence

from argus.datasets.own.record import OwnPicture
from argus.datasets.own.tree import stem_of
from argus.errors import DataError


def once(named: Sequence[tuple[str, OwnPicture]], missing: list[str]) -> list[OwnPicture]:
    """The pictures, each with the labels of one file: that of its own name, if several name it.

    Args:
        named: Files of labels, with the picture that each names.
        missing: Takes the files whose picture has another.

    Raises:
        DataError: Several files name a picture, and none is called as it is.
    """
    by_path: dict[str, list[tuple[str, OwnPicture]]] = defaultdict(list)
    for name, picture in named:
        by_path[picture.path].append((name, picture))
    kept = []
    for path, claims in by_path.items():
        own = [claim for claim in claims if stem_of(claim[0]) == stem_of(path)]
        best = claims if len(claims) == 1 else own
        if len(best) != 1:
            raise DataError(
                f"{claims[0][0]} and {claims[1][0]} are of one picture, {path}: delete one of them."
            )
        kept += [picture for _, picture in best]
        missing += [name for name, _ in claims if name != best[0][0]]
    return kept
