"""The config of a training with calibrated loss weights: it imports the one that was measured."""

import json
import os
import shlex
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmengine.config import Config

from argus.engine.config_files.reading import read_config_file
from argus.engine.config_files.relative_import import relative_module
from argus.errors import ConfigError
from argus.names.printable import printable

_WIDTH = 96


def default_path(config: Path) -> Path:
    """Beside the config, with ``_calibrated`` at the end of its name."""
    return config.with_name(f"{config.stem}_calibrated.py")


def check_path(config: Path, out: Path) -> None:
    """Look at the name of a new config before the work.

    Raises:
        ConfigError: It is there already, is no Python file, or cannot import ``config``.
    """
    if out.suffix != ".py":
        raise ConfigError(f"--out: expected a file that ends in .py, found {out}.")
    if out.exists():
        raise ConfigError(f"{out} is there already: delete it, or name another --out.")
    _base_lines(config, out)


def write_calibrated(
    config: Path, out: Path, weights: Mapping[str, float], *, command: Sequence[str], remark: str
) -> None:
    """Write a config that runs by itself, and read it back.

    Args:
        config: The one that was measured; it has to stay where it is.
        out: File to write.
        weights: By task.
        command: Words of the command that measured them, for a remark.
        remark: What it found, of several lines.

    Raises:
        ConfigError: What is read back has other weights, as where ``config`` makes its tasks anew.
    """
    head, is_lazy = _base_lines(config, out)
    told = printable(shlex.join(command))
    lines = textwrap.wrap(told, _WIDTH, break_long_words=False, break_on_hyphens=False)
    remarks = [f"# {line}".rstrip() for line in (*lines, "", *remark.splitlines())]
    if is_lazy:
        changes = [
            f"tasks[{json.dumps(name)}].update(loss_weight={value!r})"
            for name, value in weights.items()
        ]
    else:
        changes = [
            "tasks = dict(",
            *(f"    {name}=dict(loss_weight={value!r})," for name, value in weights.items()),
            ")",
        ]
    title = '"""Loss weights by the norms of the tasks\' gradients on the shared parameters."""'
    out.write_text("\n".join([title, "", *head, "", *remarks, *changes]) + "\n", encoding="ascii")
    tasks = read_config_file(str(out)).get("tasks") or {}
    wrong = [name for name, value in weights.items() if tasks[name].get("loss_weight") != value]
    if wrong:
        raise ConfigError(
            f"{out} was written, and does not give the new weights of {', '.join(wrong)}: set "
            f"loss_weight in {config} by hand."
        )


def _base_lines(config: Path, out: Path) -> tuple[list[str], bool]:
    """What imports the measured config, and whether by mmengine's new way."""
    if not Config._is_lazy_import(str(config)):
        base = os.path.relpath(config.resolve(), out.resolve().parent)
        return [f"_base_ = [{json.dumps(base)}]"], False
    try:
        module = relative_module(config, out)
    except ConfigError as error:
        raise ConfigError(f"--out {out}: {error}") from error
    lines = [
        "from mmengine.config import read_base",
        "",
        "with read_base():",
        f"    from {module} import *",
    ]
    return lines, True
