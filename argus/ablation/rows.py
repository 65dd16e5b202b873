"""The list of trainings that a table compares, as a YAML file.

::

    title: Parts of the adapter
    rows:
      - name: main
        config: configs/small/stage1_4task.py
      - name: without scaling
        config: configs/small/stage1_4task.py
        options: backbone.scale_tokens=False
      - name: without EMA          # no training: a checkpoint of another row, tested otherwise
        checkpoint_of: main
        options: eval_weights=raw
      - name: boundaries           # a stage-2 config whose frozen backbone another row trains
        config: configs/small/stage2/bsds_joint.py
        backbone_of: main
"""

import contextlib
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from argus.datasets.own.texts import read_yaml
from argus.errors import ConfigError

_KEYS = ("title", "metrics", "runs_in", "rows")
_ROW_KEYS = ("name", "config", "options", "checkpoint_of", "backbone_of")
_MAX_ROWS = 500


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table: a training, or another test of one.

    Args:
        name: As the table shows it.
        config: Config file.
        options: ``KEY=VALUE``, as for ``--cfg-options``.
        checkpoint_of: Row whose checkpoints are tested; nothing is trained.
        backbone_of: Row whose checkpoints are the frozen backbone.
    """

    name: str
    config: str
    options: tuple[str, ...] = ()
    checkpoint_of: str = ""
    backbone_of: str = ""

    @property
    def folder(self) -> str:
        """Name of the row's folder."""
        return re.sub(r"[^a-z0-9]+", "_", self.name.lower()).strip("_")

    @property
    def needs(self) -> str:
        """Name of the row that has to be trained before; empty if none has."""
        return self.checkpoint_of or self.backbone_of


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What a file lists.

    Args:
        title: Of the table.
        rows: In the order of the table; the others are compared with the first.
        metrics: Names ``<task>/<metric>`` of the columns; none stands for all that the tasks'
            tables have.
        runs_in: Folder of the rows' folders; empty for that of the list. Lists that name the same
            share the rows of one name, which then have to be of one config.
    """

    title: str
    rows: tuple[Row, ...]
    metrics: tuple[str, ...] = ()
    runs_in: str = ""


def read_listing(path: str | Path) -> Listing:
    """Read a list of trainings.

    Raises:
        DataError: The file cannot be read, or is no YAML.
        ConfigError: It lists something else, a row twice, or a row before the one it needs.
    """
    content = read_yaml(path)
    _check_keys(str(path), content, _KEYS)
    entries = content.get("rows")
    if not isinstance(entries, list) or not 0 < len(entries) <= _MAX_ROWS:
        raise ConfigError(
            f"{path}: expected 'rows', a list of 1 to {_MAX_ROWS} trainings, found {entries!r:.60}."
        )
    rows: dict[str, Row] = {}
    for number, entry in enumerate(entries, start=1):
        row = _row(f"{path}, row {number}", entry, rows)
        other = next((name for name in rows if rows[name].folder == row.folder), None)
        if other is not None:
            raise ConfigError(
                f"{path}, row {number}: {row.name!r} and {other!r} would share the folder "
                f"{row.folder!r}. Give them names that differ in letters or digits."
            )
        rows[row.name] = row
    title = content.get("title", Path(path).stem)
    for key, value in (("title", title), ("runs_in", content.get("runs_in", ""))):
        if not isinstance(value, str):
            raise ConfigError(f"{path}: {key}: expected a text, found {value!r:.60}.")
    metrics = content.get("metrics", [])
    if not isinstance(metrics, list) or not all(isinstance(name, str) for name in metrics):
        raise ConfigError(f"{path}: metrics: expected TASK/METRIC names, found {metrics!r:.60}.")
    return Listing(
        title=title,
        rows=tuple(rows.values()),
        metrics=tuple(metrics),
        runs_in=content.get("runs_in", ""),
    )


def choose_rows(listing: Listing, names: Sequence[str]) -> tuple[Row, ...]:
    """Rows with the given names, the first one, and those that they need; all without names.

    Raises:
        ConfigError: There is no such row.
    """
    rows = {row.name: row for row in listing.rows}
    unknown = [name for name in names if name not in rows]
    if unknown:
        raise ConfigError(f"--rows: expected some of {', '.join(rows)}, found {unknown[0]!r}.")
    if not names:
        return listing.rows
    wanted = {listing.rows[0].name, *names}
    # A row needs one before it: from the last to the first, all of them are found.
    for row in reversed(listing.rows):
        if row.name in wanted and row.needs:
            wanted.add(row.needs)
    return tuple(row for row in listing.rows if row.name in wanted)


def with_options(rows: Sequence[Row], options: Sequence[str]) -> tuple[Row, ...]:
    """Rows that all have some options; what a row itself states prevails.

    Raises:
        ConfigError: An option is no ``KEY=VALUE``, or the seed.
    """
    shared = _options("--cfg-options", options)
    return tuple(replace(row, options=(*shared, *row.options)) for row in rows)


def _row(where: str, entry: Any, before: Mapping[str, Row]) -> Row:
    if not isinstance(entry, Mapping):
        raise ConfigError(f"{where}: expected names and values, found {entry!r:.60}.")
    _check_keys(where, entry, _ROW_KEYS)
    for key in set(entry) - {"options"}:
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise ConfigError(f"{where}: {key}: expected a text, found {entry[key]!r:.60}.")
    if "name" not in entry or not re.search(r"[a-zA-Z0-9]", entry["name"]):
        raise ConfigError(f"{where}: expected a name with a letter or a digit.")
    for key in ("checkpoint_of", "backbone_of"):
        if key in entry and entry[key] not in before:
            raise ConfigError(
                f"{where}: {key}: there is no row {entry[key]!r} before it; expected one of "
                f"{', '.join(before) or 'them, and it is the first'}."
            )
    if {"checkpoint_of", "backbone_of"} <= set(entry):
        raise ConfigError(
            f"{where}: a checkpoint has its backbone, so checkpoint_of and backbone_of exclude "
            "each other."
        )
    other = before.get(entry.get("checkpoint_of", ""))
    if other is not None and other.checkpoint_of:
        raise ConfigError(
            f"{where}: row {other.name!r} is not trained itself: say checkpoint_of: "
            f"{other.checkpoint_of}."
        )
    if "config" not in entry and other is None:
        raise ConfigError(f"{where}: config is missing: expected the path of a config file.")
    options = _options(f"{where}: options", entry.get("options", ()))
    if other is not None and "config" not in entry:
        # Its checkpoints are those of its config as it was trained.
        options = (*other.options, *options)
        return Row(**{**entry, "config": other.config, "options": options})
    return Row(**{**entry, "options": options})


def _options(where: str, value: Any) -> tuple[str, ...]:
    """``KEY=VALUE`` words, of one text or of a list."""
    words: list[Any] = [None]
    with contextlib.suppress(TypeError, ValueError):
        words = shlex.split(value) if isinstance(value, str) else list(value)
    for word in words:
        if not isinstance(word, str) or not re.match(r"[^=\s]+=", word):
            raise ConfigError(
                f"{where}: expected KEY=VALUE, or a list of them, found {value!r:.100}."
            )
        if word.startswith("randomness"):
            raise ConfigError(f"{where}: the seed is that of --seeds, found {word!r}.")
    return tuple(words)


def _check_keys(where: str, found: Mapping[str, Any], known: tuple[str, ...]) -> None:
    unknown = [str(key) for key in found if key not in known]
    if unknown:
        raise ConfigError(
            f"{where}: unknown {', '.join(unknown)[:100]}; expected {', '.join(known)}."
        )
