"""The wheel: what is in it, and that it works outside any clone."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("argus", "configs", "requirements", "pyproject.toml", "setup.py", "README.md", "LICENSE")
# Somewhere else, on parts of the package.
CONFIG = """
from mmengine.config import read_base
from torch.optim import AdamW

with read_base():
    from argus.configs._base_.default_runtime import *
    from argus.configs.scenes._base_.argus_tiny import *
    from argus.configs.scenes._base_.tasks.classification import classification

tasks = dict(classification=classification)
train_cfg = dict(max_iters=2, val_interval=2, schedule="joint")
optim_wrapper = dict(optimizer=dict(type=AdamW, lr=1e-3))
param_scheduler = []
precision = "fp32"
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built in a copy of the sources, since a build leaves files there."""
    root = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(ROOT / name, root / name)
    options = ["--no-deps", "--no-build-isolation", "--quiet", "-w", str(root / "dist")]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(root)], check=True)
    (built,) = (root / "dist").iterdir()
    return built


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, by the installed wheel and no clone."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "site")}
    return subprocess.run(
        [str(folder / "site" / "bin" / command[0]), *command[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_wheel__trains_and_predicts_outside_a_clone(wheel: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*command, "--target", str(tmp_path / "site"), str(wheel)], check=True)
    done = run(tmp_path, "argus", "--help")
    assert done.returncode == 0 and done.stdout.startswith("usage: argus")
    code = "import argus; print(argus.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert shown.stdout.strip() == str(tmp_path / "site" / "argus" / "__init__.py")
    (tmp_path / "mine.py").write_text(CONFIG)
    scenes = [sys.executable, "-m", "argus.datasets.scenes", "data/scenes"]
    options = ["--layouts", "imagenet", "--num-train", "4", "--num-val", "4"]
    options += ["--num-classification", "64", "8"]
    subprocess.run([*scenes, *options], cwd=tmp_path, env=environment, check=True)
    done = run(tmp_path, "argus", "train", "mine.py")
    assert done.returncode == 0, done.stderr[-2000:]
    checkpoint = tmp_path / "work_dirs" / "mine" / "iter_2.pth"
    done = run(tmp_path, "argus", "merge", str(checkpoint), "--out", "model")
    assert done.returncode == 0, done.stderr[-2000:]
    pictures = (tmp_path / "data" / "scenes").rglob("*")
    picture = next(file for file in pictures if file.suffix.lower() in {".jpg", ".jpeg", ".png"})
    done = run(tmp_path, "argus", "predict", str(picture), "--model", "model", "--out", "out")
    assert done.returncode == 0, done.stderr[-2000:]
    assert list((tmp_path / "out").rglob("*.json"))
    done = run(tmp_path, "argus", "new", "shapes", "data/scenes/imagenet", "--backbone", "model")
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "  argus train shapes.py"


def test_wheel__has_the_package_and_its_configs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    for folder, prefix in ((ROOT / "argus", "argus"), (ROOT / "configs", "argus/configs")):
        expected = {
            f"{prefix}/{file.relative_to(folder)}"
            for file in folder.rglob("*")
            if file.suffix in {".py", ".js", ".css", ".json", ".typed"}
        }
        assert expected and not expected - names
    assert {name.split("/")[0] for name in names} == {"argus"}


def test_wheel__asks_for_nothing_that_pip_cannot_build(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode().splitlines()
    asked = {
        line.split(": ")[1].split(";")[0] for line in lines if line.startswith("Requires-Dist")
    }
    assert "onedl-mmcv==2.3.6" in asked and "torch<2.16,>=2.11" in asked
    # Their sources do not build in isolation, and mmpose asks for both.
    assert not any(name.startswith(("mmpose", "xtcocotools", "chumpy")) for name in asked)
    assert "Requires-Python: <3.14,>=3.11" in lines
