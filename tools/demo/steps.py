"""What the demos share: steps that are commands of a user, printed, run and timed."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from argus.errors import ConfigError
from argus.processes.stop_signals import STOPPED


class Demo:
    """Train, merge and test by the commands that a user would type.

    Args:
        root: The repository.
        work_dir: Where everything but the data is written.
        num_processes: Processes of the trainings and tests.
        options: Further ``KEY=VALUE`` changes of the trainings' configs.

    Attributes:
        seconds: Of each step.
    """

    def __init__(
        self,
        root: Path,
        *,
        work_dir: Path,
        num_processes: int = 2,
        options: Sequence[str] = (),
    ) -> None:
        self.root = root
        self.work_dir = work_dir
        self.num_processes = num_processes
        self.options = list(options)
        self.seconds: dict[str, float] = {}
        self._started = time.perf_counter()

    @property
    def minutes(self) -> float:
        """Since the demo began, with what lies between its steps."""
        return (time.perf_counter() - self._started) / 60

    def scenes(
        self,
        folder: Path,
        settings: Mapping[str, Any],
        *,
        layouts: Sequence[str],
        options: Sequence[str],
    ) -> None:
        """Render scenes unless they are there.

        Args:
            folder: Of the scenes.
            settings: Of the demo's scenes, as ``scenes.json`` states them.
            layouts: That they have to have.
            options: What the command takes beside the folder.

        Raises:
            ConfigError: It fails, or other scenes are in that place.
        """
        described = folder / "scenes.json"
        if not described.is_file():
            command = [sys.executable, "-m", "argus.datasets.scenes", str(folder)]
            self.step("scenes", [*command, *options])
            return
        found = json.loads(described.read_text())
        differ = [f"{k}={found.get(k)}" for k, v in settings.items() if found.get(k) != v]
        if differ or not set(layouts) <= set(found.get("layouts", ())):
            raise ConfigError(
                f"the scenes in {folder} are not the demo's (found "
                f"{', '.join(differ) or 'other layouts'}). Move that folder away; the demo "
                "renders its own."
            )
        print(f"\n== scenes: using those in {folder}")

    def train(self, name: str, config: str, *options: str) -> str:
        """Train from scratch; the path of the last checkpoint."""
        folder = self.work_dir / name
        shutil.rmtree(folder, ignore_errors=True)
        launcher = [str(self.root / "tools/dist_train.sh"), config, str(self.num_processes)]
        self.step(
            name, [*launcher, "--work-dir", str(folder), *cfg_options([*self.options, *options])]
        )
        return str(folder / (folder / "last_checkpoint").read_text().strip())

    def merge(self, *checkpoints: str) -> str:
        """Join the stages into one model; its folder."""
        folder = str(self.work_dir / "model")
        tool = str(self.root / "tools/checkpoints/merge.py")
        self.step("merge", [sys.executable, tool, *checkpoints, "--out", folder])
        return folder

    def test(
        self,
        name: str,
        subject: str,
        checkpoint: str = "",
        *,
        arguments: Sequence[str] = (),
        options: Sequence[str] = (),
    ) -> dict[str, float]:
        """Evaluate a model, or a checkpoint of a config; its metrics."""
        out = self.work_dir / f"{name}.json"
        command = [
            *(
                str(self.root / "tools/dist_test.sh"),
                subject,
                *([checkpoint] if checkpoint else []),
            ),
            *(str(self.num_processes), "--work-dir", str(self.work_dir / "test")),
            *("--out", str(out), *arguments, *cfg_options(options)),
        ]
        self.step(name, command)
        return json.loads(out.read_text())

    def step(self, name: str, command: Sequence[str]) -> None:
        """Run a command, and note its time.

        Raises:
            ConfigError: It fails.
        """
        with self.timed(name, command):
            status = self.call(command)
        if status:
            raise ConfigError(
                f"the step {name!r} failed with exit status {status}; its output is above."
            )

    def step_here(
        self,
        name: str,
        program: Sequence[str],
        arguments: Sequence[str],
        main: Callable[[list[str]], int | None],
    ) -> None:
        """Do in this process, in the repository, what a command does, and note its time.

        For short steps of a demo that imports the libraries itself: importing them again in
        another process takes longer than such a step.

        Args:
            name: Of the step.
            program: First words of the command, printed only.
            arguments: The others.
            main: What the program calls with them; ``None`` stands for an exit status of 0.

        Raises:
            ConfigError: It fails.
        """
        with self.timed(name, [*program, *arguments]), chdir(self.root):
            status = main(list(arguments))
        if status:
            raise ConfigError(f"the step {name!r} failed; its output is above.")

    @contextmanager
    def timed(self, name: str, command: Sequence[str]) -> Iterator[None]:
        """Print the command of a step, and note the seconds that what is done here takes."""
        print(f"\n== {name}: {shlex.join(command)}", flush=True)
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 1)

    def call(self, command: Sequence[str]) -> int:
        """Run a command in the repository; its exit status."""
        environment = {**os.environ, "PYTHON": sys.executable}
        with subprocess.Popen(command, cwd=self.root, env=environment) as child:
            return _ended_together(child)


def _ended_together(child: "subprocess.Popen[bytes]") -> int:
    """Wait for a step, and end it where the demo is asked to end: it would go on by itself.

    A terminal's Ctrl-C reaches the step as well, which may take a while to save what it has.
    """
    asked = []

    def ask(number: int, frame: Any) -> None:
        asked.append(number)
        child.terminate()

    before = signal.signal(signal.SIGTERM, ask)
    try:
        status = child.wait()
    except KeyboardInterrupt:
        child.wait()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
    if asked:
        sys.exit(STOPPED)
    return status


def cfg_options(options: Sequence[str]) -> list[str]:
    """The words by which a command takes changes of its config."""
    return ["--cfg-options", *options] if options else []
