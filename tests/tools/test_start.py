"""How the tools start: from any folder, not installed, and with a package missing.

``tests/engine/test_distributed.py`` trains in this way.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Python runs it at its start, after what an editable installation does.
NOT_INSTALLED = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "__editable__" not in repr(finder)]
sys.path[:] = [entry for entry in sys.path if entry != {root!r}]
"""


def start(
    folder: Path, *command: object, without: str = "", timeout: int = 120
) -> subprocess.CompletedProcess[str]:
    """Run a command in ``folder`` by a Python that has no Argus and lacks a package."""
    custom = folder / "python" / "sitecustomize.py"
    custom.parent.mkdir(exist_ok=True)
    blocked = f"sys.modules[{without!r}] = None\n" if without else ""
    custom.write_text(NOT_INSTALLED.format(root=str(ROOT)) + blocked)
    environment = {**os.environ, "PYTHONPATH": str(custom.parent), "PYTHON": sys.executable}
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def test_start__the_trick_hides_argus(tmp_path: Path) -> None:
    code = "import importlib.util as u; print(u.find_spec('argus'), u.find_spec('torch') is None)"
    assert start(tmp_path, sys.executable, "-c", code).stdout.split() == ["None", "False"]


@pytest.mark.parametrize("tool", ["train.py", "test.py", "predict.py", "export.py"])
def test_tools__help_from_another_folder_without_installation(tmp_path: Path, tool: str) -> None:
    done = start(tmp_path, sys.executable, ROOT / "tools" / tool, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: ")


@pytest.mark.parametrize("package", ["torch", "mmengine", "mmdet"])
@pytest.mark.parametrize("tool", ["train.py", "test.py"])
def test_tools__missing_package_is_named_with_the_remedy(
    tmp_path: Path, tool: str, package: str
) -> None:
    arguments = ["config.py"] + ["none"] * (tool == "test.py")
    done = start(tmp_path, sys.executable, ROOT / "tools" / tool, *arguments, without=package)
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith(f"the package '{package}' is not installed for {sys.executable}: ")
    assert "`make install`" in lines[0] or "bin/activate" in lines[0]


def test_dist_train__missing_package(tmp_path: Path) -> None:
    done = start(tmp_path, ROOT / "tools/dist_train.sh", "config.py", 2, without="torch")
    assert done.returncode == 2
    assert done.stderr.strip().startswith("the package 'torch' is not installed")
    assert len(done.stderr.strip().splitlines()) == 1
