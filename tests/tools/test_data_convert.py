"""The command line of the converters, and a conversion that is killed."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from argus.datasets.convert.all_converters import CONVERTERS
from argus.datasets.convert.mvtec import CATEGORIES
from tests.datasets.convert.archive_files import read_tree, tar_bytes, write_tree
from tests.datasets.convert.published_numbers import publish
from tools.data import convert

ROOT = Path(__file__).parents[2]
README = ROOT / "data/README.md"
SCREW = {
    "screw/train/good/000.png": b"0",
    "screw/test/good/000.png": b"1",
    "screw/test/scratch/000.png": b"2",
    "screw/ground_truth/scratch/000_mask.png": b"3",
}


def call(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "tools/data/convert.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd="/")


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


def test_call__errors_are_one_message(tmp_path: Path) -> None:
    result = call("mvtec", tmp_path / "nothing.tar.xz", tmp_path / "out")
    assert result.returncode == 2
    assert result.stderr.startswith("\nDataError: ")
    assert "nothing.tar.xz does not exist. Download MVTec AD first:" in result.stderr
    assert "CC BY-NC-SA" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", CONVERTERS)
def test_help__files_source_and_licence(name: str, capsys) -> None:
    with pytest.raises(SystemExit) as error:
        convert.parse_args([name, "--help"])
    assert error.value.code == 0
    text = capsys.readouterr().out
    assert "Licence:" in text
    assert re.search("https?://", text)
    assert CONVERTERS[name].default_out in text


@pytest.mark.parametrize("name", CONVERTERS)
def test_readme__names_command_folder_and_counts(name: str) -> None:
    text = README.read_text()
    converter = CONVERTERS[name]
    commands = re.findall(rf"python tools/data/convert\.py {name} .* (data/[\w/]+)", text)
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


def test_call__killed_and_called_again(tmp_path: Path) -> None:
    contents = {f"screw/train/good/{i:05d}.png": b"%d" % i * 999 for i in range(800)}
    source = write_tree(tmp_path, {"screw.tar.xz": tar_bytes(contents | SCREW, "xz")})
    arguments = [str(source / "screw.tar.xz"), str(tmp_path / "out")]
    command = [sys.executable, str(ROOT / "tools/data/convert.py"), "mvtec", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder = tmp_path / "out/screw/train/good"
    while process.poll() is None and not (folder / "00050.png").exists():
        time.sleep(0.01)
    process.kill()
    process.wait()
    found = read_tree(tmp_path / "out")
    assert found.items() <= (contents | SCREW).items()
    assert 50 < len(found)
    result = call("mvtec", *arguments, "--allow-partial")
    assert result.returncode == 0, result.stderr
    assert read_tree(tmp_path / "out") == contents | SCREW
    assert not list((tmp_path / "out").rglob("*.partial"))
