"""What must hold before an install is worth starting; a failure is a sentence with a remedy."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

# Measured on Linux x86-64 with the PyPI wheels of torch 2.11: the environment, which shares its
# files with uv's cache where both are on one disk, and what is unpacked meanwhile.
DISK_GB = 7.0


class InstallError(Exception):
    """Something the user has to put right; the message says what and how."""


def debian_hint(package: str) -> str:
    """The command that installs a system package, for the systems where its name is known."""
    return f"on Debian or Ubuntu: sudo apt install {package}"


def python_package(suffix: str) -> str:
    """The Debian name of a part of the running Python, e.g. ``python3.11-venv``."""
    return f"python{sys.version_info[0]}.{sys.version_info[1]}-{suffix}"


def check_folder(root: Path) -> None:
    """A virtual environment cannot live below a folder whose name holds PATH's separator."""
    if os.pathsep in str(root):
        raise InstallError(
            f"The folder {root} has a '{os.pathsep}' in its path, which no PATH can hold: move the "
            "repository to another folder."
        )


def check_venv_module() -> None:
    """Debian ships Python without ``ensurepip``; ``venv`` then fails half-way."""
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise InstallError(
                f"This Python ({sys.executable}) has no module '{module}', so it cannot make a "
                f"virtual environment: install it ({debian_hint(python_package('venv'))})."
            )


def find_cxx_compiler() -> str | None:
    """The C++ compiler that will build the operators: $CXX, else c++, else g++."""
    for name in (os.environ.get("CXX"), "c++", "g++"):
        path = shutil.which(name) if name else None
        if path is not None:
            return path
    return None


def check_compiler() -> None:
    """The operators of mmcv are compiled here: compiler and Python's headers."""
    if find_cxx_compiler() is None:
        raise InstallError(
            "No C++ compiler was found (c++ or g++), and OPS=compiled builds mmcv's operators: "
            f"install one ({debian_hint('g++')}), or leave them out with OPS=none."
        )
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if not header.is_file():
        raise InstallError(
            f"Python's header {header} is missing, and OPS=compiled builds mmcv's operators: "
            f"install it ({debian_hint(python_package('dev'))}), or leave them out with OPS=none."
        )


def check_device(there: str | None, wanted: str) -> None:
    """PyTorch for another device would leave gigabytes of the one before behind."""
    if there is not None and there != wanted:
        raise InstallError(
            f"The environment holds PyTorch for DEVICE={there}, and DEVICE={wanted} is asked for: "
            f"make clean-venv, then make install DEVICE={wanted}."
        )


def uv_cache_folder() -> Path:
    """Where uv keeps what it has unpacked, on Linux."""
    if "UV_CACHE_DIR" in os.environ:
        return Path(os.environ["UV_CACHE_DIR"])
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "uv"


def existing_parent(path: Path) -> Path:
    """The path itself or the nearest folder above it that exists."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def check_disk(environment: Path, cache: Path) -> None:
    """Compares what is free on the disks of the environment and of uv's cache with what is needed.

    Args:
        environment: Folder of the virtual environment, there or not.
        cache: Folder of uv's cache, there or not.

    Raises:
        InstallError: If a disk has too little room; states needed and free GB.
    """
    for folder in (existing_parent(environment), existing_parent(cache)):
        free = shutil.disk_usage(folder).free / 1e9
        if free < DISK_GB:
            raise InstallError(
                f"Not enough disk space at {folder}: {DISK_GB:.1f} GB are needed for the install "
                f"and {free:.1f} GB are free; make room, or point UV_CACHE_DIR to a larger disk."
            )


def has_nvidia_gpu() -> bool:
    """Whether the machine has an NVIDIA GPU with its driver loaded."""
    return Path("/dev/nvidia0").exists()


def find_nvcc() -> str | None:
    """The CUDA compiler on PATH or below CUDA_HOME."""
    home = os.environ.get("CUDA_HOME")
    if home and (Path(home) / "bin" / "nvcc").is_file():
        return str(Path(home) / "bin" / "nvcc")
    return shutil.which("nvcc")


def nvcc_major_version(nvcc: str) -> str | None:
    """Major version of the CUDA toolkit that ``nvcc`` belongs to, e.g. "13"."""
    output = subprocess.run([nvcc, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"release (\d+)", output)
    return found[1] if found else None
