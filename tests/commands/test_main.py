"""The console command as a whole: help, start-up, exit statuses."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from argus import __version__
from argus.commands.errors import user_errors
from argus.commands.main import COMMANDS
from argus.errors import DataError
from tests.commands.command_line import CommandLine

ROOT = Path(__file__).parents[2]
# What takes long to import, or is no dependency of every command.
HEAVY = ("torch", "mmengine", "mmdet", "cv2", "numpy", "huggingface_hub", "gradio", "onnx")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help__teaches_and_imports_nothing_heavy(command: str) -> None:
    code = (
        "import sys\n"
        "from argus.commands.main import main\n"
        "try:\n"
        f"    main({[*command.split(), '--help']!r})\n"
        "except SystemExit as exit_:\n"
        f"    print([name for name in {HEAVY!r} if name in sys.modules], exit_.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    text, _, last = done.stdout.rstrip().rpartition("\n")
    assert last == "[] 0"
    assert f"argus {command}".rstrip() in text.splitlines()[0]
    assert f"  argus {command}".rstrip() in text.split("examples:" if command else "look")[-1]
    assert max(map(len, text.splitlines())) <= 100


def test_help__answers_at_once() -> None:
    """The least of three starts, in processor time: the machine may be busy."""

    def seconds() -> float:
        before = os.times()
        subprocess.run([sys.executable, "-m", "argus", "info", "--help"], cwd=ROOT, check=True)
        after = os.times()
        return sum(after[2:4]) - sum(before[2:4])

    assert min(seconds() for _ in range(3)) < 0.7


def test_version(argus: CommandLine) -> None:
    done = argus("--version")
    assert (done.status, done.out) == (0, f"argus {__version__}\n")


@pytest.mark.parametrize("words", [(), ("predikt",), ("predict",), ("info",), ("--nonsense",)])
def test_mistakes_in_the_command_line__status_2(argus: CommandLine, words: tuple[str]) -> None:
    done = argus(*words)
    assert done.status == 2 and "usage: argus" in done.err and done.out == ""


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [(KeyboardInterrupt(), 130, "interrupted; results"), (DataError("a mistake"), 2, "a mistake")],
)
def test_errors__status(
    argus: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    words: str,
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr("argus.commands.info.run", fail)
    done = argus("info", "x")
    assert done.status == status and words in done.err and "Traceback" not in done.err


def test_errors__of_argus_itself_keep_their_traceback(
    argus: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argus.commands.info.run", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        argus("info", "x")


def test_reader_that_has_enough__ends_it_in_silence() -> None:
    """As `argus config FILE | head` does; the shell's number for it."""
    code = (
        "import sys, os\n"
        "from argus.commands.errors import user_errors\n"
        "with user_errors():\n"
        "    for number in range(100_000):\n"
        "        print(number)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait() == 141 and process.stderr.read() == b""
    process.stderr.close()


def test_module__is_the_console_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "argus", "--version"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == f"argus {__version__}\n"


def test_letters_that_the_terminal_lacks__end_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii"))
    with user_errors():
        print("d\xe4ta", flush=True)
    assert written.getvalue() == b"d\\xe4ta\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk__is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    with (
        pytest.raises(SystemExit) as ended,
        user_errors(saved="files"),
        open("/dev/full", "w") as f,
    ):
        f.write("x")
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("\nthe disk is full: No space left on device. Make room there")
    assert "files that were saved are whole." in told
    with pytest.raises(SystemExit), user_errors():
        raise OSError(errno.ENOSPC, "No space left on device", "own.py")
    assert "the disk is full (own.py): " in capsys.readouterr().err
