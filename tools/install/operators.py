"""mmcv's operators, compiled: all of them, for the CPU, and for CUDA where its toolkit fits.

They are built for the PyTorch that is installed, from mmcv's sources, over the mmcv that is there.
"""

from __future__ import annotations

import os
import subprocess

from tools.install import checks
from tools.install.environment import Environment
from tools.install.steps import Step


def operators_step(mmcv: str) -> Step:
    """The step that builds them.

    Args:
        mmcv: E.g. ``onedl-mmcv==2.3.6``.
    """
    requirements = "requirements/operators.txt"
    # By pip, whose output has the compiler's progress; its cache may hold an mmcv without them.
    build = ("-m", "pip", "install", "--verbose", "--no-build-isolation", "--no-cache-dir")
    return Step(
        name="operators",
        label="mmcv's operators",
        lists=(requirements, "requirements/tested.txt"),
        calls=(("uv", "-r", requirements), (*build, "--force-reinstall", "--no-deps", mmcv)),
    )


def wants_cuda() -> bool:
    """Whether operators for CUDA can be built here."""
    return checks.has_nvidia_gpu() and checks.find_nvcc() is not None


def build_variables(environment: Environment) -> tuple[dict[str, str], str | None]:
    """Environment variables of the build, and what a GPU that is there goes without, and why."""
    variables = environment.variables()
    variables.setdefault("CXX", checks.find_cxx_compiler() or "c++")
    variables.setdefault("MAX_JOBS", str(compile_jobs()))
    variables.pop("FORCE_CUDA", None)
    if not checks.has_nvidia_gpu():
        return variables, None
    problem = _cuda_problem(environment)
    if problem is None:
        variables["FORCE_CUDA"] = "1"
        return variables, None
    variables["CUDA_VISIBLE_DEVICES"] = ""  # mmcv would take a visible GPU for a toolkit
    return variables, (
        f"{problem}, so mmcv's operators are built for the CPU alone, and mmdet models that pool "
        "regions or suppress boxes on the GPU do not find theirs: install a matching CUDA toolkit "
        "and run make install again, or make clean-venv install, which runs them through PyTorch."
    )


def compile_jobs() -> int:
    """As many compilers at once as there are cores, but no more than memory feeds (2 GB each)."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return max(1, min(len(os.sched_getaffinity(0)), int(memory_gb / 2)))


def _cuda_problem(environment: Environment) -> str | None:
    """Why CUDA code cannot be compiled here, or None."""
    nvcc = checks.find_nvcc()
    if nvcc is None:
        return "There is a GPU but no CUDA compiler (nvcc)"
    code = "import torch; print(torch.version.cuda)"
    answer = subprocess.run([str(environment.python), "-c", code], capture_output=True, text=True)
    wanted = answer.stdout.strip().split(".")[0]
    found = checks.nvcc_major_version(nvcc)
    if found != wanted:
        return f"{nvcc} belongs to CUDA {found} and PyTorch to CUDA {wanted}"
    return None
