"""Does what a reader of the documents does: types the commands, runs the Python."""

import importlib
import runpy
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import ROOT, Block


class Reader:
    """Run blocks in this process, in a folder that stands for the repository.

    Args:
        patch: Undone by the caller.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.names: dict[str, dict[str, Any]] = {}

    def run(self, block: Block) -> None:
        """Run a block; the Python of a page goes on with the names of its earlier blocks."""
        text = block.text_to_run()
        if block.language == "python":
            names = self.names.setdefault(block.page, {"__name__": "__main__"})
            exec(compile(block.setup, f"above {block}", "exec"), names)
            exec(compile(text, str(block), "exec"), names)
            return
        for command in commands(text):
            status = self._call(command)
            assert status in (None, 0), f"{block}: {shlex.join(command)} ended with {status}"

    def _call(self, words: list[str]) -> Any:
        if words == ["source", ".venv/bin/activate"]:
            return 0
        if words[0] == "argus":
            return self._main("argus.commands.main", words)
        if words[:2] == ["python", "-m"]:
            self.patch.setattr(sys, "argv", words[2:])
            # Another test may have imported it; the module that is run is a new one.
            self.patch.delitem(sys.modules, f"{words[2]}.__main__", raising=False)
            return _status(lambda: runpy.run_module(words[2], run_name="__main__"))
        script = words[1] if words[0] == "python" else words[0]
        if script.startswith("tools/") and script.endswith(".py"):
            module = script.removesuffix(".py").replace("/", ".")
            assert (ROOT / script).is_file(), script
            return self._main(module, [script, *words[words.index(script) + 1 :]])
        if words[0] == "python" and Path(script).is_file():
            self.patch.setattr(sys, "argv", words[1:])
            return _status(lambda: runpy.run_path(script, run_name="__main__"))
        raise AssertionError(f"cannot run {shlex.join(words)!r}: mark the block <!-- not run: -->")

    def _main(self, module: str, argv: list[str]) -> Any:
        self.patch.setattr(sys, "argv", argv)
        return _status(importlib.import_module(module).main)


def commands(text: str) -> list[list[str]]:
    """Words of every command of a bash block; comments and continued lines are understood."""
    joined = text.replace("\\\n", " ")
    split = [shlex.split(line, comments=True) for line in joined.splitlines()]
    return [words for words in split if words]


def _status(run: Any) -> Any:
    """What a program exits with; a result that is no number stands for success."""
    try:
        result = run()
    except SystemExit as ended:
        return ended.code
    return result if isinstance(result, int) else 0
