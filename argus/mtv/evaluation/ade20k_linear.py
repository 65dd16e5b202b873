"""Linear segmentation on ADE20K: one linear layer tells the class of a patch from its token.

Source: the paper has 576 x 576 pixels, 40,000 steps of 32 pictures, and a rate of 4e-5; the head, a
BatchNorm and a 1 x 1 convolution, the optimiser and the schedule are those of DINOv2's linear
segmentation (facebookresearch/dinov2, as FiT3D runs it). Any set of pictures with masks can be
measured, by the options that say where they are.
"""

from pathlib import Path

import numpy as np
import torch
from mmseg.evaluation import IoUMetric
from torch import Tensor

from argus.errors import DataError
from argus.mtv.encoders.encoder import Encoder
from argus.mtv.evaluation.paper import paper_rows
from argus.mtv.evaluation.probes.mask_folders import (
    squeezed_pipeline,
    training_pipeline,
    unresized_pipeline,
    validation_pipeline,
)
from argus.mtv.evaluation.probes.probe_training import validation_samples
from argus.mtv.evaluation.probes.segmentation_options import LinearSegmentationOptions
from argus.mtv.evaluation.probes.segmentation_probe import (
    IGNORE,
    PatchFeatures,
    predicted,
    train_segmenter,
)
from argus.mtv.evaluation.progress import shown
from argus.mtv.evaluation.protocols import Evaluation, Metric


def segmentation_scores(areas: Tensor) -> dict[str, float]:
    """The means over classes, in percent.

    Args:
        areas: (4, C) float64 pixels of each class: of the intersections, the unions, predicted, and
            true.

    Returns:
        ``mIoU`` and ``mAcc`` without the classes that are neither true nor predicted (of the
        latter: not true), and ``aAcc``, the share of the pixels.
    """
    if not areas[3].sum():
        raise DataError("no pixel of the masks that are measured has a class.")
    values = IoUMetric.total_area_to_metrics(*areas)
    iou, accuracy = (np.nanmean(values[name]) for name in ("IoU", "Acc"))
    found = dict(mIoU=iou, mAcc=accuracy, aAcc=values["aAcc"])
    return {name: 100 * float(value) for name, value in found.items()}


def run(encoder: Encoder, root: Path, options: LinearSegmentationOptions) -> dict[str, float]:
    """Train the linear layer and measure it."""
    options.check()
    number = options.num_classes
    sizes = dict(size=options.size, long_side=options.long_side)
    learning = options.folders("train").samples(
        root,
        training_pipeline(number, **sizes)
        if options.augment
        else squeezed_pipeline(number, size=options.size),
        learns=True,
    )
    learning.seed = options.seed
    measured = options.folders("val").samples(
        root,
        validation_pipeline(number, **sizes)
        if options.inference == "slide"
        else unresized_pipeline(number),
        learns=False,
    )
    features = PatchFeatures(encoder, options)
    head = train_segmenter(features, learning, options)
    areas = torch.zeros(4, number, dtype=torch.float64)
    samples = validation_samples(measured, num_workers=options.workers)
    for sample in shown(samples, total=len(measured), title="pictures"):
        found = predicted(features, head, sample).cpu()
        areas += torch.stack(
            IoUMetric.intersect_and_union(found, sample["label"].long(), number, IGNORE)
        ).double()
    return segmentation_scores(areas)


EVALUATION = Evaluation(
    name="ade20k_linear",
    title="ADE20K, linear segmentation",
    run=run,
    metrics={
        "mIoU": Metric(title="mIoU"),
        "mAcc": Metric(title="mean accuracy of classes"),
        "aAcc": Metric(title="accuracy of pixels"),
    },
    layout=(
        "images/{training,validation}/*.jpg and annotations/{training,validation}/*.png, 0 for no "
        "class, or other folders by options"
    ),
    root="data/ade/ADEChallengeData2016",
    options=LinearSegmentationOptions,
    paper=paper_rows(mIoU="ade20k"),
    open_points=(
        "The paper does not name the optimiser, its warm-up, nor a normalisation before the linear "
        "layer: taken from DINOv2's linear segmentation (AdamW, 1,500 steps, BatchNorm), with the "
        "paper's rate of 4e-5.",
        "The paper does not say whether pictures are seen whole or in windows: here in windows of "
        "576 every 384 pixels; ade20k_linear.inference=whole squeezes them to squares.",
        "The augmentation is that of mmsegmentation for ADE20K; the paper does not name one.",
        "The loss is the mean over the pixels that have a class, and gradients are not cut.",
    ),
    told=("inference",),
    speed=("workers", "loss_chunk", "cache_mb"),
)
