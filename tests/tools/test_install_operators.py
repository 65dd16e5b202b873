"""Which operators of mmcv the set-up script builds, and when it builds others."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.checkout import mark_as_installed
from tools.install import checks, progress, recipe


def test_remaining_steps__new_cuda_toolkit_rebuilds_the_operators(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark_as_installed(checkout).note("operators", "cpu")
    monkeypatch.setattr(recipe, "wants_cuda_operators", lambda: True)
    assert [step.name for step in recipe.Environment(checkout).remaining_steps()] == ["stack"]


def test_remaining_steps__operators_are_chosen_until_another_choice(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "wants_cuda_operators", lambda: False)
    mark_as_installed(checkout)

    def remaining(operators: str | None) -> list[str]:
        environment = recipe.Environment(checkout)
        environment.choose(operators)
        return [step.name for step in environment.remaining_steps()]

    assert remaining(None) == remaining("compiled") == [] and remaining("none") == ["stack"]
    environment = recipe.Environment(checkout)
    environment.note("choice", "none")  # an install that is interrupted here goes on
    assert remaining(None) == ["stack"]
    environment.note("operators", "none")
    assert remaining(None) == remaining("none") == [] and remaining("compiled") == ["stack"]


@pytest.mark.parametrize(
    ("nvcc", "torch_cuda", "noted", "forced"),
    [("12", "13.0", "cuda", False), ("13", "13.0", "cuda", True), (None, "13.0", "cpu", False)],
)
def test_operators__cuda_only_with_a_fitting_toolkit(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    nvcc: str | None,
    torch_cuda: str,
    noted: str,
    forced: bool,
) -> None:
    environment = mark_as_installed(checkout)
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.write_text(f"#!/bin/sh\necho {torch_cuda}\n")
    python.chmod(0o755)
    monkeypatch.setattr(checks, "has_nvidia_gpu", lambda: True)
    monkeypatch.setattr(checks, "find_nvcc", lambda: nvcc and "/opt/cuda/bin/nvcc")
    monkeypatch.setattr(checks, "nvcc_major_version", lambda path: nvcc)
    stream = io.StringIO()
    installer = recipe.Installer(environment, progress.Console(stream), lock=0)
    calls: list[list[str]] = []
    monkeypatch.setattr(installer, "_pip", lambda label, words, variables: calls.append(words))
    variables = {"FORCE_CUDA": "left over"}
    installer._choose_operators(variables)
    assert json.loads((checkout / ".venv" / "argus_install.json").read_text())["operators"] == noted
    if forced:
        assert variables == {"FORCE_CUDA": "1"} and calls[0][-1].startswith("onedl-mmcv==")
        assert stream.getvalue() == ""
    else:
        assert variables == {"CUDA_VISIBLE_DEVICES": ""} and calls == []
        assert "Argus's own deformable attention does not need them" in stream.getvalue()


@pytest.mark.parametrize(
    ("operators", "before", "noted", "isolated"),
    [
        ("none", "cpu", "none", True),
        ("compiled", "none", "cpu", False),
        ("compiled", "", "cpu", None),
    ],
)
def test_operators__mmcv_is_built_anew_for_another_choice(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    operators: str,
    before: str,
    noted: str,
    isolated: bool | None,
) -> None:
    environment = mark_as_installed(checkout)
    environment.note("operators", before)
    environment.choose(operators)
    monkeypatch.setattr(checks, "has_nvidia_gpu", lambda: False)
    installer = recipe.Installer(environment, progress.Console(io.StringIO()), lock=0)
    calls: list[list[str]] = []
    monkeypatch.setattr(installer, "_pip", lambda label, words, variables: calls.append(words))
    installer._choose_operators({})
    assert environment.notes["operators"] == noted
    assert len(calls) == (isolated is not None)
    for words in calls:
        # In isolation mmcv finds no PyTorch and leaves them out; a cached wheel may have either.
        assert words[-1].startswith("onedl-mmcv==") and "--force-reinstall" in words
        assert ("--no-build-isolation" not in words) == ("--no-cache-dir" in words) == isolated


def test_script__operators_that_are_unknown(checkout: Path) -> None:
    done = subprocess.run(
        ["make", "install", "OPS=some", f"PYTHON={sys.executable}"],
        cwd=checkout,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "invalid choice: 'some'" in done.stderr
    assert not (checkout / ".venv").exists()


def test_nvcc_major_version__reads_its_banner(tmp_path: Path) -> None:
    nvcc = tmp_path / "nvcc"
    nvcc.write_text("#!/bin/sh\necho 'Cuda compilation tools, release 13.0, V13.0.88'\n")
    nvcc.chmod(0o755)
    assert checks.nvcc_major_version(str(nvcc)) == "13"
