"""The set-up script: one list of versions, what is skipped, and what a user reads when it fails."""

import ast
import fcntl
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.checkout import mark_as_installed
from tools.install import SUPPORTED_PYTHONS, checks, progress, recipe
from tools.install.__main__ import unsupported_python_message
from tools.install.checks import InstallError

ROOT = Path(__file__).resolve().parents[2]
GB = 10**9


def run_script(root: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.install"],
        cwd=root,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


# --- versions stand in one place -----------------------------------------------------------------


def test_versions__metadata_reads_the_lists() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert re.search(
        r'^dependencies = \{ file = \["requirements/torch.txt", "requirements/runtime.txt"\]',
        text,
        re.M,
    )
    for extra in ("dev", "fast"):
        pattern = rf'^optional-dependencies.{extra} = \{{ file = \["requirements/{extra}.txt"\]'
        assert re.search(pattern, text, re.M)


def test_versions__build_system_agrees_with_the_build_list() -> None:
    build = recipe.read_requirements(ROOT / "requirements" / "build.txt")
    found = re.search(
        r'^requires = \["(setuptools[^"]*)"\]', (ROOT / "pyproject.toml").read_text(), re.M
    )
    assert found is not None and found[1] == build["setuptools"]


def test_versions__no_package_is_constrained_twice() -> None:
    seen: dict[str, str] = {}
    for file in sorted((ROOT / "requirements").glob("*.txt")):
        for name, requirement in recipe.read_requirements(file).items():
            assert seen.setdefault(name, requirement) == requirement, file


def test_versions__verified_stack_is_pinned() -> None:
    lists = {}
    for name in ("torch", "runtime"):
        lists |= recipe.read_requirements(ROOT / "requirements" / f"{name}.txt")
    pinned = {
        "torch": "2.11.0",
        "torchvision": "0.26.0",
        "onedl-mmengine": "0.10.12",
        "onedl-mmcv": "2.3.6",
        "onedl-mmdetection": "3.5.1",
        "onedl-mmsegmentation": "1.4.2",
        "onedl-mmpretrain": "1.3.6",
        "mmpose": "1.3.2",
        "xformers": "0.0.35",
    }
    for name, version in pinned.items():
        assert lists[name] == f"{name}=={version}"
    # Two packages write one folder; different versions would leave a mixture.
    assert lists["opencv-python"].split("==")[1] == lists["opencv-python-headless"].split("==")[1]


def test_versions__supported_pythons_agree_with_the_metadata() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    low, high = min(SUPPORTED_PYTHONS), max(SUPPORTED_PYTHONS)
    assert f'requires-python = ">={low[0]}.{low[1]},<{high[0]}.{high[1] + 1}"' in text


def test_read_requirements__drops_comments_markers_and_extras(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text('# a comment\n\na[b]>=1,<2 # why\nc==3; python_version >= "3.12"\nd\n')
    assert recipe.read_requirements(file) == {"a": "a[b]>=1,<2", "c": "c==3", "d": "d"}


# --- the Makefile and CI -------------------------------------------------------------------------


def test_makefile__has_the_promised_targets() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", text, re.M))
    promised = {"help", "install", "demo", "docs", "test", "test-slow", "lint", "format", "check"}
    assert promised | {"clean"} <= targets
    for target in ("demo", "docs", "test", "test-slow", "lint", "format"):
        assert re.search(rf"^{target}: install\b", text, re.M), f"{target} must set up first"


def test_makefile__help_is_the_default_and_lists_every_target() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M):
        assert f"make {target} " in shown


@pytest.mark.parametrize("failing", ["lint", "docs", "test", "none"])
def test_ci__runs_all_and_fails_if_one_does(tmp_path: Path, failing: str) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    goals = "".join(
        f"{goal}:\n\t@echo {goal} ran; {'false' if goal == failing else 'true'}\n"
        for goal in ("lint", "docs", "test")
    )
    (tmp_path / "Makefile").write_text(goals)
    done = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.split("\n")[0] == "test ran"
    assert "docs ran" in done.stdout and "test ran" in done.stdout
    assert (done.returncode != 0) == (failing != "none")


# --- what is skipped and what is done again ------------------------------------------------------


def test_second_call__does_nothing(checkout: Path) -> None:
    mark_as_installed(checkout)
    done = run_script(checkout, PATH="/nonexistent")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (checkout / "work_dirs").exists()


@pytest.mark.parametrize(
    ("changed", "steps"),
    [
        ("requirements/torch.txt", ["torch", "stack", "argus"]),
        ("requirements/runtime.txt", ["stack", "argus"]),
        ("requirements/dev.txt", ["argus"]),
        ("requirements/fast.txt", []),
    ],
)
def test_remaining_steps__changed_list_repeats_its_step_and_the_later_ones(
    checkout: Path, changed: str, steps: list[str]
) -> None:
    mark_as_installed(checkout)
    with (checkout / changed).open("a") as file:
        file.write("another-package==1.0\n")
    assert [step.name for step in recipe.Environment(checkout).remaining_steps()] == steps


def test_remaining_steps__interrupted_install_goes_on_where_it_stopped(checkout: Path) -> None:
    environment = mark_as_installed(checkout)
    del environment.notes["stack"], environment.notes["argus"]
    environment.note("operators", "cpu")
    remaining = recipe.Environment(checkout).remaining_steps()
    assert [step.name for step in remaining] == ["stack", "argus"]


def test_remaining_steps__half_written_notes_repeat_everything(checkout: Path) -> None:
    mark_as_installed(checkout)
    (checkout / ".venv" / "argus_install.json").write_text('{"build": "12')
    assert recipe.Environment(checkout).remaining_steps() == list(recipe.STEPS)


def test_remaining_steps__moved_checkout_repeats_the_editable_install(checkout: Path) -> None:
    mark_as_installed(checkout)
    moved = checkout.rename(checkout.with_name("elsewhere"))
    assert [step.name for step in recipe.Environment(moved).remaining_steps()] == ["argus"]


def test_python_version__is_that_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.13.1\n")
    environment = recipe.Environment(tmp_path)
    assert environment.python_version() == "3.13"
    assert not environment.runs()  # so it is made anew


def test_forget_half_installed__spares_what_is_whole(tmp_path: Path) -> None:
    packages = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages"
    for name in ("whole-1.0.dist-info", "half-2.0.dist-info"):
        (packages / name).mkdir(parents=True)
        (packages / name / "METADATA").touch()
    (packages / "whole-1.0.dist-info" / "INSTALLER").write_text("pip\n")
    assert recipe.Environment(tmp_path).forget_half_installed() == ["half-2.0.dist-info"]
    assert [path.name for path in packages.iterdir()] == ["whole-1.0.dist-info"]


def test_lock__second_process_waits(tmp_path: Path) -> None:
    stream = io.StringIO()
    lock = recipe.take_lock(tmp_path, progress.Console(stream))
    other = os.open(tmp_path / "work_dirs" / ".install.lock", os.O_RDWR)
    with pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(lock)
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)
    assert stream.getvalue() == ""


