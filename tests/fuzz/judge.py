"""One case in a process of its own with limits, and the verdict.

The process is forked from one that has imported the libraries, so a case costs milliseconds, and a
crash, a hang or too much memory is that case's alone.
"""

import contextlib
import json
import os
import resource
import select
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from argus import errors
from tests.fuzz import watch
from tests.fuzz.surface import Refused, Surface, WrongResult

RIGHT, SENTENCE, DEFECT = "right result", "sentence", "defect"
SECONDS = 10  # far more than any case takes; a machine may be busy
MEMORY = 2 * 2**30  # bytes of addresses on top of what the libraries have
LARGEST_FILE = 256 * 2**20
LONGEST_SENTENCE = 1000  # characters
SENTENCES = (errors.ConfigError, errors.DataError, errors.CheckpointError, errors.ExportError)


@dataclass(frozen=True)
class Verdict:
    """How a case ended.

    Args:
        number: Of the case.
        kind: ``RIGHT``, ``SENTENCE`` or ``DEFECT``.
        what: What was done to the input.
        text: The sentence, or what the defect is.
    """

    number: int
    kind: str
    what: str
    text: str = ""


def judge(surface: Surface, number: int, *, seed: int, keep: Path | None = None) -> Verdict:
    """Try one case.

    Args:
        surface: It is prepared.
        number: Of the case.
        seed: Of the whole run.
        keep: Where the files of a case with a defect are put; ``None`` for nowhere.
    """
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        verdict = _in_child(lambda: _try(surface, number, seed, folder), number)
        if verdict.kind == DEFECT and keep is not None:
            _keep(folder, keep / f"{surface.name}-{seed}-{number}", verdict)
    return verdict


def _try(surface: Surface, number: int, seed: int, folder: Path) -> Verdict:
    """The case itself; runs in the child."""
    case = surface.case(Random(f"{seed}:{surface.name}:{number}"), folder)
    # Before it runs, for a case that ends the process.
    (folder / "what.txt").write_text(case.what, errors="backslashreplace")
    tempfile.tempdir = str(folder)
    kind, text = RIGHT, ""
    with watch.watching(folder) as seen:
        try:
            case.run()
        except (*SENTENCES, Refused) as error:
            kind, text = SENTENCE, str(error)
        except WrongResult as error:
            kind, text = DEFECT, f"wrong result: {error}"
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is a finding
            kind, text = DEFECT, _where(error)
    if seen:
        kind, text = DEFECT, f"not allowed: {seen[0]}"
    elif kind == SENTENCE and (problem := _unclear(text, case.names)):
        kind, text = DEFECT, f"{problem}: {text[:300]}"
    return Verdict(number, kind, case.what, text)


def _unclear(text: str, names: str) -> str:
    """What is wrong with a sentence; empty if nothing."""
    if len(text) < 10:
        return "no sentence"
    if len(text) > LONGEST_SENTENCE:
        return f"a sentence of {len(text)} characters"
    if "Traceback" in text:
        return "a traceback in a sentence"
    if names not in text:
        return f"a sentence without {names!r}"
    return ""


def _where(error: BaseException) -> str:
    """The error with the last line of our own that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "/argus/" in f.filename or "/tools/" in f.filename] or frames
    place = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
    return f"{type(error).__name__} at {place}: {str(error)[:200]}"


def _in_child(work: Callable[[], Verdict], number: int) -> Verdict:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            os.close(reader)
            _limit()
            verdict = work()
            # Names of files may hold what UTF-8 cannot.
            os.write(writer, json.dumps([verdict.kind, verdict.what, verdict.text]).encode())
        os._exit(0)
    os.close(writer)
    answer = b""
    while select.select([reader], [], [], SECONDS)[0] and (piece := os.read(reader, 65536)):
        answer += piece
    os.close(reader)
    ended, status = os.waitpid(child, os.WNOHANG if not answer else 0)
    if not answer and not ended:
        # A child that closed its end without an answer is about to end; one that hangs is not.
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
    if answer:
        return Verdict(number, *json.loads(answer))
    code = os.waitstatus_to_exitcode(status)
    how = f"the process ended by signal {-code}" if code < 0 else "the case cannot be made"
    if code == -signal.SIGKILL:
        how = f"no end within {SECONDS} s, or killed for its memory"
    return Verdict(number, DEFECT, "", how)


def _limit() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for what, most in (
        (resource.RLIMIT_AS, used + MEMORY),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _keep(folder: Path, target: Path, verdict: Verdict) -> None:
    """Copy what lies in a case's folder; a FIFO cannot be copied, and a link may lead anywhere."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            copy = target / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    (target / "verdict.txt").write_text(f"{verdict}\n", errors="backslashreplace")
