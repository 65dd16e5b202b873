"""Every metric of Argus on a few random samples, whole or in shares, for the pair of processes."""

from typing import Any

import numpy as np
import torch

from argus.evaluation.metrics import (
    AnomalyImageMetric,
    AnomalyPixelMetric,
    BoundaryMetric,
    DepthMetric,
    NormalsMetric,
    PanopticQuality,
    SaliencyMetric,
)

NUM_SAMPLES = 7
SIZE = (24, 32)
CATEGORIES = ("a", "b")


def sample(index: int) -> dict[str, Any]:
    """Labels and predictions of every task on one picture, the same for a number everywhere."""
    rng = np.random.default_rng(index)

    def field(values: np.ndarray) -> dict[str, torch.Tensor]:
        return dict(data=torch.from_numpy(values))

    found: dict[str, Any] = dict(img_path=f"{index}.png", category=CATEGORIES[index % 2])
    found["gt_depth"] = field(rng.uniform(1, 9, (1, *SIZE)).astype(np.float32))
    found["pred_depth"] = field(rng.uniform(1, 9, (1, *SIZE)).astype(np.float32))
    for source in ("gt", "pred"):
        normals = rng.normal(size=(3, *SIZE)).astype(np.float32)
        found[f"{source}_normals"] = field(normals / np.linalg.norm(normals, axis=0))
    for name in ("boundary", "saliency", "anomaly_map"):
        found[f"gt_{name}"] = field((rng.random((1, *SIZE)) < 0.2).astype(np.uint8))
        found[f"pred_{name}"] = field(rng.random((1, *SIZE)).astype(np.float32))
    found["gt_anomaly"], found["pred_anomaly"] = index // 2 % 2, float(rng.random())
    cells = np.kron(rng.integers(0, 3, (3, 4)), np.ones((8, 8), int))
    info = [dict(id=i, label=i, area=int((cells == i).sum()), is_crowd=False) for i in range(3)]
    truth = dict(sem_seg=torch.from_numpy(cells.astype(np.int32))[None], segments_info=info)
    guess = np.where(rng.random(SIZE) < 0.3, (cells + 1) % 3, cells).astype(np.int32)
    found["gt_panoptic_seg"] = truth
    found["pred_panoptic_seg"] = dict(sem_seg=torch.from_numpy(guess)[None])
    return found


def measure(rank: int = 0, world_size: int = 1) -> dict[str, dict[str, float]]:
    """Metrics of the samples ``rank, rank + world_size, ...``, by the metric's name."""
    metrics = [
        DepthMetric(crop=None),
        NormalsMetric(),
        SaliencyMetric(),
        BoundaryMetric(),
        AnomalyImageMetric(),
        AnomalyPixelMetric(CATEGORIES),
        PanopticQuality(num_things_classes=1, num_stuff_classes=2),
    ]
    for metric in metrics:
        metric.collect_device = "gpu"  # by messages of the group, as the evaluator of tasks sets it
        metric.dataset_meta = dict(classes=CATEGORIES)
    for index in range(rank, NUM_SAMPLES, world_size):
        for metric in metrics:
            metric.process(None, [sample(index)])
    return {type(metric).__name__: metric.evaluate(NUM_SAMPLES) for metric in metrics}
