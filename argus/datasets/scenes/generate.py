"""Generating a whole set in parallel: every picture has its own seed, so workers do not matter.

The set is written into a temporary folder beside the target and renamed when it is complete: a
target folder that exists is a finished set.
"""

import json
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from argus.datasets.scenes.anomaly import sample_anomaly
from argus.datasets.scenes.classes import ANOMALY_CATEGORIES, CLASSIFICATION_CLASSES
from argus.datasets.scenes.compose import sample_portrait, sample_scene
from argus.datasets.scenes.labels import label_scene
from argus.datasets.scenes.render import Hits, Scene, cast, render
from argus.datasets.scenes.writers import ade20k, coco, imagenet, mvtec, nyuv2, pascal, shards
from argus.errors import DataError
from argus.processes.parent_death import end_with_parent

MARKER = "scenes.json"
"""File that says a folder is a generated set, and with which settings."""
SCENE_LAYOUTS: dict[str, Any] = {"coco": coco, "ade20k": ade20k, "nyuv2": nyuv2, "pascal": pascal}
"""Layouts every scene is written to."""
LAYOUTS = (*SCENE_LAYOUTS, "imagenet", "mvtec")
"""Layouts that are written unless others are asked for."""
ALL_LAYOUTS = (*LAYOUTS, shards.NAME)
SPLITS = ("train", "val")
_SCENE, _PORTRAIT, _ANOMALY = range(3)  # part of every picture's seed: never renumber


@dataclass(frozen=True)
class Settings:
    """What to generate.

    Args:
        num_train: Scenes for training.
        num_val: Scenes for validation.
        num_classification: Single-object pictures for training and for validation.
        num_anomaly: Good pictures for training, and pictures of each kind (good and every defect)
            for validation and for the test, per category.
        width: Width of every picture, pixels.
        height: Height of every picture, pixels.
        seed: Seed of the whole set.
        layouts: Which of `ALL_LAYOUTS` to write.
    """

    num_train: int
    num_val: int
    num_classification: tuple[int, int]
    num_anomaly: tuple[int, int, int]
    width: int
    height: int
    seed: int
    layouts: tuple[str, ...] = LAYOUTS

    def __post_init__(self) -> None:
        counts = (self.num_train, self.num_val, *self.num_classification, *self.num_anomaly)
        if min(counts) < 0:
            raise DataError(f"numbers of pictures must not be negative; found {counts}")
        if min(self.width, self.height) < 64 or max(self.width, self.height) > 1024:
            raise DataError(
                f"picture sides must be 64 to 1024 pixels; found {self.width} x {self.height}"
            )
        if max(self.width, self.height) > 4 * min(self.width, self.height):
            raise DataError(
                f"one side may be at most 4 times the other; found {self.width} x {self.height}"
            )
        if self.seed < 0:
            raise DataError(f"the seed must not be negative; found {self.seed}")
        unknown = sorted(set(self.layouts) - set(ALL_LAYOUTS))
        if unknown or not self.layouts:
            raise DataError(f"unknown layouts {unknown}; choose some of {', '.join(ALL_LAYOUTS)}")


@dataclass(frozen=True)
class Job:
    """One picture to make: its kind, its split and its number; of anomalies also what they show."""

    kind: int
    split: str
    index: int
    category: str = ""
    defect: str = ""


def _jobs(settings: Settings) -> list[Job]:
    jobs = []
    layouts = set(settings.layouts)
    if layouts & {*SCENE_LAYOUTS, shards.NAME}:
        for split, count in zip(SPLITS, (settings.num_train, settings.num_val), strict=True):
            jobs += [Job(_SCENE, split, index) for index in range(count)]
    if layouts & {"imagenet", shards.NAME}:
        for split, count in zip(SPLITS, settings.num_classification, strict=True):
            jobs += [Job(_PORTRAIT, split, index) for index in range(count)]
    if "mvtec" in settings.layouts:
        num_train, num_val, num_test = settings.num_anomaly
        for category, defects in ANOMALY_CATEGORIES.items():
            jobs += [Job(_ANOMALY, "train", index, category) for index in range(num_train)]
            for kind in ("good", *defects):
                # Numbered on: the masks of both lie in one folder.
                for index in range(num_val + num_test):
                    split = "validation" if index < num_val else "test"
                    jobs.append(Job(_ANOMALY, split, index, category, kind))
    return jobs


def _random(seed: int, job: Job) -> np.random.Generator:
    # Characters of the names keep splits and categories apart, whatever their order.
    split = "" if job.defect and job.split == "validation" else job.split
    name = [ord(character) for character in split + job.defect + job.category]
    return np.random.default_rng([seed, job.kind, job.index, *name])


