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

from tests.tools.checkout import mark_as_installed, plan, remaining
from tools.install import SUPPORTED_PYTHONS, checks, pip_settings, progress, recipe, versions
from tools.install.__main__ import unsupported_python_message
from tools.install.checks import InstallError
from tools.install.environment import Environment
from tools.install.requirements import read_requirements

ROOT = Path(__file__).resolve().parents[2]
GB = 10**9
EXCLUDED = [ROOT / "requirements" / f"{name}.txt" for name in ("excluded", "excluded_cpu")]


def run_script(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.install", *arguments],
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
        r'^dependencies = \{ file = \["requirements/torch.txt", "requirements/runtime.txt", '
        r'"requirements/pip.txt"\]',
        text,
        re.M,
    )
    for extra in ("dev", "fast"):
        pattern = rf'^optional-dependencies.{extra} = \{{ file = \["requirements/{extra}.txt"\]'
        assert re.search(pattern, text, re.M)


def test_versions__build_system_agrees_with_the_build_list() -> None:
    build = read_requirements(ROOT / "requirements" / "operators.txt")
    found = re.search(
        r'^requires = \["(setuptools[^"]*)"\]', (ROOT / "pyproject.toml").read_text(), re.M
    )
    assert found is not None and found[1] == build["setuptools"]


def test_versions__no_package_is_constrained_twice() -> None:
    seen: dict[str, str] = {}
    lists = set((ROOT / "requirements").glob("*.txt"))
    # What is left out has no version; the tested pair is one of the range.
    for file in sorted(lists - {ROOT / "requirements" / "tested.txt", *EXCLUDED}):
        for name, requirement in read_requirements(file).items():
            assert seen.setdefault(name, requirement) == requirement, file


def test_versions__verified_stack_is_pinned() -> None:
    lists = {}
    for name in ("tested", "runtime", "mmpose", "pip"):
        lists |= read_requirements(ROOT / "requirements" / f"{name}.txt")
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


def test_versions__tested_pair_is_in_the_range() -> None:
    from packaging.requirements import Requirement

    accepted = read_requirements(ROOT / "requirements" / "torch.txt")
    for name, pin in read_requirements(ROOT / "requirements" / "tested.txt").items():
        assert Requirement(accepted[name]).specifier.contains(pin.split("==")[1])


def test_versions__tried_pairs_are_accepted() -> None:
    from packaging.requirements import Requirement

    accepted = Requirement(read_requirements(ROOT / "requirements" / "torch.txt")["torch"])
    for pair in versions.PAIRS:
        python, torch = pair.split(":")
        assert tuple(map(int, python.split("."))) in SUPPORTED_PYTHONS
        assert accepted.specifier.contains(torch)
    assert all((ROOT / name).exists() for name in versions.TESTS)


def test_versions__pair_that_cannot_be_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(versions, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    result = versions.try_pair("3.12:2.11.0", progress.Console(io.StringIO()))
    assert result == "FAILED: python3.12 is not on PATH, or cannot make environments"


def test_versions__nothing_that_is_left_out_is_asked_for() -> None:
    left_out = set(read_requirements(EXCLUDED[0]))
    for name in ("torch", "runtime", "mmpose", "dev", "docs", "export", "serve"):
        assert not left_out & set(read_requirements(ROOT / "requirements" / f"{name}.txt"))
    assert {"xtcocotools", "chumpy"} <= left_out  # they are built from source


def test_versions__supported_pythons_agree_with_the_metadata() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    low, high = min(SUPPORTED_PYTHONS), max(SUPPORTED_PYTHONS)
    assert f'requires-python = ">={low[0]}.{low[1]},<{high[0]}.{high[1] + 1}"' in text


def test_read_requirements__drops_comments_markers_and_extras(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text('# a comment\n\na[b]>=1,<2 # why\nc==3; python_version >= "3.12"\nd\n')
    assert read_requirements(file) == {"a": "a[b]>=1,<2", "c": "c==3", "d": "d"}


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
        ("requirements/build.txt", ["build"]),
        ("requirements/tested.txt", ["core", "extras"]),
        ("requirements/excluded.txt", ["core", "extras"]),
        ("requirements/dev.txt", ["extras"]),
        ("requirements/fast.txt", []),
        ("pyproject.toml", ["core"]),
    ],
)
def test_remaining__changed_list_repeats_the_steps_that_read_it(
    checkout: Path, changed: str, steps: list[str]
) -> None:
    mark_as_installed(checkout)
    with (checkout / changed).open("a") as file:
        file.write("# another line\n")
    assert remaining(checkout) == steps


def test_remaining__interrupted_install_goes_on_where_it_stopped(checkout: Path) -> None:
    environment = mark_as_installed(checkout)
    environment.note("core", "half")
    del environment.notes["extras"]
    environment.note("build", environment.notes["build"])
    assert remaining(checkout) == ["core", "extras"]


def test_remaining__half_written_notes_repeat_everything(checkout: Path) -> None:
    mark_as_installed(checkout)
    (checkout / ".venv" / "argus_install.json").write_text('{"build": "12')
    assert remaining(checkout) == ["build", "core", "extras"]


def test_remaining__moved_checkout_repeats_the_editable_install(checkout: Path) -> None:
    mark_as_installed(checkout)
    moved = checkout.rename(checkout.with_name("elsewhere"))
    assert remaining(moved) == ["core"]


def test_remaining__core_needs_nothing_of_tests_and_documents(checkout: Path) -> None:
    assert remaining(checkout, part="core") == ["build", "core"]
    words = [
        word for step in plan(checkout, part="core").steps for call in step.calls for word in call
    ]
    assert not {f"requirements/{name}.txt" for name in ("dev", "docs", "serve")} & set(words)


