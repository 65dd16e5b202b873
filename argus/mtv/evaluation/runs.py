"""Models by evaluations, one after the other; what is measured is in the file at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from argus.errors import ConfigError, DataError
from argus.mtv.encoders.encoder import MissingPart, load_encoder
from argus.mtv.evaluation.protocols import Evaluation
from argus.mtv.evaluation.results import entry, merge


def named_source(word: str) -> tuple[str | None, str]:
    """The name, if there is one, and the source of ``NAME=SOURCE`` or ``SOURCE``."""
    name, equals, source = word.partition("=")
    if not equals or Path(word).exists():
        return None, word
    if not name or not source:
        raise ConfigError(f"{word}: expected SOURCE or NAME=SOURCE.")
    return name, source


def find_roots(evaluations: Sequence[Evaluation], given: Sequence[str]) -> dict[str, Path]:
    """The root of the data of each evaluation.

    Args:
        evaluations: That are to run.
        given: ``name=path`` of those whose data are not in their usual place.

    Raises:
        ConfigError: If a name is none of theirs.
        DataError: If a folder is missing.
    """
    names = [evaluation.name for evaluation in evaluations]
    said: dict[str, str] = {}
    for word in given:
        name, equals, path = word.partition("=")
        if not equals or name not in names:
            raise ConfigError(
                f"--data {word}: expected one of {', '.join(names)}, =, and a folder."
            )
        said[name] = path
    roots = {}
    for evaluation in evaluations:
        root = said.get(evaluation.name, evaluation.root)
        if not root or not Path(root).is_dir():
            raise DataError(
                f"{evaluation.name}: there is no folder {root!r}. Expected in it: "
                f"{evaluation.layout}. Say where it is with --data {evaluation.name}=FOLDER; "
                "data/README.md says how to get it."
            )
        roots[evaluation.name] = Path(root)
    return roots


def run_all(
    models: Sequence[str],
    evaluations: Sequence[Evaluation],
    roots: Mapping[str, Path],
    options: Mapping[str, Any],
    *,
    out: Path,
    device: str | None,
    say: Callable[[str], None],
) -> list[dict[str, Any]]:
    """Measure every model by every evaluation.

    Args:
        models: ``SOURCE`` or ``NAME=SOURCE``; see :func:`load_encoder`.
        evaluations: By which.
        roots: Of the data, by name.
        options: Of the evaluations, by name.
        out: File that every result is merged into as soon as it is there.
        device: Where to compute.
        say: Takes lines about what is going on.

    Returns:
        All entries of the file, or none if nothing was measured and there is none.
    """
    sources = [named_source(word) for word in models]
    found: list[dict[str, Any]] = []
    for name, source in sources:
        encoder = load_encoder(source, device=device)
        encoder.name = name or encoder.name
        say(f"{encoder.name}: {encoder.preparation}")
        for evaluation in evaluations:
            started = time.perf_counter()
            own = options[evaluation.name]
            try:
                metrics = evaluation.run(encoder, roots[evaluation.name], own)
            except MissingPart as error:  # the others go on
                say(f"not measured by {evaluation.name}: {error}")
                continue
            seconds = time.perf_counter() - started
            record = entry(
                encoder, source, evaluation, roots[evaluation.name], own, metrics, seconds=seconds
            )
            found = merge(out, [record])
            values = ", ".join(f"{key} {value:.4g}" for key, value in metrics.items())
            say(f"{encoder.name}: {evaluation.name} {values} ({seconds:.0f} s)")
    return found
