"""Try every entry of every registry in every place of a model's config, and record what it does.

Run as ``python -m tests.model_config.walk``, in a process of its own since an audit hook stays. It
tells how much was tried and every event that a stranger's model must not cause.
"""

import contextlib
import importlib
import inspect
import io
import itertools
import json
import logging
import os
import re
import signal
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EFFECTS = (
    *("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.kill", "os.putenv"),
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.truncate"),
    *("os.link", "os.symlink", "os.utime", "shutil.", "tempfile.", "subprocess.", "pty."),
    *("socket.", "urllib.", "ftplib.", "http.", "smtplib.", "webbrowser.", "pickle.find_class"),
    *("ctypes.dlopen", "marshal.load"),
)
LIBRARIES = ("argus", "mmengine", "mmcv", "mmdet", "mmseg", "mmpose", "mmpretrain")
DESCRIPTION = re.compile(rf"{tempfile.gettempdir()}/tmp\w{{8}}\b(?!/\w*evil)|'tmp\w{{8}}\.py'")
SECONDS = 0.2  # of the processor, after which a build is given up: a large network, no effect
# What the words that are tried would import.
FOREIGN = {"antigravity", "evil"}
recorded: Counter[str] = Counter()
state: dict[str, Any] = dict(what="", on=False)


def record(event: str, arguments: tuple[Any, ...]) -> None:
    if not state["on"]:
        return
    if event == "open":
        _, mode, flags = arguments
        is_write = bool(set(mode) & set("wax+")) if isinstance(mode, str) else bool(flags & 3)
        if not is_write:
            return
    elif event == "import":
        # Libraries import parts of their own late.
        if arguments[0].split(".")[0] not in FOREIGN:
            return
    elif not event.startswith(EFFECTS):
        return
    # mmpose reads its own descriptions of data sets from a copy.
    if re.search("pose|Keypoints", state["what"]) and DESCRIPTION.search(repr(arguments)):
        return
    recorded[f"{state['what']}: {event} {arguments!r:.100}"] += 1


@contextlib.contextmanager
def recording(what: str) -> Iterator[None]:
    state.update(what=what, on=True)
    try:
        yield
    finally:
        state["on"] = False


class Slow(Exception):
    """A build took too long."""


@contextlib.contextmanager
def limited() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise Slow

    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def registries() -> Iterator[Any]:
    """All registries of all libraries, roots and children."""
    from mmengine.registry import Registry

    seen = set()
    for library in LIBRARIES:
        if library == "mmcv":  # it registers with mmengine
            continue
        for value in vars(importlib.import_module(f"{library}.registry")).values():
            if isinstance(value, Registry) and id(value) not in seen:
                seen.add(id(value))
                value.import_from_location()
                yield value


def names() -> Iterator[tuple[str, Any]]:
    """Ways to name every entry of every registry, and every function that the packages show."""
    for registry in registries():
        for name, entry in registry.module_dict.items():
            if getattr(entry, "__module__", "").startswith("tests."):
                continue  # a toy that another test has registered
            yield name, entry
            yield f"{registry.scope}.{name}", entry
            if hasattr(entry, "__qualname__"):
                yield f"class:{entry.__module__}.{entry.__qualname__}", entry
    for library in (*LIBRARIES, "mmengine.fileio", "mmengine.utils", "mmengine.runner"):
        for name, entry in vars(importlib.import_module(library)).items():
            if callable(entry):
                yield f"{library}.{name}", entry


def evil_arguments(place: Path) -> list[dict[str, Any]]:
    path, url = str(place / "evil"), "http://127.0.0.1:9/evil"
    keys = (
        "file",
        "filename",
        "filepath",
        "path",
        "checkpoint",
        "log_file",
        "out_dir",
        "from_file",
    )
    return [
        dict(cmd=["touch", path]),
        *({key: value} for key in (*keys, "pretrained", "data_root") for value in (path, url)),
        dict(init_cfg=dict(type="Pretrained", checkpoint=path)),
        dict(backend_args=dict(backend="petrel")),
        dict(padding_mode="os.system", padding=f"touch {path}"),
        dict(norm_cfg=dict(type="antigravity")),
        dict(nms=dict(type="__import__('antigravity')")),
        dict(_scope_="evil"),
    ]


PLACES = (
    *("backbone", "decoder", "decode_head", "loss", "codec", "data_preprocessor"),
    *("assigner", "norm_cfg", "nms", "anything"),
    *("dataset", "pipeline", "metrics"),
)


MAIN_PLACES = ("backbone", "decoder", "decode_head", "dataset", "pipeline", "metrics")


