"""The state of a checkout, on repositories made for the test."""

import subprocess
from pathlib import Path

import pytest

from argus.engine.reports.git_state import git_state


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    file = tmp_path / "package" / "code.py"
    file.parent.mkdir()
    file.write_text("a = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return file


def test_git_state__of_a_clean_checkout(source: Path) -> None:
    expected = dict(commit=git(source.parent, "rev-parse", "HEAD"), changed=[], diff=None)
    assert git_state(source) == expected


def test_git_state__a_change_and_a_new_file_change_the_hash(source: Path) -> None:
    found = [git_state(source)]
    source.write_text("a = 2\n")
    found.append(git_state(source))
    (source.parent / "new.py").write_text("b = 1\n")
    found.append(git_state(source))
    source.write_text("a = 3\n")
    found.append(git_state(source))
    assert len({str(state["diff"]) for state in found}) == 4
    assert found[1]["changed"] == ["package/code.py"]
    assert found[2]["changed"] == ["package/code.py", "package/new.py"]


def test_git_state__of_a_file_that_git_does_not_know(source: Path, tmp_path: Path) -> None:
    installed = source.parent / "installed.py"
    installed.write_text("")
    assert git_state(installed) is None


def test_git_state__outside_a_repository_and_without_git(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    outside = tmp_path.parent / f"{tmp_path.name}_outside.py"
    outside.write_text("")
    assert git_state(outside) is None
    monkeypatch.setenv("PATH", "")
    assert git_state(source) is None
