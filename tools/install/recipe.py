"""Carries out the steps of the set-up that are not done yet; ``python3 -m tools.install``.

mmcv's operators are not compiled unless that is chosen: Argus provides those that it calls. What
was chosen is noted, and holds until another choice is given.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

from tools.install import checks
from tools.install.checks import InstallError
from tools.install.environment import Environment
from tools.install.operators import build_variables, operators_step, wants_cuda
from tools.install.progress import Console, clock, run_logged
from tools.install.requirements import read_requirements
from tools.install.steps import DEVICES, OPERATORS, PARTS, Choice, Step, steps

ROOT = Path(__file__).resolve().parents[2]
CPU_TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


class Plan:
    """What is to be done in an environment.

    Args:
        root: The repository's folder.
        environment: What is there.
        wanted: What was asked for by name, e.g. ``operators="compiled"``; the rest is as before.
        part: One of :data:`PARTS`.
    """

    def __init__(
        self, root: Path, environment: Environment, wanted: dict[str, str], part: str = PARTS[0]
    ) -> None:
        before = {name: environment.notes.get(f"chosen {name}") for name in ("operators", "device")}
        chosen = {name: value for name, value in {**before, **wanted}.items() if value}
        self.choice = Choice(**chosen)
        lists = root / "requirements"
        tested = read_requirements(lists / "tested.txt").values()
        self.steps = steps(
            self.choice,
            part,
            os.environ.get("TORCH_INDEX", CPU_TORCH_INDEX),
            tuple(f"{requirement}+cpu" for requirement in tested),
        )
        if self.choice.operators == "compiled":
            self.steps.append(
                operators_step(read_requirements(lists / "runtime.txt")["onedl-mmcv"])
            )
        python = f"python {environment.python_version()}"
        self.keys = {step.name: step.key(root, python) for step in self.steps}
        # An editable install remembers its folder, operators what they were built for.
        self.keys["core"] += f" {root}"
        if "operators" in self.keys:
            self.keys["operators"] += " cuda" if wants_cuda() else " cpu"
        self.remaining = [
            step
            for step in self.steps
            if not environment.python.exists()
            or environment.notes.get(step.name) != self.keys[step.name]
        ]


class Installer:
    """Carries out the steps.

    Args:
        root: The repository's folder.
        environment: Where to install.
        console: Where progress is shown.
        lock: File descriptor of the lock, which a running call keeps should this process be killed.
    """

    def __init__(self, root: Path, environment: Environment, console: Console, lock: int) -> None:
        self.root = root
        self.environment = environment
        self.console = console
        self.log = root / "work_dirs" / "install.log"
        self._lock = lock

    def run(self, plan: Plan) -> None:
        """Checks the machine, then does the steps, noting each as it is done."""
        checks.check_folder(self.root)
        checks.check_venv_module()
        names = {step.name for step in plan.remaining}
        if "operators" in names:
            checks.check_compiler()
        if "core" in names:
            checks.check_disk(self.environment.folder, checks.uv_cache_folder())
            checks.check_device(self.environment.torch_device(), plan.choice.device)
        self._make_virtual_environment()
        for name, value in vars(plan.choice).items():
            self.environment.note(f"chosen {name}", value)
        for name in self.environment.forget_half_installed():
            self.console.say(f"{name} was not installed to its end: it is installed again.")
        for step in plan.remaining:
            start = time.monotonic()
            if step.name == "core":
                self.environment.note("device", plan.choice.device)
            self._do(step)
            self.console.say(f"{step.label}: done in {clock(time.monotonic() - start)}")
            self.environment.note(step.name, plan.keys[step.name])
        self._check_agreement()

    def _make_virtual_environment(self) -> None:
        """Makes the virtual environment, or mends one whose making was interrupted."""
        if self.environment.has_pip():
            return
        clear = [] if self.environment.runs() else ["--clear"]
        self._run(
            [sys.executable, "-m", "venv", *clear, str(self.environment.folder)],
            label="[0/3] virtual environment",
            variables=dict(os.environ),
        )

    def _do(self, step: Step) -> None:
        variables = self.environment.variables()
        if step.name == "operators":
            variables, problem = build_variables(self.environment)
            if problem is not None:
                self.console.say(problem)
        for call in step.calls:
            words = [str(self.environment.python)]
            for word in call:
                if word == "uv":
                    words += ["-m", "uv", "pip", "install"]
                elif word == "{packages}":
                    words += [str(folder) for folder in self.environment.packages()]
                else:
                    words.append(word)
            self._run(words, label=step.label, variables=variables)

    def _run(self, command: list[str], *, label: str, variables: dict[str, str]) -> None:
        run_logged(
            command,
            label=label,
            log=self.log,
            environment=variables,
            console=self.console,
            folder=self.root,
            held_files=(self._lock,),
        )

    def _check_agreement(self) -> None:
        """Passes on what does not agree in the finished set; a warning, not an end."""
        command = [str(self.environment.python), "-m", "uv", "pip", "check"]
        variables = self.environment.variables()
        answer = subprocess.run(command, capture_output=True, text=True, env=variables)
        left_out = set(read_requirements(self.root / "requirements" / "excluded.txt"))
        left_out |= set(read_requirements(self.root / "requirements" / "excluded_cpu.txt"))
        problems = disagreements(answer.stderr, left_out)
        if answer.returncode != 0 and problems:
            self.console.say("WARNING: the packages do not agree:\n" + "\n".join(problems))


def disagreements(output: str, left_out: set[str]) -> list[str]:
    """Lines of ``uv pip check`` that are not about packages left out on purpose."""
    return [
        line
        for line in output.splitlines()
        if line.startswith("The package ")
        and not (
            line.endswith("but it's not installed")
            and any(f"requires `{name}" in line for name in left_out)
        )
    ]


def take_lock(root: Path, console: Console) -> int:
    """Waits until no other install runs in this repository.

    Returns:
        File descriptor that holds the lock until it is closed.
    """
    (root / "work_dirs").mkdir(exist_ok=True)
    lock = os.open(root / "work_dirs" / ".install.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        console.say("Another install is running in this folder: waiting for it.")
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def install(root: Path, console: Console, wanted: dict[str, str], part: str = PARTS[0]) -> None:
    """Brings ``.venv`` up to the lists in ``requirements/``.

    Args:
        root: The repository's folder.
        console: Where progress is shown.
        wanted: ``operators`` and ``device`` as far as they were given.
        part: One of :data:`PARTS`.
    """
    folder = root / ".venv"
    if not Plan(root, Environment(folder), wanted, part).remaining:
        return
    lock = take_lock(root, console)
    try:
        environment = Environment(folder)
        if not environment.runs():
            environment.notes = {}
        plan = Plan(root, environment, wanted, part)
        if not plan.remaining:
            return  # another process did it while this one waited
        start = time.monotonic()
        minutes = "12 minutes" if plan.choice.operators == "compiled" else "2 minutes"
        whole = len(plan.remaining) == len(plan.steps)
        first = "Setting up {} (about {} on 2 cores)." if whole else "Updating {}."
        console.say(first.format(folder, minutes))
        installer = Installer(root, environment, console, lock)
        if not environment.notes:
            installer.log.unlink(missing_ok=True)
        installer.run(plan)
        console.say(f"Argus is set up ({clock(time.monotonic() - start)} minutes).")
    finally:
        os.close(lock)


def main() -> int:
    """Command line of ``python3 -m tools.install``; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.install", description=__doc__)
    as_before = "that of the last call if it is not given, at first {}"
    parser.add_argument(
        "--operators", choices=OPERATORS, help="mmcv's: " + as_before.format(OPERATORS[0])
    )
    parser.add_argument(
        "--device",
        choices=DEVICES,
        help="what PyTorch is built for: " + as_before.format(DEVICES[0]),
    )
    parser.add_argument(
        "--part",
        choices=PARTS,
        default=PARTS[0],
        help="everything, or what trains and predicts, without that of tests and documents",
    )
    arguments = vars(parser.parse_args())
    part = arguments.pop("part")
    console = Console()
    try:
        install(ROOT, console, {name: value for name, value in arguments.items() if value}, part)
    except (InstallError, OSError) as error:  # a folder that cannot be written, a full disk
        console.say(f"ERROR: {error}")
        return 1
    except KeyboardInterrupt:
        console.say("Interrupted; the same command goes on where it stopped.")
        return 130
    return 0
