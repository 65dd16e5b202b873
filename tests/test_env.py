"""The installation report: right on a whole installation, alive on a broken one."""

import importlib.metadata
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import argus
from argus import env


def test_report__json_command_line_is_quick_and_complete() -> None:
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "argus.env", "--json"], capture_output=True, text=True, check=True
    )
    assert time.monotonic() - start < 30  # a few seconds, and room for a busy machine
    report = json.loads(done.stdout)
    assert report["argus"] == argus.__version__
    assert report["torch"]["version"].startswith(importlib.metadata.version("torch"))
    assert report["backends"]["deformable_attention"]["active"] in {"deformops", "mmcv", "torch"}
    assert report["backends"]["mmcv_operators"] in {"cpu", "cuda", "none"}
    names = {row["name"] for row in report["dependencies"]}
    assert {"torch", "onedl-mmcv", "mmpose", "pytest"} <= names


def test_render__names_every_dependency_and_gap() -> None:
    report = env.collect()
    text = env.render(report)
    for row in report["dependencies"]:
        assert row["name"] in text
    for gap in report["missing"]:
        assert gap["what"] in text and gap["remedy"] in text


def test_expected_requirements__come_from_the_lists() -> None:
    lists = env.expected_requirements()
    assert "torch>=2.11,<2.16" in lists["torch"] and lists["mmpose"][0] == env.MMPOSE
    assert "onedl-mmcv==2.3.6" in lists["runtime"]
    assert not any("#" in line for lines in lists.values() for line in lines)


def test_expected_requirements__without_a_checkout_come_from_the_metadata(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(env, "REQUIREMENTS", tmp_path / "absent")
    lines = ["torch==2.11.0", 'pytest<10; extra == "dev"', "x==1; sys_platform == 'a'"]
    lines += ['gradio>=6; extra == "serve"']  # a list that the report is not about
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: lines)
    lists = env.expected_requirements()
    assert lists["runtime"] == ["torch==2.11.0", "x==1; sys_platform == 'a'"]
    assert lists["dev"] == ['pytest<10; extra == "dev"']
    rows = {row["name"]: row for row in env.dependency_report()}
    assert rows["torch"]["ok"] and rows["pytest"]["list"] == "dev"
    assert "x" not in rows  # its marker speaks of another platform


def fake_requirements(monkeypatch: pytest.MonkeyPatch, **lists: list[str]) -> None:
    requirements = {name: lists.get(name, []) for name in env.PURPOSES}
    monkeypatch.setattr(env, "expected_requirements", lambda: requirements)


def test_dependency_report__mismatch_and_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_requirements(monkeypatch, torch=["torch==1.0"], runtime=["no-such-package>=2", "numpy"])
    torch, absent, numpy = env.dependency_report()
    assert not torch["ok"] and torch["installed"] == importlib.metadata.version("torch")
    assert not absent["ok"] and absent["installed"] is None
    assert numpy["ok"] and numpy["expected"] == "any"
    report = env.collect()
    gaps = {gap["what"]: gap for gap in report["missing"]}
    assert gaps["no-such-package >=2 (not installed)"]["remedy"] == "make install"
    assert any(what.startswith("torch ==1.0") for what in gaps)
    assert env.render(report).count("MISMATCH") == 2


def test_dependency_report__local_version_label_is_no_mismatch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake_requirements(monkeypatch, torch=["torch==2.11.0"])
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "2.11.0+cu130")
    assert env.dependency_report()[0]["ok"]


def test_missing_report__optional_package_counts_only_with_a_gpu() -> None:
    row = {"name": "d", "list": "fast", "expected": "==3", "installed": None, "ok": False}
    report = {
        "dependencies": [row],
        "backends": {"mmcv_operators": "cpu"},
        "torch": {"cuda_available": False},
    }
    assert [gap["what"] for gap in env.missing_report(report)] == ["a CUDA GPU"]
    report["torch"]["cuda_available"] = True
    what = [gap["what"] for gap in env.missing_report(report)]
    assert "d ==3 (not installed)" in what and "mmcv's CUDA operators" in what
    assert "a CUDA GPU" not in what


@pytest.mark.parametrize("broken", ["torch", "packaging", "mmcv"])
def test_collect__survives_a_missing_package(broken: str) -> None:
    # A name set to None in sys.modules is what Python takes for a package that is not there.
    code = (
        f"import sys; sys.modules.update({{{broken!r}: None}}); "
        "from argus import env; print(env.render(env.collect()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Backends" in done.stdout and "Dependency" in done.stdout
    if broken == "torch":
        assert "torch: unknown (ModuleNotFoundError" in done.stdout
    if broken == "packaging":
        assert "the package 'packaging'" in done.stdout


def test_attempt__turns_an_error_into_text() -> None:
    def fail() -> None:
        raise OSError("no driver\nand more")

    assert env.attempt(fail) == "unknown (OSError: no driver)"
    assert env.attempt(lambda: 3) == 3


def test_mmcv_operators__looks_at_what_the_file_links(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class File:
        def __init__(self, path: Path) -> None:
            self.path = path

        def match(self, pattern: str) -> bool:
            return self.path.match(pattern)

        def locate(self) -> Path:
            return self.path

    operators = tmp_path / "mmcv" / "_ext.cpython-311-x86_64-linux-gnu.so"
    operators.parent.mkdir()
    monkeypatch.setattr(importlib.metadata, "files", lambda name: [File(operators)])
    operators.write_bytes(b"\0libtorch_cpu.so\0")
    assert env.mmcv_operators() == "cpu"
    operators.write_bytes(b"\0libtorch_cpu.so\0libtorch_cuda.so\0")
    assert env.mmcv_operators() == "cuda"
    monkeypatch.setattr(importlib.metadata, "files", lambda name: [])
    assert env.mmcv_operators() == "none"
