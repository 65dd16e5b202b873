"""The console shows what Argus says and errors; library noise goes to the log file only."""

import sys
import warnings
from pathlib import Path

import pytest
from mmengine.logging import MMLogger, print_log

import argus.commands
from argus.engine.reports.console import prints_to_log, quiet_console

PACKAGE_FILE = str(Path(argus.commands.__file__))


@pytest.fixture(autouse=True)
def restored_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)


def make_logger(folder: Path) -> MMLogger:
    """A logger on the current stdout, which pytest exchanges between a fixture and its test."""
    logger = MMLogger(folder.name, logger_name="mmengine", log_file=str(folder / "log.txt"))
    quiet_console(logger)
    return logger


def as_argus(logger: MMLogger, text: str, level: str = "info") -> None:
    """Log from a line of Argus, as the compiler sees it."""
    exec(compile(f"logger.{level}(text)", PACKAGE_FILE, "exec"), dict(logger=logger, text=text))


def test_console__argus_and_errors_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logger = make_logger(tmp_path)
    as_argus(logger, "step 1")
    as_argus(logger, "look here", "warning")
    logger.info("conv1.weight - torch.Size([64, 3, 7, 7]): KaimingInit")
    logger.warning("a library's worry")
    logger.error("a library's error")
    print_log("more of it", logger=logger)
    shown = capsys.readouterr().out
    assert [line.split(" ", 1)[1] for line in shown.splitlines()] == [
        "step 1",
        "warning: look here",
        "error: a library's error",
    ]
    kept = (tmp_path / "log.txt").read_text()
    for text in ("step 1", "KaimingInit", "a library's worry", "more of it"):
        assert text in kept


def test_prints__go_to_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logger = make_logger(tmp_path)
    with prints_to_log(logger):
        print("loading annotations into memory...")
        print("Done", end="")
        print(" (t=0.00s)")
        as_argus(logger, "still shown")
    print("shown again")
    shown = capsys.readouterr().out
    assert "annotations" not in shown and "Done" not in shown
    assert "still shown" in shown and "shown again" in shown
    kept = (tmp_path / "log.txt").read_text()
    assert "loading annotations into memory..." in kept and "Done (t=0.00s)" in kept


def test_prints__without_an_end_of_line_are_kept(tmp_path: Path) -> None:
    logger = make_logger(tmp_path)
    with prints_to_log(logger):
        print("no end of line", end="")
    assert "no end of line" in (tmp_path / "log.txt").read_text()


def test_prints__stdout_comes_back_after_an_error(tmp_path: Path) -> None:
    logger = make_logger(tmp_path)
    before = sys.stdout
    with pytest.raises(KeyError), prints_to_log(logger):
        raise KeyError
    assert sys.stdout is before


def test_warnings__go_to_the_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make_logger(tmp_path)
    warnings.showwarning("old function", DeprecationWarning, "library.py", 7)
    assert "old function" not in "".join(capfd.readouterr())
    assert "library.py:7: DeprecationWarning: old function" in (tmp_path / "log.txt").read_text()
