"""Command lines of Argus in this process: another one takes seconds to import the libraries."""

import importlib
import os
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from argus.datasets.resilient import ResilientDataset
from argus.engine.checks import first_sample, some_samples
from argus.engine.loading import loaders
from argus.engine.loading.watched_loader import WatchedLoader

ROOT = Path(__file__).parents[1]


class LoaderWithoutProcesses(WatchedLoader):
    """Reads its few samples in this process: starting others takes longer."""

    def __init__(self, dataset: ResilientDataset, **options: Any) -> None:
        super().__init__(dataset, **options | dict(num_workers=0))


class InProcess:
    """Call commands as a user types them, in a folder that stands for the repository.

    Args:
        patch: Undone by the caller.
        folder: Which becomes the current one.
    """

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.patch = patch
        self.folder = folder
        patch.chdir(folder)
        for module in (loaders, first_sample, some_samples):
            patch.setattr(module, "WatchedLoader", LoaderWithoutProcesses)

    def call(self, words: Sequence[str]) -> int:
        """Exit status of a command.

        Args:
            words: ``argus ...``, ``python -m PACKAGE ...``, ``[python] FILE.py ...``, or a script
                of ``tools/`` that starts processes, of which there is one.

        Raises:
            AssertionError: It is none of these.
        """
        if words[0] == "argus":
            return self._main("argus.commands.main", words)
        if words[0].endswith(".sh"):
            words = self._launched(words)
        if words[0] in ("python", sys.executable):
            words = words[1:]
            if words[0] == "-m":
                # Another test may have imported it; the module that is run is a new one.
                for name in (words[1], f"{words[1]}.__main__"):
                    if not hasattr(sys.modules.get(name), "__path__"):  # a package stays
                        self.patch.delitem(sys.modules, name, raising=False)
                return self._run(words[1:], lambda: runpy.run_module(words[1], run_name="__main__"))
        file = Path(os.path.relpath(words[0], self.folder))
        if file.parts[0] == "tools" and (ROOT / file).suffix == ".py":
            return self._main(".".join(file.with_suffix("").parts), words)
        if file.suffix == ".py" and file.is_file():
            return self._run(words, lambda: runpy.run_path(str(file), run_name="__main__"))
        raise AssertionError(f"cannot run {shlex.join(words)!r} in this process")

    def _launched(self, words: Sequence[str]) -> list[str]:
        """The command line that a script gives to its process, without the launcher."""
        printer = self.folder / "print_arguments"
        printer.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
        printer.chmod(0o755)
        environment = {**os.environ, "PYTHON": str(printer)}
        done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        _, *options = done.stdout.splitlines()
        assert options[:3] == ["--standalone", "--nproc_per_node", "1"], options
        assert options[-2:] == ["--launcher", "pytorch"], options
        return options[3:-2]

    def _main(self, module: str, argv: Sequence[str]) -> int:
        return self._run(argv, lambda: importlib.import_module(module).main())

    def _run(self, argv: Sequence[str], run: Callable[[], Any]) -> int:
        """What a program exits with; a result that is no number stands for success."""
        self.patch.setattr(sys, "argv", list(argv))
        try:
            result = run()
        except SystemExit as ended:
            if isinstance(ended.code, str):
                raise
            result = ended.code
        return result if isinstance(result, int) else 0
