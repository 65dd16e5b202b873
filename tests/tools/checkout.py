"""A copy of what the set-up script needs, and the notes that it leaves."""

import shutil
import sys
from pathlib import Path

from tools.install import recipe

ROOT = Path(__file__).resolve().parents[2]
SCRIPT_FILES = ("tools", "requirements", "pyproject.toml", "setup.py", "Makefile")


def copy_checkout(tmp_path: Path) -> Path:
    """A copy of what the set-up script needs, in a folder whose name holds a space."""
    root = tmp_path / "my argus"
    root.mkdir()
    for name in SCRIPT_FILES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / name)
    return root


def mark_as_installed(root: Path) -> recipe.Environment:
    """Writes the notes a finished install leaves, round an interpreter that does run."""
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").symlink_to(sys.executable)
    environment = recipe.Environment(root)
    for name, key in recipe.step_keys(root, environment.python_version()).items():
        environment.note(name, key)
    environment.note("operators", "cuda")
    return environment
