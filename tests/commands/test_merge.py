"""``argus merge``: what it hands on, what it leaves and says, and the mistakes in its options."""

import json
from pathlib import Path
from typing import Any

import pytest

from argus.storage.model_folder import read_manifest
from tests.commands.command_line import CommandLine, assert_mistake
from tests.model_files.small_model import small_model


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What merging is asked for; it gives a model of two tasks."""
    calls: list[Any] = []

    def merge(base: str, decoders: list[str], **options: Any) -> Any:
        calls.append((base, decoders, options))
        return small_model()

    monkeypatch.setattr("argus.model_files.merge.merge", merge)
    return calls


def test_merge__writes_the_folder_and_says_what_is_in_it(
    argus: CommandLine, asked: list[Any], tmp_path: Path
) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}.json").write_text(json.dumps({f"t{number}/m": number, "x/m": 0}))
    done = argus(
        *("merge", "a.pth", "b.pth", "--out", tmp_path / "model", "--weights", "raw"),
        *("--rename", "b.pth:old=new", "c:/b.pth:old=other"),
        *("--results", tmp_path / "1.json", tmp_path / "2.json", "--trust", "mine"),
    )
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"{tmp_path / 'model'}: 2 tasks (depth, instance), 0.2 MiB")
    assert list(read_manifest(tmp_path / "model")["tasks"]) == ["depth", "instance"]
    ((base, decoders, options),) = asked
    assert (base, decoders) == ("a.pth", ["b.pth"])
    assert options == dict(
        weights="raw",
        renames={("b.pth", "old"): "new", ("c:/b.pth", "old"): "other"},
        metrics={"t1/m": 1, "t2/m": 2, "x/m": 0},
        trusted=["mine"],
    )


def test_merge__mistakes(argus: CommandLine, asked: list[Any], tmp_path: Path) -> None:
    merge = ("merge", "a.pth", "--out", tmp_path / "model")
    assert_mistake(argus(*merge, "--rename", "old=new"), "FILE:OLD=NEW", "'old=new'")
    missing = tmp_path / "results.json"
    assert_mistake(argus(*merge, "--results", missing), str(missing), "no such file")
    for content in ("{", "[1]"):
        missing.write_text(content)
        done = argus(*merge, "--results", missing)
        assert_mistake(done, str(missing), "results.json of a test")
    assert not asked and not (tmp_path / "model").exists()


def test_merge__no_checkpoint(argus: CommandLine, tmp_path: Path) -> None:
    done = argus("merge", tmp_path / "none.pth", "--out", tmp_path / "model")
    assert_mistake(done, str(tmp_path / "none.pth"))
    assert not (tmp_path / "model").exists()
