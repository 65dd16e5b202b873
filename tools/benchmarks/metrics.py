#!/usr/bin/env python
"""Time the metrics of the dense tasks per image, on a CPU, at the sizes of their data sets.

    python tools/benchmarks/metrics.py
    python tools/benchmarks/metrics.py --data /path/to/nyuv2

Boundary predictions are made from labels: shifted by smooth random fields, blurred, with clutter.
The labels are generated, or with ``--data`` those in ``edge/*.png`` of a folder in the NYUv2
layout. One thread per process, as in an evaluation with a process per core. Both the time on the
clock and that of the processor are shown; they differ on a machine with other work. The last line
projects the time of odsF on all 654 test images in two processes from some images in two processes.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # as a script, only its own folder is searched
    sys.path.insert(0, str(ROOT))

from argus.evaluation.metrics import (  # noqa: E402
    AnomalyPixelMetric,
    BoundaryMetric,
    DepthMetric,
    NormalsMetric,
    PanopticQuality,
    SaliencyMetric,
    StreamingMetric,
)
from argus.processes.parent_death import end_with_parent  # noqa: E402

NYU_BOUNDARY = (425, 560)  # the images of the multi-task archive
NYU_DEPTH = (480, 640)
PASCAL = (375, 500)
ADE20K = (512, 683)
MVTEC = (1024, 1024)
NUM_NYU_TEST = 654
LIMIT_SECONDS = 300
Make = Callable[[np.random.Generator, "list[np.ndarray]"], dict[str, Any]]


def smooth_noise(generator: np.random.Generator, size: Sequence[int], sigma: float) -> np.ndarray:
    """(H, W) Gaussian noise of unit variance, correlated over ``sigma`` pixels."""
    noise = cv2.GaussianBlur(generator.standard_normal(size).astype(np.float32), (0, 0), sigma)
    return noise / noise.std()


def generated_label(generator: np.random.Generator) -> np.ndarray:
    """(H, W) bool, borders of regions, about 8,000 pixels: more than most rooms have."""
    regions = smooth_noise(generator, NYU_BOUNDARY, 18) > 0
    other = smooth_noise(generator, NYU_BOUNDARY, 25) > 0
    segments = 2 * regions.astype(np.int8) + other
    label = np.zeros(NYU_BOUNDARY, bool)
    label[:, :-1] |= segments[:, 1:] != segments[:, :-1]
    label[:-1] |= segments[1:] != segments[:-1]
    return label


def boundary(generator: np.random.Generator, labels: list[np.ndarray]) -> dict[str, Any]:
    """A label and a prediction that misses, shifts and invents some of it."""
    label = labels[generator.integers(len(labels))] if labels else generated_label(generator)
    height, width = label.shape
    ridge = cv2.GaussianBlur(label.astype(np.float32), (0, 0), 2)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    shift = [2 * smooth_noise(generator, label.shape, 15) for _ in range(2)]
    ridge = cv2.remap(ridge / ridge.max(), x + shift[0], y + shift[1], cv2.INTER_LINEAR)
    clutter = smooth_noise(generator, label.shape, 3) + smooth_noise(generator, label.shape, 12)
    probability = 1 / (1 + np.exp(3.5 - 6 * ridge - 0.7 * clutter))
    return {"gt_boundary": field(label.astype(np.uint8)), "pred_boundary": field(probability)}


def depth(generator: np.random.Generator, labels: list[np.ndarray]) -> dict[str, Any]:
    """Depths of a room."""
    label = 3 + smooth_noise(generator, NYU_DEPTH, 20).clip(-2, 2)
    prediction = label * (1 + 0.1 * smooth_noise(generator, NYU_DEPTH, 5))
    return {"gt_depth": field(label), "pred_depth": field(prediction)}


def normals(generator: np.random.Generator, labels: list[np.ndarray]) -> dict[str, Any]:
    """Smooth normals with errors."""
    label = np.stack([smooth_noise(generator, NYU_BOUNDARY, 20) for _ in range(3)])
    label /= np.linalg.norm(label, axis=0)
    prediction = label + 0.2 * generator.standard_normal(label.shape).astype(np.float32)
    fields = {"gt_normals": label, "pred_normals": prediction}
    return {name: {"data": torch.from_numpy(values)} for name, values in fields.items()}


def saliency(generator: np.random.Generator, labels: list[np.ndarray]) -> dict[str, Any]:
    """A blob and its blurred prediction."""
    value = smooth_noise(generator, PASCAL, 30)
    prediction = 1 / (1 + np.exp(-4 * value))
    return {
        "gt_saliency": field((value > 0.1).astype(np.uint8)),
        "pred_saliency": field(prediction),
    }


def anomaly(generator: np.random.Generator, labels: list[np.ndarray]) -> dict[str, Any]:
    """A few defects and scores that find most of them."""
    value = smooth_noise(generator, MVTEC, 40)
    score = value + smooth_noise(generator, MVTEC, 8)
    truth = field((value > 2.2).astype(np.uint8))
    return {"category": "screw", "gt_anomaly_map": truth, "pred_anomaly_map": field(score)}


def panoptic(generator: np.random.Generator, labels: list[np.ndarray]) -> dict[str, Any]:
    """Some twenty segments, and a prediction that moves their borders."""
    values = smooth_noise(generator, ADE20K, 60) * 3 + 10
    moved = values + 0.3 * smooth_noise(generator, ADE20K, 10)
    truth, guess = (np.clip(x, 0, 20).astype(np.int32)[None] for x in (values, moved))
    info = [
        {"id": i, "label": i, "area": int((truth == i).sum()), "is_crowd": False}
        for i in np.unique(truth).tolist()
    ]
    return {
        "gt_panoptic_seg": {"sem_seg": torch.from_numpy(truth), "segments_info": info},
        "pred_panoptic_seg": {"sem_seg": torch.from_numpy(guess)},
    }


def field(data: np.ndarray) -> dict[str, torch.Tensor]:
    """A map as a field of a data sample."""
    return {"data": torch.from_numpy(np.ascontiguousarray(data))[None]}


CASES: dict[str, tuple[type[StreamingMetric], dict[str, Any], Make]] = {
    "depth, 480 x 640": (DepthMetric, {}, depth),
    "normals, 425 x 560": (NormalsMetric, {}, normals),
    "saliency, 375 x 500": (SaliencyMetric, {}, saliency),
    "panoptic, 512 x 683": (
        PanopticQuality,
        {"num_things_classes": 10, "num_stuff_classes": 11},
        panoptic,
    ),
    "anomaly, 1024 x 1024": (AnomalyPixelMetric, {"categories": ["screw"]}, anomaly),
    "boundary, 425 x 560": (BoundaryMetric, {"border": 5}, boundary),
    "boundary without suppression": (BoundaryMetric, {"suppress": False}, boundary),
}


def seconds_per_image(case: str, count: int, seed: int, labels: list[np.ndarray]) -> np.ndarray:
    """(count, 2) time of each image on the clock and of the processor, after one to warm up."""
    cv2.setNumThreads(1)
    kind, options, make = CASES[case]
    metric, generator = kind(**options), np.random.default_rng(seed)
    times = []
    for _ in range(count + 1):
        sample = make(generator, labels)
        start = np.array([time.perf_counter(), time.process_time()])
        metric.update(sample)
        times.append(np.array([time.perf_counter(), time.process_time()]) - start)
    return np.stack(times[1:])


def main(argv: Sequence[str] | None = None) -> int:
    """Print the times; 1 if odsF needs more than five minutes of both processors, else 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=10, help="images per case (10)")
    parser.add_argument("--data", type=Path, help="folder with edge/*.png for the boundaries")
    args = parser.parse_args(argv)
    labels = []
    for path in sorted(args.data.glob("edge/*.png")) if args.data else ():
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 0
        top, left = (
            (size - want) // 2 for size, want in zip(image.shape, NYU_BOUNDARY, strict=True)
        )
        labels.append(image[top:, left:][: NYU_BOUNDARY[0], : NYU_BOUNDARY[1]])
    if args.data and not labels:
        parser.error(f"--data {args.data}: expected edge/*.png in it, found none.")
    for case in CASES:
        clock, processor = 1e3 * np.median(seconds_per_image(case, args.images, 0, labels), axis=0)
        print(f"{case:<29} {clock:7.0f} ms per image, {processor:7.0f} of processor", flush=True)
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(2, end_with_parent, (os.getpid(),)) as pool:
        jobs = [("boundary, 425 x 560", args.images, seed, labels) for seed in (1, 2)]
        times = np.concatenate(pool.starmap(seconds_per_image, jobs))
    clock, processor = times.mean(axis=0) * NUM_NYU_TEST / 2
    print(
        f"odsF of {NUM_NYU_TEST} images in 2 processes, from {len(times)} images: {clock:.0f} s, "
        f"{processor:.0f} of processor (limit {LIMIT_SECONDS})"
    )
    return int(processor > LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
