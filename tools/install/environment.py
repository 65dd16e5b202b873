"""The virtual environment of the repository, and the notes on what was done in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.install import SUPPORTED_PYTHONS
from tools.install.pip_settings import uv_variables


class Environment:
    """The environment in ``folder``, there or not.

    Args:
        folder: Of the virtual environment.

    Attributes:
        notes: What was done before: choices, and the keys of steps.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self._notes_file = folder / "argus_install.json"
        self.notes: dict[str, str] = {}
        try:
            self.notes = json.loads(self._notes_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            pass  # no notes, or half a file: every step is looked at again

    def note(self, name: str, value: str) -> None:
        """Notes a fact for the next call; the file is replaced in one go."""
        self.notes[name] = value
        draft = self._notes_file.with_suffix(".tmp")
        draft.write_text(json.dumps(self.notes, indent=1) + "\n", encoding="utf-8")
        draft.replace(self._notes_file)

    def python_version(self) -> str:
        """The environment's own Python, e.g. "3.11"; that of this process if there is none yet."""
        configuration = self.folder / "pyvenv.cfg"
        if self.python.exists() and configuration.is_file():
            for line in configuration.read_text(encoding="utf-8").splitlines():
                name, _, value = line.partition("=")
                if name.strip() in ("version", "version_info"):
                    return ".".join(value.strip().split(".")[:2])
        return f"{sys.version_info[0]}.{sys.version_info[1]}"

    def runs(self) -> bool:
        """Whether there is an interpreter of a supported version that starts."""
        version = tuple(int(part) for part in self.python_version().split("."))
        return version in SUPPORTED_PYTHONS and self._answers("-c", "pass")

    def has_pip(self) -> bool:
        """Whether packages can be installed into it."""
        return self.runs() and self._answers("-m", "pip", "--version")

    def _answers(self, *arguments: str) -> bool:
        command = [str(self.python), *arguments]
        return self.python.exists() and subprocess.run(command, capture_output=True).returncode == 0

    def packages(self) -> list[Path]:
        """The folders of OpenMMLab's packages in it."""
        return sorted(self.folder.glob("lib/python*/site-packages/mm*/"))

    def torch_device(self) -> str | None:
        """What the PyTorch in it was installed for; ``None`` if none is there, or nothing said so.

        What was asked for is noted before, and may not have been had.
        """
        there = any(self.folder.glob("lib/python*/site-packages/torch/"))
        return self.notes.get("device") if there else None

    def forget_half_installed(self) -> list[str]:
        """Makes what a killed process had begun to unpack be installed again.

        pip and uv write the file INSTALLER after a package's other files; without it the package
        counts as installed all the same, with files missing.

        Returns:
            Names of the folders of metadata that were removed.
        """
        removed = []
        for metadata in self.folder.glob("lib/python*/site-packages/*.dist-info"):
            if not (metadata / "INSTALLER").exists():
                shutil.rmtree(metadata)
                removed.append(metadata.name)
        return removed

    def variables(self) -> dict[str, str]:
        """Environment variables for what installs, and for the compilers it starts."""
        variables = dict(os.environ)
        # These would send packages elsewhere, or import them from elsewhere.
        for name in (
            "PYTHONHOME",
            "PYTHONPATH",
            "PIP_USER",
            "PIP_TARGET",
            "PIP_PREFIX",
            "MAKEFLAGS",
        ):
            variables.pop(name, None)
        variables["PATH"] = f"{self.folder / 'bin'}{os.pathsep}{variables.get('PATH', os.defpath)}"
        variables["VIRTUAL_ENV"] = str(self.folder)
        variables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
        variables["PIP_NO_INPUT"] = "1"
        variables["PYTHONUNBUFFERED"] = "1"
        if self.python.exists():
            command = [str(self.python), "-m", "pip", "config", "list"]
            answer = subprocess.run(command, capture_output=True, text=True, env=variables)
            for name, value in uv_variables(answer.stdout).items():
                variables.setdefault(name, value)
        return variables