def _run(task: tuple[Settings, Path, Job]) -> dict[str, Any]:
    """Make one picture and write it; return its records by layout."""
    settings, root, job = task
    rng = _random(settings.seed, job)
    if job.kind == _ANOMALY:
        defect = job.defect or "good"
        picture, mask = sample_anomaly(job.category, defect, settings.width, settings.height, rng)
        mvtec.write_picture(root, job.category, job.split, defect, job.index, picture, mask)
        return {}
    if job.kind == _PORTRAIT:
        name = CLASSIFICATION_CLASSES[job.index % len(CLASSIFICATION_CLASSES)]
        scene = sample_portrait(name, settings.width, settings.height, rng)
        picture = render(scene)
        if "imagenet" in settings.layouts:
            imagenet.write_portrait(root, job.split, job.index, name, picture)
        return _shard_sample(settings, job, scene, None, picture, key=f"{name}_{job.index:06d}")
    scene, hits = sample_scene(settings.width, settings.height, rng)
    labels, picture = label_scene(scene, hits), render(scene)
    sample = _shard_sample(settings, job, scene, hits, picture, key=f"scene_{job.index:06d}")
    return sample | {
        layout: writer.write_scene(root, job.split, job.index, picture, labels)
        for layout, writer in SCENE_LAYOUTS.items()
        if layout in settings.layouts
    }


def _shard_sample(
    settings: Settings, job: Job, scene: Scene, hits: Hits | None, picture: np.ndarray, *, key: str
) -> dict[str, Any]:
    """The members of a picture in shards, if they are asked for; one of a thing has no hits yet."""
    if shards.NAME not in settings.layouts:
        return {}
    # Words are drawn apart, so that pictures are the same with and without them.
    rng = _random(settings.seed, replace(job, category=shards.NAME))
    is_portrait = hits is None
    found = shards.sample(scene, hits or cast(scene), picture, rng, portrait=is_portrait)
    return {shards.NAME: (key, found)}


def _initialise_worker(parent: int) -> None:
    end_with_parent(parent)
    cv2.setNumThreads(0)


def _results(tasks: list[tuple[Settings, Path, Job]], num_workers: int) -> Iterator[dict[str, Any]]:
    if num_workers <= 1:
        cv2.setNumThreads(0)
        yield from map(_run, tasks)
        return
    # Fork starts at once; where it does not exist, spawn costs the imports once per worker.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    with context.Pool(num_workers, _initialise_worker, (os.getpid(),)) as pool:
        yield from pool.imap(_run, tasks, chunksize=4)


def _with_progress(results: Iterable[dict[str, Any]], total: int) -> Iterator[dict[str, Any]]:
    """Pass results on; show a bar on a terminal, a line every tenth elsewhere."""
    start, terminal = time.monotonic(), sys.stderr.isatty()
    for done, result in enumerate(results, start=1):
        yield result
        tenth = done * 10 // total != (done - 1) * 10 // total
        if tenth or (terminal and done % 5 == 0):
            seconds = time.monotonic() - start
            bar = "#" * (done * 30 // total)
            line = f"scenes [{bar:<30}] {done}/{total}  {seconds:.0f} s"
            ending = "\r" if terminal and done < total else "\n"
            print(line, end=ending, file=sys.stderr, flush=True)


def _check_target(out: Path, overwrite: bool) -> None:
    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file; give the name of a folder to create")
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not overwrite:
        raise DataError(f"{out} is not empty; give another folder, or --overwrite to replace it")
    if not (out / MARKER).is_file():
        raise DataError(
            f"{out} holds something else than generated scenes (no {MARKER}), so --overwrite "
            "does not apply; give another folder"
        )


def generate(out: Path, settings: Settings, *, num_workers: int, overwrite: bool = False) -> None:
    """Generate a set of scenes.

    Args:
        out: Folder to create; its parents are made.
        settings: What to generate.
        num_workers: Processes; the result does not depend on it.
        overwrite: Replace an earlier generated set at `out`.

    Raises:
        DataError: `out` is in use, or a file cannot be written.
    """
    out = out.resolve()
    _check_target(out, overwrite)
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        _write(partial, settings, num_workers)
        if out.exists():
            shutil.rmtree(out)
        partial.rename(out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _write(root: Path, settings: Settings, num_workers: int) -> None:
    jobs = _jobs(settings)
    writers = [writer for name, writer in SCENE_LAYOUTS.items() if name in settings.layouts]
    if "imagenet" in settings.layouts:
        writers.append(imagenet)
    for split in SPLITS:
        for writer in writers:
            for folder in writer.folders(root, split):
                folder.mkdir(parents=True, exist_ok=True)
    if "mvtec" in settings.layouts:
        for folder in mvtec.folders(root):
            folder.mkdir(parents=True, exist_ok=True)
    results = _results([(settings, root, job) for job in jobs], num_workers)
    records: dict[tuple[str, str], list[dict[str, Any]]] = {}
    with ExitStack() as stack:
        parts: dict[str, shards.ShardParts] = {}
        if shards.NAME in settings.layouts:
            parts = {s: stack.enter_context(shards.ShardParts(root, s)) for s in SPLITS}
        for job, result in zip(jobs, _with_progress(results, len(jobs)), strict=True):
            if shards.NAME in result:
                parts[job.split].write(*result.pop(shards.NAME))
            for layout, record in result.items():
                records.setdefault((layout, job.split), []).append(record)
    for layout, writer in SCENE_LAYOUTS.items():
        if layout in settings.layouts:
            for split in SPLITS:
                writer.write_split(root, split, records.get((layout, split), []))
    (root / MARKER).write_text(json.dumps(asdict(settings), indent=2) + "\n", encoding="ascii")
