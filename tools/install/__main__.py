"""Sets Argus up in ``.venv``: ``python3 -m tools.install``, run from the repository's folder.

Every step that was done before, for the same versions, is skipped, so a second call takes a
moment. This file keeps to what Python 3.6 reads: its first duty is to say which Python is needed.
"""

import os
import shutil
import subprocess
import sys

from tools.install import SUPPORTED_PYTHONS


def find_supported_python():
    """Looks on PATH for a Python that Argus supports and that can make virtual environments.

    Returns:
        Its path, or None.
    """
    for major, minor in SUPPORTED_PYTHONS:
        path = shutil.which(f"python{major}.{minor}")
        if path is None:
            continue
        # A name on PATH may be a launcher for a version that is not there: only running it tells.
        probe = subprocess.run(
            [path, "-c", "import ensurepip, venv"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if probe.returncode == 0:
            return path
    return None


def unsupported_python_message(version):
    """Says what is wrong with a Python of this (major, minor) version."""
    age = "old" if tuple(version) < min(SUPPORTED_PYTHONS) else "new"
    return (
        f"Python {version[0]}.{version[1]} is too {age}: Argus needs Python 3.11, 3.12 or 3.13; "
        "install one of them (on Debian or Ubuntu: sudo apt install python3.11 python3.11-venv); "
        "or name one: make install PYTHON=/path/to/python3.11"
    )


def main():
    """Finds a fitting Python and hands over to the recipe."""
    if not sys.platform.startswith("linux"):
        sys.exit("ERROR: Argus runs on Linux; on Windows, use it inside WSL 2.")
    version = tuple(sys.version_info[:2])
    if version not in SUPPORTED_PYTHONS:
        other = find_supported_python()
        if other is None:
            sys.exit("ERROR: " + unsupported_python_message(version))
        os.execv(other, [other, "-m", "tools.install"] + sys.argv[1:])

    from tools.install.recipe import main as run_recipe

    sys.exit(run_recipe())


if __name__ == "__main__":
    main()