def resolve_at(place: str, part: Any, library: str) -> Any:
    """The part as a model's config has it at ``place``, resolved."""
    from argus.model_config import resolve_backbone, resolve_task

    if place == "backbone":
        return resolve_backbone(part)
    decoder = dict(type=f"{library}.{WHOLE[library]}", backbone=dict(type="SharedBackbone"))
    task: dict[str, Any] = dict(decoder=decoder)
    if place == "decoder":
        task["decoder"] = part
    elif place == "dataset":
        task["test"] = dict(dataset=part)
    elif place == "pipeline":
        task["test"] = dict(dataset=dict(type="mmseg.BaseSegDataset", pipeline=[part]))
    elif place == "metrics":
        task["metrics"] = [part]
    else:
        decoder[place] = part
    resolved = resolve_task("task", task, given=())
    if place == "decoder":
        return resolved["decoder"]
    if place == "dataset":
        return resolved["test"]["dataset"]
    if place == "pipeline":
        return resolved["test"]["dataset"]["pipeline"][0]
    return resolved["metrics"][0] if place == "metrics" else resolved["decoder"][place]


WHOLE = dict(
    mmseg="EncoderDecoder",
    mmdet="TwoStageDetector",
    mmpose="TopdownPoseEstimator",
    mmpretrain="ImageClassifier",
)


def plausible(name: str, parameter: inspect.Parameter) -> Any:
    """A value that a constructor may take for a required parameter."""
    if "cfg" in name or "config" in name:
        return dict()
    if name.startswith(("is_", "with_", "use_")):
        return False
    if name in ("pipeline", "transforms", "metrics"):
        return []
    return 8 if "channels" in name or "dim" in name else 4


def builds(kind: type) -> Iterator[dict[str, Any]]:
    """Arguments for a class: what it needs alone, and a foreign word for all that takes a word."""
    try:
        parameters = inspect.signature(kind).parameters
    except (TypeError, ValueError):
        parameters = {}
    needed, words = {}, {}
    for name, parameter in parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.default is parameter.empty:
            needed[name] = plausible(name, parameter)
        if parameter.default is None or isinstance(parameter.default, str):
            words[name] = "antigravity"
    yield needed
    yield {**needed, **words}
    yield {**words, **{name: "antigravity" for name in needed}}


def build(resolved: dict[str, Any], library: str) -> None:
    from mmengine.registry import DATASETS, METRICS, MODELS, TASK_UTILS, TRANSFORMS

    from argus.model_config.enclosure import names_only
    from argus.models.foreign import library_scope

    kinds = [
        root
        for root in (DATASETS, METRICS, TASK_UTILS, TRANSFORMS)
        if any(resolved["type"] in r.module_dict.values() for r in [root, *root.children.values()])
    ]
    registry = kinds[0] if kinds else MODELS
    with names_only(), library_scope(library), limited():
        registry.build(resolved)


def walk(place: Path) -> dict[str, Any]:
    import torch
    from mmengine.config import ConfigDict

    from argus.errors import CheckpointError

    tried = accepted = built = 0
    classes: dict[tuple[str, type], str] = {}
    for (name, entry), where in itertools.product(names(), PLACES):
        if "." in name and where not in MAIN_PLACES:
            continue
        library = next(
            (s for s in WHOLE if getattr(entry, "__module__", "").startswith(s)), "mmseg"
        )
        tried += 1
        with recording(f"{name} at {where}"):
            try:
                found = resolve_at(where, dict(type=name), library)
            except CheckpointError:
                continue
        accepted += 1
        if inspect.isclass(found["type"]):
            classes[(where, found["type"])] = library
    kinds = {kind: (where, library) for (where, kind), library in classes.items()}
    for kind, (where, library) in kinds.items():
        name = f"class:{kind.__module__}.{kind.__qualname__}"
        for arguments in evil_arguments(place):
            tried += 1
            with recording(f"{name} with {arguments}"), contextlib.suppress(CheckpointError):
                found = resolve_at(where, dict(type=name, **arguments), library)
                assert found.get("init_cfg") is None
                is_data = where in ("dataset", "pipeline", "metrics")
                if not is_data and set(arguments) != {"init_cfg"}:
                    recorded[f"{name} takes {arguments}"] += 1
        for arguments in builds(kind):
            with (
                recording(f"{name}({arguments})"),
                contextlib.suppress(Exception),
                torch.device("meta"),
            ):
                build(ConfigDict(resolve_at(where, dict(type=name, **arguments), library)), library)
                built += 1
    return dict(tried=tried, accepted=accepted, classes=len(kinds), built=built)


def main() -> dict[str, Any]:
    """What was tried, and what was recorded."""
    sys.addaudithook(record)
    warnings.simplefilter("ignore")
    logging.disable()
    from argus.libraries.importing import import_libraries

    import_libraries()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        os.chdir(folder)
        with recording("control"):
            (Path(folder) / "kept").touch()
            (Path(folder) / "gone").mkdir()
            (Path(folder) / "gone").rmdir()
        control = len(recorded)
        recorded.clear()
        counts = walk(Path(folder))
        left = sorted(path.name for path in Path(folder).iterdir())
    return dict(counts, control=control, recorded=recorded, left=left)


if __name__ == "__main__":
    print(json.dumps(main()))
