"""When the set-up script builds mmcv's operators, and for what."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.checkout import mark_as_installed, plan, remaining
from tools.install import checks, operators, recipe
from tools.install.steps import Choice


def test_operators__are_not_compiled_unless_that_is_chosen(checkout: Path) -> None:
    assert remaining(checkout) == ["build", "core", "extras"]
    assert remaining(checkout, operators="compiled")[-1] == "operators"
    mark_as_installed(checkout)
    assert remaining(checkout) == remaining(checkout, operators="none") == []
    assert remaining(checkout, operators="compiled") == ["operators"]


def test_operators__are_chosen_until_another_choice(checkout: Path) -> None:
    environment = mark_as_installed(checkout)
    environment.note("chosen operators", "compiled")  # an install interrupted here goes on
    assert remaining(checkout) == ["operators"]
    environment.note("operators", plan(checkout).keys["operators"])
    assert remaining(checkout) == []
    # What is there stays and is used.
    assert remaining(checkout, operators="none") == []


@pytest.mark.parametrize("changed", ["tested", "operators"])
def test_operators__are_built_anew_for_another_pytorch(checkout: Path, changed: str) -> None:
    mark_as_installed(checkout, operators="compiled")
    with (checkout / "requirements" / f"{changed}.txt").open("a") as file:
        file.write("another-package==1.0\n")
    assert "operators" in remaining(checkout)


def test_operators__are_built_anew_for_another_mmcv(checkout: Path) -> None:
    mark_as_installed(checkout, operators="compiled")
    file = checkout / "requirements" / "runtime.txt"
    file.write_text(file.read_text().replace("onedl-mmcv==2.3.6", "onedl-mmcv==2.3.7"))
    assert "operators" in remaining(checkout)
    step = plan(checkout).steps[-1]
    build = step.calls[-1]
    assert build[-1] == "onedl-mmcv==2.3.7"
    # With PyTorch in sight, and not from a cache, which has the one without operators.
    assert {"--no-build-isolation", "--no-cache-dir", "--force-reinstall"} <= set(build)


def test_operators__are_built_anew_for_a_new_cuda_toolkit(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "wants_cuda", lambda: False)
    mark_as_installed(checkout, operators="compiled")
    monkeypatch.setattr(recipe, "wants_cuda", lambda: True)
    assert remaining(checkout) == ["operators"]


@pytest.mark.parametrize(
    ("nvcc", "problem"),
    [
        ("13", None),
        ("12", "/opt/cuda/bin/nvcc belongs to CUDA 12 and PyTorch to CUDA 13, so mmcv's"),
        (None, "There is a GPU but no CUDA compiler (nvcc), so mmcv's operators are built for"),
    ],
)
def test_build__for_cuda_only_with_a_fitting_toolkit(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, nvcc: str | None, problem: str | None
) -> None:
    environment = mark_as_installed(checkout)
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.write_text('#!/bin/sh\ntest "$1" = -c && echo 13.0\n')
    python.chmod(0o755)
    monkeypatch.setattr(checks, "has_nvidia_gpu", lambda: True)
    monkeypatch.setattr(checks, "find_nvcc", lambda: nvcc and "/opt/cuda/bin/nvcc")
    monkeypatch.setattr(checks, "nvcc_major_version", lambda path: nvcc)
    monkeypatch.setenv("FORCE_CUDA", "left over")
    variables, found = operators.build_variables(environment)
    if problem is None:
        assert found is None and variables["FORCE_CUDA"] == "1"
    else:
        assert found is not None and found.startswith(problem)
        assert "FORCE_CUDA" not in variables and variables["CUDA_VISIBLE_DEVICES"] == ""
    assert 1 <= int(variables["MAX_JOBS"])


def test_script__choice_that_is_unknown(checkout: Path) -> None:
    done = subprocess.run(
        ["make", "install", "OPS=some", f"PYTHON={sys.executable}"],
        cwd=checkout,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "invalid choice: 'some'" in done.stderr
    assert not (checkout / ".venv").exists()


def test_choice__defaults_compile_nothing() -> None:
    assert Choice() == Choice(operators="none", device="cuda")


def test_nvcc_major_version__reads_its_banner(tmp_path: Path) -> None:
    nvcc = tmp_path / "nvcc"
    nvcc.write_text("#!/bin/sh\necho 'Cuda compilation tools, release 13.0, V13.0.88'\n")
    nvcc.chmod(0o755)
    assert checks.nvcc_major_version(str(nvcc)) == "13"
