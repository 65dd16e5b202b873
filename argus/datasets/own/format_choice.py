"""Which of the formats a listed folder has, by what each of them makes of it."""

from collections.abc import Mapping

from argus.datasets.own.formats import FORMATS, Clue
from argus.datasets.own.refused import refusal
from argus.datasets.own.tree import Tree
from argus.datasets.own.unread import unread
from argus.errors import DataError
from argus.names.wording import counted


def format_of(tree: Tree, kind: str | None = None) -> str:
    """The format of a listed folder.

    Raises:
        DataError: None fits, or several do and none is certain.
    """
    clues = clues_of(tree)
    best = best_of(clues, kind)
    if best is None:
        refuse_nothing(tree, clues)
        texts = [f"{FORMATS[name].title} ({clue.why})" for name, clue in clues.items()]
        if kind is not None and not any(kind in FORMATS[name].kinds for name in clues):
            raise DataError(f"{tree.given}: {'; or '.join(texts)}: no labels for {kind}.")
        raise DataError(
            f"{tree.given}: it could be {'; or '.join(texts)}. Say which: "
            f"format={' or format='.join(map(repr, clues))} (--format on the command line)."
        )
    return best


def clues_of(tree: Tree) -> dict[str, Clue]:
    """What speaks for each format that a listed folder may have.

    Raises:
        DataError: It is something that Argus does not read.
    """
    known = refusal(tree)
    if known:
        raise DataError(f"{tree.given}: {known}.")
    found = {}
    for name, form in FORMATS.items():
        fits = tree.given.is_dir() or tree.given.suffix.lower() in form.suffixes
        clue = form.clue(tree) if fits else None
        if clue is not None:
            found[name] = clue
    first = {name: clue for name, clue in found.items() if not FORMATS[name].is_last}
    return first or found


def best_of(clues: Mapping[str, Clue], kind: str | None) -> str | None:
    """The only format that is sure, or the only one at all; ``None`` if there is no such.

    Args:
        clues: By format.
        kind: What its labels are to be good for.
    """
    fitting = {
        name: clue for name, clue in clues.items() if kind is None or kind in FORMATS[name].kinds
    }
    sure = [name for name, clue in fitting.items() if clue.sure]
    if len(sure) == 1:
        return sure[0]
    return next(iter(fitting)) if len(fitting) == 1 else None


def refuse_nothing(tree: Tree, clues: Mapping[str, Clue]) -> None:
    """Say what a folder is that no format fits.

    Raises:
        DataError: There are no clues.
    """
    if clues:
        return
    why = unread(tree)
    if why:
        raise DataError(f"{tree.given}: {why}.")
    if not tree.pictures:
        raise DataError(f"{tree.given}: no pictures below it.")
    titles = ", ".join(form.title for form in FORMATS.values())
    raise DataError(
        f"{tree.given}: {counted(len(tree.pictures), 'picture')}, and no labels that Argus knows. "
        f"It reads {titles}."
    )