# --- PyTorch without CUDA ------------------------------------------------------------------------


def test_device__cpu_takes_pytorch_from_its_registry(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_INDEX", "https://mirror.example/cpu")
    core = plan(checkout, device="cpu").steps[1]
    assert core.calls[0] == (
        "uv",
        "--no-deps",
        "--default-index",
        "https://mirror.example/cpu",
        "torch==2.11.0+cpu",
        "torchvision==0.26.0+cpu",
    )
    assert "requirements/excluded_cpu.txt" in core.calls[1]
    assert all("mirror.example" not in word for word in core.calls[1])
    assert (
        plan(checkout).steps[1].calls[0]
        == tuple(word for word in core.calls[1] if word != "requirements/excluded_cpu.txt")[:3]
        + core.calls[1][5:]
    )


def test_device__another_one_wants_a_new_environment(checkout: Path) -> None:
    checks.check_device(None, "cpu")
    checks.check_device("cpu", "cpu")
    with pytest.raises(InstallError, match="make clean-venv, then make install DEVICE=cpu"):
        checks.check_device("cuda", "cpu")


def test_device__one_that_could_not_be_had_binds_nobody(tmp_path: Path) -> None:
    environment = Environment(tmp_path)
    environment.note("device", "cpu")
    assert environment.torch_device() is None
    (tmp_path / "lib/python3.11/site-packages/torch").mkdir(parents=True)
    assert environment.torch_device() == "cpu"


def test_python_version__is_that_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.14.1\n")
    environment = Environment(tmp_path / ".venv")
    assert environment.python_version() == "3.14"
    assert not environment.runs()  # so it is made anew


def test_forget_half_installed__spares_what_is_whole(tmp_path: Path) -> None:
    packages = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages"
    for name in ("whole-1.0.dist-info", "half-2.0.dist-info"):
        (packages / name).mkdir(parents=True)
        (packages / name / "METADATA").touch()
    (packages / "whole-1.0.dist-info" / "INSTALLER").write_text("pip\n")
    assert Environment(tmp_path / ".venv").forget_half_installed() == ["half-2.0.dist-info"]
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
    variables = Environment(tmp_path / ".venv").variables()
    assert not {"PYTHONPATH", "PIP_USER", "PIP_TARGET"} & set(variables)
    assert variables["PATH"].split(os.pathsep)[0] == str(tmp_path / ".venv" / "bin")


def test_variables__registry_of_pip_is_that_of_uv(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = mark_as_installed(checkout)
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://a.example https://b.example")
    monkeypatch.setenv("PIP_FIND_LINKS", "/one /two")
    monkeypatch.setenv("UV_FIND_LINKS", "/mine")
    variables = environment.variables()
    assert variables["UV_DEFAULT_INDEX"] == "https://pip.example/simple"
    assert variables["UV_INDEX"] == "https://a.example https://b.example"
    assert variables["UV_FIND_LINKS"] == "/mine"  # uv's own variables win


def test_uv_variables__of_a_configuration() -> None:
    lines = [
        ":env:.cert='/etc/my.pem'",
        "global.cert='/etc/other.pem'",
        "global.find-links='/one\\n/two'",
        "global.constraint='/c.txt'",
        "install.trusted-host='x.example'",
        "freeze.timeout='10'",
        "global.timeout='60'",
        "not an option",
    ]
    assert pip_settings.uv_variables("\n".join(lines)) == {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_SYSTEM_CERTS": "true",
        "UV_FIND_LINKS": "/one,/two",
        "UV_CONSTRAINT": "/c.txt",
        "UV_INSECURE_HOST": "x.example",
        "UV_HTTP_TIMEOUT": "60",
        "SSL_CERT_FILE": "/etc/my.pem",
    }


# --- failures are one clear sentence -------------------------------------------------------------


def test_script__no_compiler(checkout: Path, tmp_path: Path) -> None:
    variables = {"PATH": str(tmp_path), "CXX": ""}
    done = run_script(checkout, "--operators", "compiled", **variables)
    assert done.returncode == 1 and done.stderr == ""
    line = done.stdout.strip().splitlines()[-1]
    assert line.startswith("ERROR: No C++ compiler") and "apt install g++" in line
    assert "OPS=none" in line
    assert not (checkout / ".venv").exists()


def test_script__syntax_is_read_by_old_pythons() -> None:
    for name in ("__init__.py", "__main__.py"):
        source = (ROOT / "tools" / "install" / name).read_text()
        ast.parse(source, feature_version=(3, 6))
        assert "annotations" not in source  # `from __future__ import annotations` came with 3.7


@pytest.mark.parametrize(("version", "word"), [((3, 10), "too old"), ((3, 14), "too new")])
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
    def free(gigabytes: float) -> None:
        usage = shutil._ntuple_diskusage(100 * GB, 0, int(gigabytes * GB))  # type: ignore[attr-defined]
        monkeypatch.setattr(checks.shutil, "disk_usage", lambda folder: usage)

    free(7.1)
    checks.check_disk(tmp_path / ".venv", tmp_path / "cache")
    free(6.9)
    with pytest.raises(InstallError, match=r"7\.0 GB are needed for the install and 6\.9 GB"):
        checks.check_disk(tmp_path / ".venv", tmp_path / "cache")


def test_disagreements__what_is_left_out_is_none() -> None:
    output = """Found 2 incompatibilities
The package `mmpose` requires `xtcocotools>=1.12`, but it's not installed
The package `a` requires `xtcocotools>=9`, but `1.14` is installed
The package `b` requires `c>=1`, but it's not installed"""
    found = recipe.disagreements(output, {"xtcocotools"})
    assert [line.split("`")[1] for line in found] == ["a", "b"]
