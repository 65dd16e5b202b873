"""Tries Argus with other Pythons and PyTorchs: ``make test-versions``.

Each pair gets an environment of its own below ``work_dirs/versions``, without compiled operators;
the fast tests of what depends on the versions run in it, and it is removed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time

from tools.install.checks import InstallError
from tools.install.environment import Environment
from tools.install.progress import Console, clock, run_logged
from tools.install.recipe import ROOT
from tools.install.steps import any_torch_words

PAIRS = ("3.11:2.11.0", "3.11:2.15.0", "3.12:2.11.0", "3.13:2.15.0")
# Operators, layers and decoders by their numbers, and trainings by the command line.
TESTS = (
    "tests/test_fresh_process.py",
    "tests/libraries/test_stand_ins.py",
    "tests/mmcv_ops",
    "tests/coco_evaluation",
    "tests/layers",
    "tests/models/test_multitask.py",
    "tests/commands/test_training.py",
)


def find_python(version: str) -> str:
    """Path of a Python on PATH, e.g. of "3.12".

    Raises:
        InstallError: There is none that starts.
    """
    path = shutil.which(f"python{version}")
    probe = path and subprocess.run([path, "-c", "import ensurepip, venv"], capture_output=True)
    if path is None or not probe or probe.returncode != 0:
        raise InstallError(f"python{version} is not on PATH, or cannot make environments")
    return path


def try_pair(pair: str, console: Console) -> str:
    """Installs a pair, tests it, and says how it went in one line.

    Args:
        pair: Versions of Python and PyTorch, e.g. ``3.13:2.15.0``.
        console: Where progress is shown.
    """
    python, _, torch = pair.partition(":")
    folder = ROOT / "work_dirs" / "versions" / pair.replace(":", "-torch")
    log = folder.parent / f"{folder.name}.log"
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    start = time.monotonic()
    try:
        installed = Environment(folder)
        subprocess.run([find_python(python), "-m", "venv", str(folder)], check=True)
        # The uv of .venv, for the environment that VIRTUAL_ENV names.
        uv = [str(ROOT / ".venv" / "bin" / "uv"), "pip", "install"]
        variables = installed.variables()
        words = [*uv, *any_torch_words(), f"torch=={torch}"]
        run_logged(words, label=pair, log=log, environment=variables, console=console, folder=ROOT)
        variables["PYTHONPATH"] = str(ROOT)
        tests = [str(installed.python), "-m", "pytest", "-p", "no:cacheprovider", *TESTS]
        run_logged(tests, label=pair, log=log, environment=variables, console=console, folder=ROOT)
    except InstallError as error:
        return f"FAILED: {error}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return f"passed in {clock(time.monotonic() - start)}"


def main() -> int:
    """Command line of ``python -m tools.install.versions``; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.install.versions", description=__doc__)
    parser.add_argument("pairs", nargs="*", default=PAIRS, help="PYTHON:TORCH, e.g. 3.13:2.15.0")
    console = Console()
    failed = False
    for pair in parser.parse_args().pairs:
        result = try_pair(pair, console)
        python, _, torch = pair.partition(":")
        console.say(f"Python {python}, PyTorch {torch}: {result}")
        failed |= result.startswith("FAILED")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
