"""The steps of the set-up, in the order the packages need, each done once per list of versions.

The versions are in ``requirements/`` alone. What was done is noted in ``.venv/argus_install.json``,
one key per step: a hash over the step, its lists, Python's version and the key of the step before.
A step whose key is noted is skipped; an interrupted install goes on at the step it was in.

mmcv's operators are compiled, or left out by choice (``none``): Argus then provides those that it
calls. The choice is noted too, and holds until another one is given.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tools.install import SUPPORTED_PYTHONS, checks
from tools.install.checks import InstallError
from tools.install.progress import Console, clock, run_logged

ROOT = Path(__file__).resolve().parents[2]
OPERATORS = ("compiled", "none")  # of mmcv; the first is the default


@dataclass(frozen=True)
class Step:
    """A group of pip calls that belong together.

    Attributes:
        name: Key in the notes.
        label: What the console calls it.
        lists: Files below the repository that decide its outcome.
        calls: Arguments of ``pip install``, one tuple per call.
        disk_gb: Room it needs (see ``checks``).
    """

    name: str
    label: str
    lists: tuple[str, ...]
    calls: tuple[tuple[str, ...], ...]
    disk_gb: dict[str, float] = field(default_factory=dict)


# What tests and documents need beside the package itself.
_EXTRAS = tuple(f"requirements/{name}.txt" for name in ("dev", "docs", "export", "serve"))

STEPS = (
    Step(
        name="build",
        label="[1/4] build tools",
        lists=("requirements/build.txt",),
        calls=(("--upgrade", "-r", "requirements/build.txt"),),
    ),
    Step(
        name="torch",
        label="[2/4] PyTorch",
        lists=("requirements/torch.txt",),
        calls=(("--progress-bar", "raw", "-r", "requirements/torch.txt"),),
        disk_gb=checks.TORCH_DISK_GB,
    ),
    Step(
        name="stack",
        label="[3/4] OpenMMLab",
        lists=("requirements/runtime.txt", "requirements/torch.txt"),
        calls=(
            (
                "--verbose",  # shows the compiler's progress
                "--no-build-isolation",
                "--no-binary",
                "xtcocotools",
                "-r",
                "requirements/torch.txt",
                "-r",
                "requirements/runtime.txt",
            ),
            # opencv-python, which others ask for, needs libGL, which a server lacks. Its headless
            # twin writes the same folder: the one that comes last wins.
            ("--force-reinstall", "--no-deps", "{opencv-python-headless}"),
        ),
        disk_gb=checks.STACK_DISK_GB,
    ),
    Step(
        name="argus",
        label="[4/4] Argus",
        lists=(*_EXTRAS, "pyproject.toml", "setup.py"),
        calls=(
            tuple(
                argument
                for file in ("requirements/torch.txt", "requirements/runtime.txt", *_EXTRAS)
                for argument in ("-r", file)
            ),
            ("--no-build-isolation", "--no-deps", "--editable", "."),
        ),
    ),
)


def read_requirements(path: Path) -> dict[str, str]:
    """Requirements of a list by package name, without comments and markers.

    Args:
        path: A file in ``requirements/``.

    Returns:
        E.g. ``{"onedl-mmcv": "onedl-mmcv==2.3.6"}``.
    """
    requirements = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        requirement = line.split(" #")[0].split(";")[0].strip()
        if requirement and not requirement.startswith("#"):
            name = requirement
            for mark in "[=<>!~ ":
                name = name.split(mark)[0]
            requirements[name] = requirement
    return requirements


def step_keys(root: Path, python_version: str) -> dict[str, str]:
    """The key of each step: changes when anything that decides its outcome does."""
    keys = {}
    key = f"python {python_version}"
    for step in STEPS:
        parts = [key, repr(step.calls), *((root / name).read_text("utf-8") for name in step.lists)]
        if step.name == "argus":
            parts.append(str(root))  # an editable install remembers its folder
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        keys[step.name] = key
    return keys


class Environment:
    """The virtual environment of the repository and the notes on what was done in it.

    Args:
        root: The repository's folder.

    Attributes:
        operators: Which of :data:`OPERATORS` it is to have.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self._notes_file = self.folder / "argus_install.json"
        self.notes: dict[str, str] = {}
        try:
            self.notes = json.loads(self._notes_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            pass  # no notes, or half a file: every step is looked at again
        self.choose(None)

    def note(self, name: str, value: str) -> None:
        """Notes a fact for the next call; the file is replaced in one go."""
        self.notes[name] = value
        draft = self._notes_file.with_suffix(".tmp")
        draft.write_text(json.dumps(self.notes, indent=1) + "\n", encoding="utf-8")
        draft.replace(self._notes_file)

    def python_version(self) -> str:
        """The environment's own Python, e.g. "3.11"; that of this process if there is none yet."""
        configuration = self.folder / "pyvenv.cfg"
        if self.python.exists() and configuration.is_file():
            for line in configuration.read_text(encoding="utf-8").splitlines():
                name, _, value = line.partition("=")
                if name.strip() in ("version", "version_info"):
                    return ".".join(value.strip().split(".")[:2])
        return f"{sys.version_info[0]}.{sys.version_info[1]}"

    def runs(self) -> bool:
        """Whether there is an interpreter of a supported version that starts."""
        version = tuple(int(part) for part in self.python_version().split("."))
        return version in SUPPORTED_PYTHONS and self._answers("-c", "pass")

    def has_pip(self) -> bool:
        """Whether packages can be installed into it."""
        return self.runs() and self._answers("-m", "pip", "--version")

    def _answers(self, *arguments: str) -> bool:
        command = [str(self.python), *arguments]
        return self.python.exists() and subprocess.run(command, capture_output=True).returncode == 0

    def forget_half_installed(self) -> list[str]:
        """Makes pip install again what a killed pip had begun to unpack.

        pip writes the file INSTALLER after a package's other files; without it the package counts
        as installed all the same, with files missing.

        Returns:
            Names of the folders of metadata that were removed.
        """
        removed = []
        for metadata in self.folder.glob("lib/python*/site-packages/*.dist-info"):
            if not (metadata / "INSTALLER").exists():
                shutil.rmtree(metadata)
                removed.append(metadata.name)
        return removed

    def choose(self, operators: str | None) -> None:
        """Takes over what was asked for of :data:`OPERATORS`; ``None`` is the choice of before."""
        self.operators = operators or self.notes.get("choice", OPERATORS[0])

    def remaining_steps(self) -> list[Step]:
        """The steps that are not noted as done for the present lists and operators."""
        if not self.python.exists():
            return list(STEPS)
        keys = step_keys(self.root, self.python_version())
        remaining = [step for step in STEPS if self.notes.get(step.name) != keys[step.name]]
        there = self.notes.get("operators")
        if self.operators == "none":
            others = there != "none"
        else:
            others = there == "none" or (wants_cuda_operators() and there != "cuda")
        if others:
            remaining = [step for step in STEPS if step in remaining or step.name == "stack"]
        return remaining

    def variables(self, cxx: str) -> dict[str, str]:
        """Environment variables for pip and the compilers it starts."""
        variables = dict(os.environ)
        # These would send packages elsewhere, or import them from elsewhere.
        for name in (
            "PYTHONHOME",
            "PYTHONPATH",
            "PIP_USER",
            "PIP_TARGET",
            "PIP_PREFIX",
            "MAKEFLAGS",
        ):
            variables.pop(name, None)
        variables["PATH"] = f"{self.folder / 'bin'}{os.pathsep}{variables.get('PATH', os.defpath)}"
        variables["VIRTUAL_ENV"] = str(self.folder)
        variables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
        variables["PIP_NO_INPUT"] = "1"
        variables["PYTHONUNBUFFERED"] = "1"
        variables.setdefault("CXX", cxx)
        variables.setdefault("MAX_JOBS", str(compile_jobs()))
        return variables


def compile_jobs() -> int:
    """As many compilers at once as there are cores, but no more than memory feeds (2 GB each)."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return max(1, min(len(os.sched_getaffinity(0)), int(memory_gb / 2)))


def wants_cuda_operators() -> bool:
    """Whether mmcv's CUDA operators can be built here."""
    return checks.has_nvidia_gpu() and checks.find_nvcc() is not None


class Installer:
    """Carries out the steps.

    Args:
        environment: Where to install.
        console: Where progress is shown.
        lock: File descriptor of the lock, which a running pip keeps should this process be killed.
    """

    def __init__(self, environment: Environment, console: Console, lock: int) -> None:
        self.environment = environment
        self.console = console
        self.log = environment.root / "work_dirs" / "install.log"
        self._lock = lock

    def run(self, steps: list[Step]) -> None:
        """Checks the machine, then does the steps, noting each as it is done."""
        checks.check_folder(self.environment.root)
        checks.check_venv_module()
        if any(step.name == "stack" for step in steps):
            checks.check_compiler()
        needs = [step.disk_gb for step in steps if step.disk_gb]
        checks.check_disk(self.environment.folder, needs)
        self._make_virtual_environment()
        self.environment.note("choice", self.environment.operators)
        for name in self.environment.forget_half_installed():
            self.console.say(f"{name} was not installed to its end: it is installed again.")
        keys = step_keys(self.environment.root, self.environment.python_version())
        for step in steps:
            start = time.monotonic()
            self._do(step)
            self.console.say(f"{step.label}: done in {clock(time.monotonic() - start)}")
            self.environment.note(step.name, keys[step.name])
        self._check_agreement()

    def _make_virtual_environment(self) -> None:
        """Makes the virtual environment, or mends one whose making was interrupted."""
        if self.environment.has_pip():
            return
        clear = [] if self.environment.runs() else ["--clear"]
        self._run(
            [sys.executable, "-m", "venv", *clear, str(self.environment.folder)],
            label="[0/4] virtual environment",
            variables=dict(os.environ),
        )

    def _do(self, step: Step) -> None:
        variables = self.environment.variables(checks.find_cxx_compiler() or "c++")
        if step.name == "stack":
            self._choose_operators(variables)
        versions = read_requirements(self.environment.root / "requirements" / "runtime.txt")
        for call in step.calls:
            arguments = [versions[word[1:-1]] if word.startswith("{") else word for word in call]
            self._pip(step.label, arguments, variables)

    def _choose_operators(self, variables: dict[str, str]) -> None:
        """Builds mmcv anew where pip would not, and says what a GPU that is there goes without."""
        variables.pop("FORCE_CUDA", None)
        if self.environment.operators == "none":
            # In isolation mmcv does not see PyTorch, and leaves them out. Not from pip's cache,
            # which may hold a wheel that has them, nor into it.
            self._build_mmcv("without operators", ["--no-cache-dir"], variables)
            self.environment.note("operators", "none")
            return
        has_gpu = checks.has_nvidia_gpu()
        problem = self._cuda_problem() if has_gpu else None
        if problem is not None:
            variables["CUDA_VISIBLE_DEVICES"] = ""  # mmcv would take a visible GPU for a toolkit
        if has_gpu and problem is None:
            # pip's cache may hold a wheel without CUDA, and the environment a package without.
            variables["FORCE_CUDA"] = "1"
            flags = ["--no-build-isolation", "--no-cache-dir"]
            self._build_mmcv("CUDA operators", flags, variables)
        elif self.environment.notes.get("operators") == "none":
            self._build_mmcv("operators", ["--no-build-isolation"], variables)
        if problem is not None:
            self.console.say(
                f"{problem}, so mmcv's operators are built for the CPU alone: Argus's own "
                "deformable attention does not need them, but mmdet models that pool regions or "
                "suppress boxes on the GPU do; install a matching CUDA toolkit and run make "
                "install again, or make install OPS=none, which runs these through PyTorch."
            )
        # A toolkit that did not fit is noted like one that did, or each call would try it again.
        self.environment.note("operators", "cuda" if has_gpu and checks.find_nvcc() else "cpu")

    def _build_mmcv(self, what: str, flags: list[str], variables: dict[str, str]) -> None:
        """Replaces the mmcv that is there, for another choice of its operators."""
        runtime = read_requirements(self.environment.root / "requirements" / "runtime.txt")
        arguments = ["--verbose", *flags, "--force-reinstall", "--no-deps", runtime["onedl-mmcv"]]
        self._pip(f"[3/4] OpenMMLab, {what}", arguments, variables)

    def _cuda_problem(self) -> str | None:
        """Why CUDA code cannot be compiled here, or None."""
        nvcc = checks.find_nvcc()
        if nvcc is None:
            return "There is a GPU but no CUDA compiler (nvcc)"
        code = "import torch; print(torch.version.cuda)"
        answer = subprocess.run(
            [str(self.environment.python), "-c", code], capture_output=True, text=True
        )
        wanted = answer.stdout.strip().split(".")[0]
        found = checks.nvcc_major_version(nvcc)
        if found != wanted:
            return f"{nvcc} belongs to CUDA {found} and PyTorch to CUDA {wanted}"
        return None

    def _pip(self, label: str, arguments: list[str], variables: dict[str, str]) -> None:
        command = [str(self.environment.python), "-m", "pip", "install", *arguments]
        self._run(command, label=label, variables=variables)

    def _run(self, command: list[str], *, label: str, variables: dict[str, str]) -> None:
        run_logged(
            command,
            label=label,
            log=self.log,
            environment=variables,
            console=self.console,
            held_files=(self._lock,),
        )

    def _check_agreement(self) -> None:
        """Passes on what ``pip check`` has against the finished set; a warning, not an end."""
        command = [str(self.environment.python), "-m", "pip", "check"]
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode != 0:
            self.console.say(f"WARNING: pip check says:\n{answer.stdout.strip()}")


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


def install(root: Path, console: Console, operators: str | None = None) -> None:
    """Brings ``.venv`` up to the lists in ``requirements/``.

    Args:
        root: The repository's folder.
        console: Where progress is shown.
        operators: One of :data:`OPERATORS`; ``None`` for those of the last call.
    """
    environment = Environment(root)
    environment.choose(operators)
    if not environment.remaining_steps():
        return
    lock = take_lock(root, console)
    try:
        environment = Environment(root)
        environment.choose(operators)
        steps = environment.remaining_steps()
        if not steps:
            return  # another process did it while this one waited
        if not environment.runs():
            environment.notes, steps = {}, list(STEPS)
        start = time.monotonic()
        whole = len(steps) == len(STEPS)
        minutes = 10 if environment.operators == "compiled" else 5
        first = "Setting up {} (about {} minutes on 2 cores)." if whole else "Updating {}."
        console.say(first.format(environment.folder, minutes))
        installer = Installer(environment, console, lock)
        if not environment.notes:
            installer.log.unlink(missing_ok=True)
        installer.run(steps)
        minutes = (time.monotonic() - start) / 60
        console.say(f"Argus is set up ({minutes:.1f} minutes).")
    finally:
        os.close(lock)


def main() -> int:
    """Command line of ``python3 -m tools.install``; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.install", description=__doc__)
    parser.add_argument(
        "--operators",
        choices=OPERATORS,
        help="mmcv's operators: those of the last call if it is not given, at first compiled ones",
    )
    arguments = parser.parse_args()
    console = Console()
    try:
        install(ROOT, console, arguments.operators)
    except InstallError as error:
        console.say(f"ERROR: {error}")
        return 1
    except OSError as error:  # a folder that cannot be written, a full disk
        console.say(f"ERROR: {error}")
        return 1
    except KeyboardInterrupt:
        console.say("Interrupted; the same command goes on where it stopped.")
        return 130
    return 0