def test_variables__nothing_leaks_in_and_the_environment_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONPATH", "PIP_USER", "PIP_TARGET"):
        monkeypatch.setenv(name, "somewhere")
    monkeypatch.delenv("MAX_JOBS", raising=False)
    variables = recipe.Environment(tmp_path).variables("/usr/bin/c++")
    assert not {"PYTHONPATH", "PIP_USER", "PIP_TARGET"} & set(variables)
    assert variables["PATH"].split(os.pathsep)[0] == str(tmp_path / ".venv" / "bin")
    assert 1 <= int(variables["MAX_JOBS"]) <= (os.cpu_count() or 1)


# --- failures are one clear sentence -------------------------------------------------------------


def test_script__no_compiler(checkout: Path, tmp_path: Path) -> None:
    done = run_script(checkout, PATH=str(tmp_path), CXX="")
    assert done.returncode == 1 and done.stderr == ""
    line = done.stdout.strip().splitlines()[-1]
    assert line.startswith("ERROR: No C++ compiler") and "apt install g++" in line
    assert not (checkout / ".venv").exists()


def test_script__syntax_is_read_by_old_pythons() -> None:
    for name in ("__init__.py", "__main__.py"):
        source = (ROOT / "tools" / "install" / name).read_text()
        ast.parse(source, feature_version=(3, 6))
        assert "annotations" not in source  # `from __future__ import annotations` came with 3.7


@pytest.mark.parametrize(("version", "word"), [((3, 9), "too old"), ((3, 13), "too new")])
def test_python_version__message(version: tuple[int, int], word: str) -> None:
    message = unsupported_python_message(version)
    assert f"Python {version[0]}.{version[1]} is {word}" in message and "PYTHON=" in message


def test_script__unsupported_python_stops_before_anything(checkout: Path, tmp_path: Path) -> None:
    code = (
        "import runpy, sys; sys.version_info = (3, 14, 0, 'final', 0); sys.argv = ['install']; "
        "runpy.run_module('tools.install', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=checkout,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: Python 3.14 is too new") and done.stderr.count("\n") == 1
    assert not (checkout / ".venv").exists()


def test_check_venv_module__missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InstallError, match=r"no module 'venv'.*apt install python3\.\d+-venv"):
        checks.check_venv_module()


def test_check_compiler__missing_headers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checks.sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(checks, "find_cxx_compiler", lambda: "/usr/bin/c++")
    with pytest.raises(InstallError, match=r"Python\.h is missing.*apt install python3\.\d+-dev"):
        checks.check_compiler()


