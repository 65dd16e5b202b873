"""Do what is left of a list of trainings: in its order, each as soon as what it needs is there."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Protocol

from argus.ablation.children import how_it_ended
from argus.ablation.rows import Row
from argus.ablation.runs import CONSOLE, Run, make_run
from argus.errors import CheckpointError, ConfigError, DataError
from argus.names.wording import counted

_USER_ERRORS = (ConfigError, DataError, CheckpointError)
_MAX_TOLD_LINES = 4


class Caller(Protocol):
    """What runs commands of Argus: :class:`~argus.ablation.children.Children`."""

    def call(self, words: Sequence[str], *, console: Path) -> int:
        """Run ``argus WORDS``; its exit status."""

    def stop(self) -> None:
        """Ask all that run to stop."""


def make_runs(
    rows: Sequence[Row], seeds: Sequence[int], work_dir: Path
) -> tuple[list[Run], dict[str, str]]:
    """Runs of all rows, one seed after the other, so that a whole table is there soon.

    Returns:
        The runs, and why others cannot be made, by their names.
    """
    runs: dict[tuple[str, int], Run] = {}
    failed = {}
    for seed in seeds:
        for row in rows:
            try:
                runs[row.name, seed] = make_run(row, seed, work_dir, runs)
            except _USER_ERRORS as error:
                failed[f"{row.name}, seed {seed}"] = str(error)
    return list(runs.values()), failed


def do_runs(
    runs: Sequence[Run], caller: Caller, *, parallel: int, tell: Callable[[str], None]
) -> dict[str, str]:
    """Train and test what has no results yet.

    Args:
        runs: Each after the one that it needs.
        caller: Runs the commands.
        parallel: How many runs at once.
        tell: Is told of every begin and end.

    Returns:
        Why runs failed, by their names; the others have results.
    """
    failed: dict[str, str] = {}
    waiting = list(runs)
    needed = {(run.row.name, run.seed): run for run in runs}
    working: dict[Future[str], Run] = {}
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        try:
            while waiting or working:
                for run in list(waiting):
                    before = needed.get((run.row.needs, run.seed))
                    if before in waiting or before in working.values():
                        continue
                    if len(working) == parallel:
                        break
                    waiting.remove(run)
                    if before is not None and before.name in failed:
                        failed[run.name] = f"it needs {before.name}, which has failed."
                        tell(f"{run.name}: {failed[run.name]}")
                        continue
                    working[pool.submit(_do, run, caller, tell)] = run
                if not working:
                    continue
                done, _ = wait(working, return_when=FIRST_COMPLETED)
                for future in done:
                    run = working.pop(future)
                    if problem := future.result():
                        failed[run.name] = problem
                        tell(f"{run.name}: {problem}")
        except BaseException:
            caller.stop()
            raise
    return failed


def _do(run: Run, caller: Caller, tell: Callable[[str], None]) -> str:
    """Bring one run to its end; why it failed, or nothing."""
    try:
        if run.results() is not None:
            tell(f"{run.name}: has its results")
            return ""
        run.write_settings()
    except (*_USER_ERRORS, OSError) as error:
        return str(error)
    steps = [("testing", run.test_command())]
    if run.trains and not run.checkpoint.is_file():
        steps.insert(0, ("training", run.train_command()))
    console = run.folder / CONSOLE
    for verb, words in steps:
        tell(f"{run.name}: {verb}, see {console}")
        start, written = time.monotonic(), console.stat().st_size if console.is_file() else 0
        status = caller.call(words, console=console)
        if status != 0:
            return f"{verb} failed ({how_it_ended(status)}): {_last_words(console, written)}"
        if verb == "training" and not run.checkpoint.is_file():
            return f"the training has ended without {run.checkpoint}."
        tell(f"{run.name}: {verb} took {_duration(time.monotonic() - start)}")
    try:
        if run.results() is None:
            return f"the test has ended without results in {run.folder}."
    except _USER_ERRORS as error:
        return str(error)
    return ""


def _last_words(console: Path, written: int) -> str:
    """What a command has printed last, which is why it failed."""
    with console.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(written, size - 2000))
        text = file.read().decode("utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = " ".join(lines[-_MAX_TOLD_LINES:])[-600:]
    return told or f"it printed nothing to {console}."


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes == 0:
        return counted(round(seconds), "second")
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def missing(runs: Sequence[Run]) -> Mapping[str, str]:
    """Why runs have no results that a table can show, by their names."""
    found = {}
    for run in runs:
        try:
            if run.results() is None:
                found[run.name] = f"no results in {run.folder} yet."
        except _USER_ERRORS as error:
            found[run.name] = str(error)
    return found
