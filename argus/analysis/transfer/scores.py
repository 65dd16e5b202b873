"""Scores of predicted classes: top-1, its mean over classes, and 11-point mAP."""

import numpy as np
import torch
from torch import Tensor

from argus.datasets.transfer.record import MAP11, MEAN_PER_CLASS, TOP1


def score(predicted: Tensor, labels: Tensor, metric: str) -> float:
    """A fraction in [0, 1].

    Args:
        predicted: (N, C), larger is more probable.
        labels: (N,) classes; (N, C) of 1, 0 and -1 (not told) for 11-point mAP.
        metric: One of ``METRICS``.
    """
    if metric == MAP11:
        return mean_average_precision(predicted, labels)
    correct = (predicted.argmax(1) == labels).double()
    if metric == TOP1:
        return float(correct.mean())
    assert metric == MEAN_PER_CLASS, metric
    totals = torch.zeros(predicted.shape[1], dtype=torch.float64, device=labels.device)
    hits = totals.index_add(0, labels, correct)
    counts = totals.index_add(0, labels, torch.ones_like(correct))
    return float((hits / counts)[counts > 0].mean())


def mean_average_precision(predicted: Tensor, labels: Tensor) -> float:
    """PASCAL VOC 2007: mean over classes of the precision at recalls 0, 0.1, ..., 1.

    Args:
        predicted: (N, C), larger is more probable.
        labels: (N, C): 1 there, 0 not there, -1 counts as neither.
    """
    values = []
    for column in range(labels.shape[1]):
        told = labels[:, column] >= 0
        truth = labels[told, column].cpu().numpy() == 1
        if not truth.any():
            continue
        order = np.argsort(-predicted[told, column].double().cpu().numpy(), kind="stable")
        hits = np.cumsum(truth[order])
        recall = hits / truth.sum()
        precision = hits / np.arange(1, len(hits) + 1)
        # Recalls are ratios of whole numbers, the bars are not: 3 / 10 has to reach 0.3.
        bars = [precision[recall >= bar / 10 - 1e-9].max(initial=0.0) for bar in range(11)]
        values.append(float(np.mean(bars)))
    return float(np.mean(values))
