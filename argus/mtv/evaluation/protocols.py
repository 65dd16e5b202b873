"""What an evaluation is: how it runs, what it measures, what the paper reached, what is open.

Every evaluation is a module of this package with an ``EVALUATION``, by the name of the module.
"""

import dataclasses
import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_type_hints

from argus.errors import ConfigError
from argus.mtv.encoders.encoder import Encoder

NAMES = (
    *("zero_shot", "retrieval", "vqa", "ade20k_linear", "navi", "spair", "nyu_linear"),
    "relative_depth",
)
"""Names on the command line, in the order of the paper's tables."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A number that an evaluation gives.

    Args:
        title: For tables.
        unit: Of its value; ``%`` goes from 0 to 100.
        higher_is_better: Whether it is.
        decimals: Of the value in tables.
    """

    title: str
    unit: str = "%"
    higher_is_better: bool = True
    decimals: int = 1


@dataclass(frozen=True)
class NoOptions:
    """Of an evaluation that has none."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A protocol.

    Args:
        name: On the command line, and of its module.
        title: In tables.
        run: Takes the encoder, the root of the data and the options; gives the value of every
            metric, in its unit.
        metrics: By name; the first is the headline.
        layout: Files below the root, for people.
        root: Where the data are unless it is said; "" where it has to be.
        options: Dataclass of the options, all with defaults.
        paper: By the name of a row of the paper, the metrics that it prints.
        open_points: Sentences about what the paper leaves open and what was chosen; printed.
        told: Options that tables name whatever they are.
        speed: Options that change no number, which tables leave out.
    """

    name: str
    title: str
    run: Callable[[Encoder, Path, Any], Mapping[str, float]]
    metrics: Mapping[str, Metric]
    layout: str
    root: str = ""
    options: type = NoOptions
    paper: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    open_points: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    speed: tuple[str, ...] = ()


def find_evaluation(name: str) -> Evaluation:
    """An evaluation by its name.

    Raises:
        ConfigError: If there is none of this name.
    """
    if name not in NAMES:
        raise ConfigError(f"--on: expected some of {', '.join(NAMES)}, found {name!r}.")
    found: Evaluation = importlib.import_module(f"argus.mtv.evaluation.{name}").EVALUATION
    assert found.name == name
    return found


def read_options(evaluations: Iterable[Evaluation], given: Iterable[str]) -> dict[str, Any]:
    """The options of evaluations, from words of a command line.

    Args:
        evaluations: That are to run.
        given: ``key=value`` for all that have the key, ``name.key=value`` for one of them.

    Returns:
        By the name of an evaluation, an instance of its options.

    Raises:
        ConfigError: If none of them has a key, or a value is of another kind.
    """
    chosen = list(evaluations)
    values: dict[str, dict[str, Any]] = {evaluation.name: {} for evaluation in chosen}
    for word in given:
        key, equals, text = word.partition("=")
        name, dot, own = key.rpartition(".")
        readers = [
            evaluation
            for evaluation in chosen
            if (not dot or evaluation.name == name) and own in get_type_hints(evaluation.options)
        ]
        if not equals or not readers:
            known = [f"{e.name}.{f.name}" for e in chosen for f in dataclasses.fields(e.options)]
            raise ConfigError(
                f"--option {word}: expected KEY=VALUE with one of "
                f"{', '.join(known) or 'no keys: these evaluations have no options'}."
            )
        for evaluation in readers:
            kind = get_type_hints(evaluation.options)[own]
            values[evaluation.name][own] = _value(text, kind, where=f"--option {key}")
    return {evaluation.name: evaluation.options(**values[evaluation.name]) for evaluation in chosen}


def _value(text: str, kind: Any, *, where: str) -> Any:
    """A text as a value of bool, int, float, str, one of these or None, or a tuple of one."""
    members = get_args(kind)
    if type(None) in members:
        (kind,) = (member for member in members if member is not type(None))
        return None if text.lower() == "none" else _value(text, kind, where=where)
    if members and members[-1] is Ellipsis:
        return tuple(_value(part, members[0], where=where) for part in text.split(","))
    if kind is bool:
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
    else:
        try:
            return kind(text)
        except ValueError:
            pass
    raise ConfigError(f"{where}: expected {kind.__name__}, found {text!r}.")
