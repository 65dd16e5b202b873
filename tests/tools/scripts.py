"""Call the bash scripts of tools/, with programs that print what they are called with."""

import os
import subprocess
from pathlib import Path

TOOLS = Path(__file__).parents[2] / "tools"


def bash(script: str, *arguments: object, **environment: str) -> tuple[int, list[str], str]:
    done = subprocess.run(
        ["bash", str(TOOLS / script), *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


class FakePrograms:
    """``fake(name)`` writes a program that prints its arguments, one a line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
        path.chmod(0o755)
        return path
