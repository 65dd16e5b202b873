"""The command line of the converters, and a conversion that is killed."""

import itertools
import os
import re
import runpy
import signal
import sys
from pathlib import Path

import pytest

from argus.datasets.convert.all_converters import CONVERTERS
from argus.datasets.convert.mvtec import CATEGORIES
from tests.datasets.convert.archive_files import read_tree, tar_bytes, write_tree
from tests.datasets.convert.published_numbers import publish
from tests.forked import start_forked
from tools.data import convert

ROOT = Path(__file__).parents[2]
README = ROOT / "data/README.md"
SCREW = {
    "screw/train/good/000.png": b"0",
    "screw/test/good/000.png": b"1",
    "screw/test/scratch/000.png": b"2",
    "screw/ground_truth/scratch/000_mask.png": b"3",
}


def test_main__partial_and_whole(tmp_path: Path, monkeypatch, capsys) -> None:
    source, out = write_tree(tmp_path / "source", SCREW), tmp_path / "out"
    arguments = ["mvtec", str(source), str(out)]
    ones = {"screw train": 320, "screw test good": 1, "screw test defective": 1}
    publish(monkeypatch, "mvtec", ones)
    assert convert.main(arguments) == 1
    text = capsys.readouterr().out
    assert "PARTIAL  screw train: 1 of 320 published" in text
    assert "WARNING: only a part of the data set (1 of 45 counts differ" in text
    assert convert.main([*arguments, "--allow-partial"]) == 0
    publish(monkeypatch, "mvtec", ones | {"screw train": 1})
    assert convert.main(arguments) == 0
    assert "All counts are the published ones." in capsys.readouterr().out


def test_call__errors_are_one_message(tmp_path: Path, monkeypatch, capsys) -> None:
    words = ["convert.py", "mvtec", tmp_path / "nothing.tar.xz", tmp_path / "out"]
    monkeypatch.setattr("sys.argv", list(map(str, words)))
    with pytest.raises(SystemExit, match="2"):
        runpy.run_path(convert.__file__, run_name="__main__")
    text = capsys.readouterr().err
    assert text.startswith("\nDataError: ")
    assert "nothing.tar.xz does not exist. Download MVTec AD first:" in text
    assert "CC BY-NC-SA" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("name", CONVERTERS)
def test_no_source__files_address_and_licence(name: str, capsys) -> None:
    assert convert.main([name]) == 0
    text = capsys.readouterr().out
    assert "Licence:" in text
    assert re.search("https?://", text)
    assert CONVERTERS[name].default_out in text


@pytest.mark.parametrize("name", CONVERTERS)
def test_readme__names_command_folder_and_counts(name: str) -> None:
    text = README.read_text()
    converter = CONVERTERS[name]
    commands = re.findall(rf"argus convert {name} .* (data/[\w/]+)", text)
    assert set(commands) == {converter.default_out}
    for url in re.findall(r"https?://[^\s)]+", converter.help):
        assert url in text, url
    numbers = {name: count.number for name, count in converter.published.items()}
    if name == "mvtec":
        for category in CATEGORIES:
            parts = ("train", "test good", "test defective")
            row = " | ".join(str(numbers[f"{category} {part}"]) for part in parts)
            assert f"| {category} | {row} |" in text
        return
    for number in set(numbers.values()):
        assert number <= 10 or f"{number:,}" in text, number


def convert_until_killed(arguments: list[str]) -> None:
    """Convert, and be killed between the writing of a file and its appearance."""
    numbers = itertools.count(1)

    def kill(event: str, _: object) -> None:
        if event == "os.rename" and next(numbers) == 51:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(kill)
    convert.main(arguments)


def test_call__killed_and_called_again(tmp_path: Path) -> None:
    contents = {f"screw/train/good/{i:05d}.png": b"%d" % i * 999 for i in range(100)}
    source = write_tree(tmp_path, {"screw.tar.xz": tar_bytes(contents | SCREW, "xz")})
    arguments = ["mvtec", str(source / "screw.tar.xz"), str(tmp_path / "out")]
    process = start_forked(convert_until_killed, arguments)
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    assert len(list((tmp_path / "out").rglob(".*.partial"))) == 1
    found = read_tree(tmp_path / "out")
    assert found.items() <= (contents | SCREW).items() and 40 < len(found) <= 50
    assert convert.main([*arguments, "--allow-partial"]) == 0
    assert read_tree(tmp_path / "out") == contents | SCREW
    assert not list((tmp_path / "out").rglob("*.partial"))
