"""What is installed, what runs, and what is missing for what: ``python -m argus.env [--json]``.

Nothing here fails on a broken installation, for that is when it is asked: whatever cannot be found
out is reported as such. The expected versions are those of ``requirements/`` in a checkout, and
those of the package's metadata elsewhere.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import argus

DISTRIBUTION = "argus-multitask"
REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements"
# Not in the package's metadata: pip would ask for what mmpose asks for, and cannot build all of it.
MMPOSE = "mmpose==1.3.2"
# Which list serves what; also the order of the report. The extras are optional.
PURPOSES = {
    "torch": "everything",
    "runtime": "training and testing",
    "mmpose": "every command, and keypoints",
    "dev": "make test and make lint",
    "fast": "deformable attention in Triton kernels on CUDA",
}
REMEDIES = {
    "torch": "make install",
    "runtime": "make install",
    "mmpose": f"{sys.executable} -m pip install --no-deps {MMPOSE}",
    "dev": "make install",
    "fast": ".venv/bin/python -m pip install -r requirements/fast.txt",
}
OPTIONAL = {"fast"}


def attempt(question: Callable[[], Any]) -> Any:
    """Answers a question about the machine; an exception becomes the answer's text.

    Args:
        question: Called without arguments.

    Returns:
        Its result, or ``"unknown (<error>)"``.
    """
    try:
        return question()
    except Exception as error:  # any: a report about a broken installation must not break itself
        return (
            f"unknown ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''})"
        )


def expected_requirements() -> dict[str, list[str]]:
    """The requirements of each list, as written.

    Returns:
        E.g. ``{"torch": ["torch==2.11.0", ...], "runtime": [...], "dev": [...], "fast": [...]}``.
    """
    if REQUIREMENTS.is_dir():
        return {name: _read_list(REQUIREMENTS / f"{name}.txt") for name in PURPOSES}
    lists: dict[str, list[str]] = {name: [] for name in PURPOSES} | {"mmpose": [MMPOSE]}
    for line in importlib.metadata.requires(DISTRIBUTION) or []:
        extra = re.search(r"extra == ['\"](\w+)['\"]", line)
        lists.setdefault(extra[1] if extra else "runtime", []).append(line)
    return {name: lists[name] for name in PURPOSES}


def dependency_report() -> list[dict[str, Any]]:
    """Installed and expected version of every dependency that this Python and machine call for.

    Returns:
        One dict per dependency: ``name``, ``list``, ``expected`` (a version specifier),
        ``installed`` (a version or None) and ``ok``.
    """
    try:
        from packaging.requirements import InvalidRequirement, Requirement
    except ImportError:
        return []
    rows = []
    for name, lines in expected_requirements().items():
        for line in lines:
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue
            if requirement.marker and not requirement.marker.evaluate({"extra": name}):
                continue
            try:
                installed = importlib.metadata.version(requirement.name)
            except importlib.metadata.PackageNotFoundError:
                installed = None
            # A local label such as "+cu130" is no other version.
            ok = installed is not None and requirement.specifier.contains(
                installed.split("+")[0], prereleases=True
            )
            rows.append(
                {
                    "name": requirement.name,
                    "list": name,
                    "expected": str(requirement.specifier) or "any",
                    "installed": installed,
                    "ok": ok,
                }
            )
    return rows


def torch_report() -> dict[str, Any]:
    """Version of torch and what it can compute on."""
    torch = importlib.import_module("torch")
    gpus = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        properties = torch.cuda.get_device_properties(index)
        gpus.append(
            {
                "name": properties.name,
                "memory_gb": round(properties.total_memory / 1e9, 1),
                "compute_capability": f"{properties.major}.{properties.minor}",
            }
        )
    return {
        "version": torch.__version__,
        "cuda_build": torch.version.cuda,
        "cuda_available": torch.cuda.is_available(),
        "gpus": gpus,
        "threads": torch.get_num_threads(),
    }


def mmcv_operators() -> str:
    """For what mmcv's compiled operators were built: "cuda", "cpu" or "none".

    Importing mmcv would take seconds, so the operators' file is searched for the name of torch's
    CUDA library, which only a CUDA build links.
    """
    for file in importlib.metadata.files("onedl-mmcv") or []:
        if file.match("mmcv/_ext*.so"):
            linked = Path(str(file.locate())).read_bytes()
            return "cuda" if b"libtorch_cuda" in linked else "cpu"
    return "none"


def backend_report() -> dict[str, Any]:
    """Which implementation the attentions run on here, and what the others lack."""
    cuda = importlib.import_module("torch").cuda.is_available()
    device = "cuda" if cuda else "cpu"

    def deformable_attention() -> dict[str, Any]:
        module = importlib.import_module("argus.layers.ms_deform_attn")
        missing = module.missing_for_backends()
        return {"active": module.ms_deform_attn_backend(device), "missing": missing}

    def attention() -> dict[str, Any]:
        ways = importlib.import_module("argus.layers.attention_backends")
        bfloat16 = importlib.import_module("torch").bfloat16
        missing = {n: ways.missing_for(n, device, bfloat16, 64) for n in ways.BACKENDS}
        active = importlib.import_module("argus.layers.attention").typical_backend(device)
        return {"active": active, "missing": missing}

    return {
        "device": device,
        "attention": attempt(attention),
        "deformable_attention": attempt(deformable_attention),
        "mmcv_operators": attempt(mmcv_operators),
    }


def missing_report(report: dict[str, Any]) -> list[dict[str, str]]:
    """What is missing, for what, and the remedy.

    Args:
        report: What :func:`collect` has gathered so far.

    Returns:
        One dict per gap: ``what``, ``needed_for``, ``remedy``.
    """
    gaps = []

    def gap(what: str, needed_for: str, remedy: str) -> None:
        gaps.append({"what": what, "needed_for": needed_for, "remedy": remedy})

    gpu = isinstance(report["torch"], dict) and report["torch"]["cuda_available"]
    if not report["dependencies"]:
        gap("the package 'packaging', which compares versions", "this report", "make install")
    for row in report["dependencies"]:
        if row["ok"] or (row["list"] in OPTIONAL and not gpu):
            continue
        found = f"{row['installed']} is installed" if row["installed"] else "not installed"
        what = f"{row['name']} {row['expected']} ({found})"
        gap(what, PURPOSES[row["list"]], REMEDIES[row["list"]])
    operators = report["backends"].get("mmcv_operators", "none")
    if gpu and operators == "cpu":
        remedy = (
            "make clean-venv install, or the CUDA toolkit of torch's version, then make install"
        )
        gap("mmcv's CUDA operators", "mmdet models that pool regions on the GPU", remedy)
    if gpu and sys.version_info < (3, 12):
        remedy = "make clean-venv install PYTHON=python3.12, then the extra 'fast'"
        gap("Python 3.12 (for deformops)", PURPOSES["fast"], remedy)
    if not gpu:
        remedy = "a machine with an NVIDIA GPU and its driver; the scenes configs run without"
        gap("a CUDA GPU", "training at the paper's sizes", remedy)
    return gaps


def collect() -> dict[str, Any]:
    """Everything the report says, in types that JSON knows."""
    report: dict[str, Any] = {
        "argus": argus.__version__,
        "folder": str(Path(argus.__file__).parent),
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "cpus_usable": attempt(lambda: len(os.sched_getaffinity(0))),
        "torch": attempt(torch_report),
        "dependencies": dependency_report(),
    }
    backends = attempt(backend_report)
    report["backends"] = backends if isinstance(backends, dict) else {"device": backends}
    report["missing"] = missing_report(report)
    return report


def render(report: dict[str, Any]) -> str:
    """The report as text for a terminal."""
    lines = [
        f"Argus {report['argus']} in {report['folder']}",
        f"Python {report['python']} ({report['executable']})",
        f"{report['platform']}, {report['cpus_usable']} of {report['cpu_count']} CPUs usable",
    ]
    torch = report["torch"]
    if isinstance(torch, dict):
        lines.append(
            f"torch {torch['version']}, built for CUDA {torch['cuda_build']}, "
            f"{len(torch['gpus'])} GPUs, {torch['threads']} CPU threads"
        )
        for gpu in torch["gpus"]:
            capability = gpu["compute_capability"]
            lines.append(f"  {gpu['name']}, {gpu['memory_gb']} GB, compute capability {capability}")
    else:
        lines.append(f"torch: {torch}")

    lines += ["", "Backends"]
    for name, value in report["backends"].items():
        if isinstance(value, dict):
            lines.append(f"  {name.replace('_', ' ')}: {value['active']}")
            for backend, lack in value["missing"].items():
                if lack:
                    lines.append(f"    {backend} is out: needs {lack}")
        else:
            lines.append(f"  {name.replace('_', ' ')}: {value}")

    lines += ["", f"{'Dependency':26} {'installed':14} {'expected':14}"]
    for row in report["dependencies"]:
        mark = "" if row["ok"] else ("optional" if row["list"] in OPTIONAL else "MISMATCH")
        installed = row["installed"] or "-"
        lines.append(f"  {row['name']:24} {installed:14} {row['expected']:14} {mark}".rstrip())

    lines += ["", "Missing" if report["missing"] else "Nothing is missing."]
    for gap in report["missing"]:
        lines.append(f"  {gap['what']}")
        lines.append(f"    for {gap['needed_for']}; remedy: {gap['remedy']}")
    return "\n".join(lines)


def _read_list(path: Path) -> list[str]:
    lines = (line.split(" #")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def main() -> None:
    """Command line of ``python -m argus.env``."""
    parser = argparse.ArgumentParser(prog="python -m argus.env", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    report = collect()
    print(json.dumps(report, indent=2) if arguments.json else render(report))


if __name__ == "__main__":
    main()