def test_check_folder__path_separator_in_the_name(tmp_path: Path) -> None:
    checks.check_folder(tmp_path)
    with pytest.raises(InstallError, match="has a ':' in its path"):
        checks.check_folder(tmp_path / "a:b")


def test_check_disk__states_needed_and_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(checks.tempfile, "gettempdir", lambda: str(tmp_path))
    need = {"environment": 5.0, "temporary": 2.0, "cache": 1.5}

    def free(gigabytes: float) -> None:
        usage = shutil._ntuple_diskusage(100 * GB, 0, int(gigabytes * GB))  # type: ignore[attr-defined]
        monkeypatch.setattr(checks.shutil, "disk_usage", lambda folder: usage)

    free(17.1)
    checks.check_disk(tmp_path / ".venv", [need, need])
    free(16.9)
    with pytest.raises(InstallError, match=r"17\.0 GB are needed for the install and 16\.9 GB"):
        checks.check_disk(tmp_path / ".venv", [need, need])
    checks.check_disk(tmp_path / ".venv", [need])


def test_run_logged__registry_out_of_reach(tmp_path: Path) -> None:
    variables = {
        **os.environ,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://user:secret@127.0.0.1:9/simple",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "1",
    }
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "-d",
        str(tmp_path),
        "argus-no",
    ]
    with pytest.raises(InstallError) as raised:
        progress.run_logged(
            command,
            label="[2/4] PyTorch",
            log=tmp_path / "install.log",
            environment=variables,
            console=progress.Console(io.StringIO()),
        )
    sentence = str(raised.value).splitlines()[0]
    assert sentence.startswith("The package registry http://127.0.0.1:9/simple is out of reach")
    assert "install.log" in sentence and "secret" not in sentence
    assert "argus-no" in (tmp_path / "install.log").read_text()


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("OSError: [Errno 28] No space left on device", "disk ran full"),
        ("c++: fatal error: Killed signal terminated program cc1plus", "MAX_JOBS=1"),
        ("a.h:3:10: fatal error: Python.h: No such file or directory", "python3-dev"),
        ("ERROR: No matching distribution found for x==9", "does not offer a version"),
        ("ssl.SSLError: CERTIFICATE_VERIFY_FAILED", "PIP_CERT"),
        ("  ERROR: Failed building wheel for onedl-mmcv", "onedl-mmcv could not be built"),
        ("what?", "[3/4] OpenMMLab failed: it ended with exit status 2"),
    ],
)
def test_explain__names_the_cause(output: str, words: str) -> None:
    message = progress.explain([output], "[3/4] OpenMMLab", 2, Path("install.log"))
    assert words in message.splitlines()[0]
    assert message.splitlines()[1].strip() == output.strip()


def test_explain__shows_what_the_compiler_said() -> None:
    lines = ["nms.cpp:7:3: error: 'x' was not declared"] + ["error: subprocess failed"] * 9
    message = progress.explain(lines, "build", 1, Path("install.log"))
    assert message.splitlines()[1:] == ["    nms.cpp:7:3: error: 'x' was not declared"]


# --- progress is visible -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["Collecting torch==2.11.0"], "looking for torch==2.11.0"),
        (["Downloading a/torch-2.whl", "Progress 1000000 of 5000000"], "torch-2.whl, 1 of 5 MB"),
        (["  Building wheel for mmcv (pyproject.toml): started"], "building mmcv"),
        (
            ["  Running command Building wheel for mmcv (pyproject.toml)", "  [12/85] c++ a.cpp"],
            "building mmcv, file 12 of 85",
        ),
        (["Installing collected packages: a, b"], "unpacking the packages"),
    ],
)
def test_activity__reads_pip(lines: list[str], shown: str) -> None:
    activity = progress.Activity()
    for line in lines:
        activity.read(line)
    assert str(activity).endswith(shown)


def test_run_logged__shows_progress_and_keeps_the_output(tmp_path: Path) -> None:
    stream = io.StringIO()
    console = progress.Console(stream)
    console.interval_s = 0.05
    script = "import time; print('Collecting torch', flush=True); time.sleep(0.4); print('end')"
    progress.run_logged(
        [sys.executable, "-c", script],
        label="[2/4] PyTorch",
        log=tmp_path / "install.log",
        environment=dict(os.environ),
        console=console,
    )
    shown = stream.getvalue().splitlines()
    assert len(shown) >= 2
    assert re.match(r"\[2/4\] PyTorch: looking for torch \(0:00; log: .*install\.log\)", shown[-1])
    assert (tmp_path / "install.log").read_text().endswith("Collecting torch\nend\n")


def test_clock__minutes_and_seconds() -> None:
    assert [progress.clock(seconds) for seconds in (0, 65.9, 600)] == ["0:00", "1:05", "10:00"]
