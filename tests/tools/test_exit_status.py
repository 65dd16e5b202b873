"""One meaning of the exit statuses, whichever command or tool ends with it."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from argus.commands.main import main as argus_main
from tests.datasets import toy_coco
from tests.datasets.convert.archive_files import write_tree
from tests.tools.test_data_check import CONFIG
from tests.tools.test_data_convert import SCREW

TOOLS = Path(__file__).parents[2] / "tools"
CHECK, CONVERT = TOOLS / "data/check.py", TOOLS / "data/convert.py"
WEIGHTS, DOWNLOAD = TOOLS / "checkpoints/convert.py", TOOLS / "checkpoints/download.py"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable:
    """Run a tool, or the command ``argus``, as a script: status, stderr."""

    def call(tool: Path | str, *words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", [str(tool), *map(str, words)])
        capsys.readouterr()
        try:
            if tool == "argus":
                argus_main()
            else:
                runpy.run_path(str(tool), run_name="__main__")
        except SystemExit as exit_:
            return exit_.code or 0, capsys.readouterr().err
        return 0, capsys.readouterr().err

    return call


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """A config of a data set without mistakes."""
    toy_coco.write(tmp_path / "coco", [toy_coco.annotation(1, 1)])
    path = tmp_path / "config.py"
    path.write_text(CONFIG.format(root=tmp_path / "coco"))
    return path


def test_0_and_1__what_is_checked_is_right_or_not(
    run: Callable, coco: Path, tmp_path: Path
) -> None:
    assert run(CHECK, coco)[0] == 0
    (tmp_path / "coco/images/3.jpg").write_bytes(b"")
    assert run(CHECK, coco)[0] == 1
    source = write_tree(tmp_path / "source", SCREW)
    assert run(CONVERT, "mvtec", source, tmp_path / "out")[0] == 1
    assert run(CONVERT, "mvtec", source, tmp_path / "out", "--allow-partial")[0] == 0


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        (CHECK, ["none.py"]),
        (CHECK, ["{coco}", "--tasks", "pose"]),
        (CHECK, ["{coco}", "--cfg-options", "nonsense"]),
        (CHECK, ["{coco}", "--no-such-option"]),
        (CONVERT, ["mvtec", "none.tar.xz", "out"]),
        (CONVERT, ["pascal", ".", "out", "--normal-axes", "x,y"]),
        (CONVERT, ["mvtec", ".", "out", "--num-processes", "0"]),
        (CONVERT, ["no-such-data", "."]),
        (CONVERT, ["coco", "--normal-axes", "x,y,z"]),
        ("argus", ["convert", "no-such-data"]),
        ("argus", ["calibrate", "none.py"]),
        (WEIGHTS, ["none.pth", "out.pth", "--to", "timm"]),
        (WEIGHTS, ["{weights}", "out.bin", "--to", "timm"]),
        (WEIGHTS, ["{weights}", "out.pth", "--to", "timm"]),
        (WEIGHTS, ["{weights}", "out.pth", "--to", "nothing"]),
        (DOWNLOAD, ["dinov2_vits14", "--from", "none.pth", "--out", "{weights}.d"]),
        (DOWNLOAD, ["dinov2_vits14", "--from", "{weights}", "--out", "{weights}/below"]),
        (DOWNLOAD, ["dinov2_vits14", "--from", "http://[", "--out", "{weights}/below"]),
        ("argus", ["info", "none.pth"]),
        ("argus", ["predict", "none.jpg", "--model", "m"]),
        ("argus", ["train", "none.py"]),
        ("argus", ["no-such-command"]),
    ],
    ids=str,
)
def test_2__a_mistake_that_the_message_explains(
    run: Callable, coco: Path, tmp_path: Path, tool: Path | str, words: list[str]
) -> None:
    weights = tmp_path / "weights.pth"
    torch.save({"a": torch.zeros(1)}, weights)
    names = dict(coco=coco, weights=weights)
    status, text = run(tool, *(word.format(**names) for word in words))
    assert status == 2
    assert text.strip() and "Traceback" not in text
