"""The steps of the set-up, each done once per list of versions.

The versions are in ``requirements/`` alone. What was done is noted in ``.venv/argus_install.json``,
one key per step: a hash over the step, its lists and what was chosen. A step whose key is noted is
skipped; an interrupted install goes on at the step it was in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

OPERATORS = ("none", "compiled")  # of mmcv; the first is the default
DEVICES = ("cuda", "cpu")  # what PyTorch is built for; the first is the default
PARTS = ("all", "core")  # everything, or what trains and predicts


def _lists(option: str, *names: str) -> tuple[str, ...]:
    return tuple(word for name in names for word in (option, f"requirements/{name}.txt"))


@dataclass(frozen=True)
class Choice:
    """What a user can choose; see the constants above."""

    operators: str = OPERATORS[0]
    device: str = DEVICES[0]


@dataclass(frozen=True)
class Step:
    """Calls that belong together.

    Attributes:
        name: Key in the notes.
        label: What the console calls it.
        lists: Files below the repository that decide its outcome.
        calls: Words after the environment's Python, one tuple per call; ``uv`` stands for its own
            ``pip install``.
    """

    name: str
    label: str
    lists: tuple[str, ...]
    calls: tuple[tuple[str, ...], ...]

    def key(self, root: Path, *parts: str) -> str:
        """Changes when anything that decides the outcome does."""
        texts = (
            (root / name).read_text("utf-8") if (root / name).is_file() else ""
            for name in self.lists
        )
        whole = "\0".join([*parts, repr(self.calls), *texts])
        return hashlib.sha256(whole.encode()).hexdigest()


_CORE = _lists("-r", "torch", "runtime", "mmpose")
_WITHOUT = _lists("--excludes", "excluded")
_EXTRAS = ("dev", "docs", "export", "mtv", "serve")
# Installed as sources: compiled now, in parallel, rather than at the first import.
_COMPILE = ("-W", "ignore", "-m", "compileall", "-q", "-j", "0", "{packages}")


def steps(choice: Choice, part: str, torch_index: str, cpu_torch: tuple[str, ...]) -> list[Step]:
    """All steps of an install, in their order.

    Args:
        choice: What the user wants.
        part: One of :data:`PARTS`.
        torch_index: Registry of PyTorch's wheels without CUDA.
        cpu_torch: These wheels, e.g. ``torch==2.11.0+cpu``.
    """
    without = _WITHOUT
    tested = _lists("-c", "tested")
    found = [
        Step(
            name="build",
            label="[1/3] uv",
            lists=("requirements/build.txt",),
            calls=(("-m", "pip", "install", "-r", "requirements/build.txt"),),
        )
    ]
    core: list[tuple[str, ...]] = []
    if choice.device == "cpu":
        without += _lists("--excludes", "excluded_cpu")
        core.append(("uv", "--no-deps", "--default-index", torch_index, *cpu_torch))
    core += [
        ("uv", *without, *tested, *_CORE),
        _COMPILE,
        ("uv", "--no-deps", "--editable", "."),
    ]
    files = (*(word for word in (*without, *tested, *_CORE) if word.endswith(".txt")),)
    found.append(
        Step(
            name="core",
            label="[2/3] PyTorch and OpenMMLab",
            lists=(*files, "pyproject.toml", "setup.py"),
            calls=tuple(core),
        )
    )
    if part == "all":
        extras = _lists("-r", *_EXTRAS)
        found.append(
            Step(
                name="extras",
                label="[3/3] what tests and documents need",
                lists=(*files, *extras[1::2]),
                calls=(("uv", *without, *tested, *_CORE, *extras),),
            )
        )
    return found


def any_torch_words() -> tuple[str, ...]:
    """Words for ``uv pip install``: all that an install has, of any accepted PyTorch."""
    return (*_WITHOUT, *_CORE, *_lists("-r", *_EXTRAS))
