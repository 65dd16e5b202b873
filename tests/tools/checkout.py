"""A copy of what the set-up script needs, and the notes that it leaves."""

import shutil
import sys
from pathlib import Path

from tools.install import recipe
from tools.install.environment import Environment

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


def plan(root: Path, *, part: str = "all", **wanted: str) -> recipe.Plan:
    """What the script would do."""
    return recipe.Plan(root, Environment(root / ".venv"), wanted, part)


def remaining(root: Path, *, part: str = "all", **wanted: str) -> list[str]:
    """The steps that the script would do."""
    return [step.name for step in plan(root, part=part, **wanted).remaining]


def mark_as_installed(root: Path, **wanted: str) -> Environment:
    """Writes the notes a finished install leaves, round an interpreter that does run."""
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").symlink_to(sys.executable)
    environment = Environment(root / ".venv")
    done = plan(root, **wanted)
    for name, value in vars(done.choice).items():
        environment.note(f"chosen {name}", value)
    for name, key in done.keys.items():
        environment.note(name, key)
    return environment
