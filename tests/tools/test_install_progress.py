"""What the set-up script shows of a running command, and of one that fails."""

import io
import os
import re
import sys
from pathlib import Path

import pytest

from tools.install import progress
from tools.install.checks import InstallError


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
        ("error: Failed to build `onedl-mmcv==2.3.6`", "onedl-mmcv==2.3.6 could not be built"),
        ("  cause: invalid peer certificate: UnknownIssuer", "PIP_CERT"),
        (
            "error: Failed to fetch: https://x.example/whl/cpu/torch/",
            "the registry https://x.example/whl/cpu does not offer it, or is out of reach",
        ),
        ("cause: Because there is no version of torch==2.11.0+cpu and you", "TORCH_INDEX"),
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


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["Downloading torch (1.0GiB)", "Downloading b (2MiB)"], "downloading torch and 1 more"),
        (["Downloading a (1MiB)", "Downloading b (2MiB)", " Downloaded a"], "downloading b"),
        (["   Building onedl-mmcv==2.3.6"], "building onedl-mmcv==2.3.6"),
        (
            ["   Building a==1", "      Built a==1", "Prepared 9 packages in 2s"],
            "unpacking the packages",
        ),
        (
            ["  Running command Building wheel for mmcv (pyproject.toml)", "  [12/85] c++ a.cpp"],
            "building mmcv, file 12 of 85",
        ),
        (
            [
                "  Downloading mmcv-2.3.6.tar.gz (515 kB)",
                "  Building wheel for mmcv (pyproject.toml): started",
                "  [12/85] c++ a.cpp",
            ],
            "building mmcv, file 12 of 85",
        ),
    ],
)
def test_activity__reads_what_uv_and_pip_say(lines: list[str], shown: str) -> None:
    activity = progress.Activity()
    for line in lines:
        activity.read(line)
    assert str(activity).endswith(shown)


def test_run_logged__shows_progress_and_keeps_the_output(tmp_path: Path) -> None:
    stream = io.StringIO()
    console = progress.Console(stream)
    console.interval_s = 0.05
    script = "import time; print('Downloading torch', flush=True); time.sleep(0.4); print('end')"
    progress.run_logged(
        [sys.executable, "-c", script],
        label="[2/4] PyTorch",
        log=tmp_path / "install.log",
        environment=dict(os.environ),
        console=console,
    )
    shown = stream.getvalue().splitlines()
    assert len(shown) >= 2
    assert re.match(r"\[2/4\] PyTorch: downloading torch \(0:00; log: .*install\.log\)", shown[-1])
    assert (tmp_path / "install.log").read_text().endswith("Downloading torch\nend\n")


def test_clock__minutes_and_seconds() -> None:
    assert [progress.clock(seconds) for seconds in (0, 65.9, 600)] == ["0:00", "1:05", "10:00"]
