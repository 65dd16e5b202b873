"""Build every step of the pipelines in a data set's config: what cannot be built, step by step.

A data set builds its pipeline as a whole, and stops at the first step that fails.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from argus.building import explain
from argus.errors import ConfigError, DataError
from argus.registry import TRANSFORMS


def pipeline_problems(config: Any, *, where: str) -> Iterator[str]:
    """A sentence for every step that cannot be built, of wrappers and of the sets inside them.

    Types are found in the present scope.

    Args:
        config: Of a data set.
        where: Its place in the config, for messages.
    """
    if isinstance(config, Mapping):
        yield from _of_steps(config.get("pipeline"), f"{where}.pipeline")
        for key in ("dataset", "datasets"):
            yield from pipeline_problems(config.get(key), where=f"{where}.{key}")
    elif isinstance(config, (list, tuple)):
        for index, item in enumerate(config):
            yield from pipeline_problems(item, where=f"{where}[{index}]")


def _of_steps(steps: Any, where: str) -> Iterator[str]:
    for index, step in enumerate(steps if isinstance(steps, Sequence) else ()):
        place = f"{where}[{index}]"
        if isinstance(step, Mapping):
            yield from _of_step(step, place)
        elif isinstance(step, (list, tuple)):  # RandomChoice has lists of them
            yield from _of_steps(step, place)
        elif step is None or isinstance(step, str):
            yield f"{place}: expected dict(type=...), found {step!r}."


def _of_step(step: Mapping[str, Any], where: str) -> Iterator[str]:
    inner = [
        text
        for key in ("transform", "transforms")
        if isinstance(step.get(key), (Mapping, list, tuple))
        for text in _of_inner(step[key], f"{where}.{key}")
    ]
    yield from inner
    if inner:  # the outer step would fail by them
        return
    if "type" not in step:
        yield f"{where}: expected dict(type=...), found {dict(step)}."
        return
    try:
        TRANSFORMS.build(copy.deepcopy(dict(step)))
    except (ConfigError, DataError) as error:
        yield f"{where}: {error}"
    except Exception as error:  # noqa: BLE001 - constructors of the libraries raise anything
        text = " ".join(str(error).split())[:300]
        yield explain(error, step, where=where) or f"{where}: {type(error).__name__}: {text}"


def _of_inner(inner: Any, where: str) -> Iterator[str]:
    if isinstance(inner, Mapping):
        # Some take a dict of transforms, or other things by the name.
        yield from _of_step(inner, where) if "type" in inner else ()
    else:
        yield from _of_steps(inner, where)
