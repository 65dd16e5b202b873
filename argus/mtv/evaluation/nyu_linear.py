"""Linear depth on NYUv2: one linear layer on each token and the pooled one gives bins of depth.

Source: the paper names FiT3D (Yue et al., ECCV 2024), whose public configuration the numbers are
of; the head, its losses and its data are DINOv2's and AdaBins'. Pictures are those of BTS: 24,231
for training, 654 to measure, within Eigen's box.
"""

from pathlib import Path
from typing import Any

from argus.datasets.build import build_dataset
from argus.datasets.lists import read_list
from argus.datasets.nyuv2 import NYUv2
from argus.datasets.nyuv2_depth import NYUv2Depth
from argus.datasets.transforms import (
    JointCrop,
    JointRandomCrop,
    JointRandomFlip,
    JointRandomRotate,
    LoadDepth,
    LoadImage,
    RandomColor,
)
from argus.evaluation.metrics.depth import DepthMetric
from argus.mtv.encoders.encoder import Encoder
from argus.mtv.evaluation.depth.listed_depth import listed_pairs
from argus.mtv.evaluation.paper import paper_rows
from argus.mtv.evaluation.probes.depth_probe import predicted_depth, train_depth
from argus.mtv.evaluation.probes.nyu_options import LinearDepthOptions
from argus.mtv.evaluation.probes.probe_training import ProbeSamples, validation_samples
from argus.mtv.evaluation.progress import shown
from argus.mtv.evaluation.protocols import Evaluation, Metric

_LABEL = "gt_depth"


def training_pipeline(options: LinearDepthOptions) -> list[dict[str, Any]]:
    """That of DINOv2's depth training."""
    crop = [dict(type=JointCrop, rows=(45, 472), cols=(43, 608))] if options.nyu_crop else []
    return [
        dict(type=LoadImage),
        dict(type=LoadDepth),
        *crop,
        dict(type=JointRandomRotate, degrees=options.degrees, prob=0.5),
        dict(type=JointRandomFlip, prob=0.5),
        dict(type=JointRandomCrop, size=(options.crop_height, options.crop_width)),
        dict(
            type=RandomColor,
            gamma=(0.9, 1.1),
            brightness=(0.75, 1.25),
            color=(0.9, 1.1),
            prob=0.5,
        ),
    ]


def read_samples(
    root: Path, ann_file: str, pipeline: list[dict[str, Any]], *, seed: int
) -> ProbeSamples:
    """The pictures of a list through a pipeline.

    Args:
        root: Of the data.
        ann_file: Lines ``<image> <depth> ...``, or names of pictures in ``image/`` whose depth is
            in ``depth/``, as the multi-task archive and the generated scenes have them.
        pipeline: Of transforms.
        seed: Of what it draws.

    Raises:
        DataError: The list is missing, or a line of it leads out of the root.
    """
    config: dict[str, Any] = dict(data_root=str(root), ann_file=ann_file, pipeline=pipeline)
    if all(len(line.split()) == 1 for line in read_list(str(root / ann_file))):
        config |= dict(type=NYUv2, labels=("depth",), require=("depth",))
    else:
        listed_pairs(root, ann_file)
        config |= dict(type=NYUv2Depth)
    dataset = build_dataset(config, where=f"{root}: {ann_file}")
    return ProbeSamples(dataset, label=_LABEL, seed=seed)


def run(encoder: Encoder, root: Path, options: LinearDepthOptions) -> dict[str, float]:
    """Train the linear layer and measure it: errors in metres, shares in percent."""
    options.check()
    seed = options.seed
    learning = read_samples(root, options.train_list, training_pipeline(options), seed=seed)
    loaded: list[dict[str, Any]] = [dict(type=LoadImage), dict(type=LoadDepth)]
    measured = read_samples(root, options.test_list, loaded, seed=seed)
    head = train_depth(encoder, learning, options)
    metric = DepthMetric(
        options.min_depth, options.max_depth, crop="eigen" if options.eigen_crop else None
    )
    samples = validation_samples(measured, num_workers=options.workers)
    for sample in shown(samples, total=len(measured), title="pictures"):
        label = sample["label"]
        size = (label.shape[0], label.shape[1])
        depth = predicted_depth(encoder, head, sample["picture"], size, options)
        metric.update(
            dict(
                img_path=sample["path"],
                gt_depth=dict(data=label[None]),
                pred_depth=dict(data=depth),
            )
        )
    values = metric.compute(metric.state)
    return {
        "rmse": values["rmse"],
        "abs_rel": 100 * values["abs_rel"],
        "delta1": 100 * values["delta1"],
        "rmse_pooled": values["rmse_pooled"],
    }


EVALUATION = Evaluation(
    name="nyu_linear",
    title="NYUv2, linear depth",
    run=run,
    metrics={
        "rmse": Metric(title="RMSE", unit="m", higher_is_better=False, decimals=3),
        "abs_rel": Metric(title="AbsRel x 100", higher_is_better=False),
        "delta1": Metric(title="delta 1.25"),
        "rmse_pooled": Metric(
            title="RMSE of all pixels", unit="m", higher_is_better=False, decimals=3
        ),
    },
    layout="nyu_train.txt, nyu_test.txt, and the pictures and depth maps that they name",
    root="data/nyuv2_depth",
    options=LinearDepthOptions,
    paper=paper_rows(rmse="nyu"),
    open_points=(
        'The paper speaks of a "classification loss" of 256 bins; the recipe it names has the '
        "expectation of the bins in a silog loss with gradient matching, which is taken. "
        "nyu_linear.loss=cross_entropy classifies.",
        "Tokens are taken before the last normalisation, as in that recipe; the paper does not "
        "say. nyu_linear.final_norm=true takes them after it.",
        "The gradient matching of the public code takes differences between the pictures of a "
        "batch by an oversight; here they are taken within each picture.",
        "That recipe changes the momentum of AdamW during the training (OneCycle); here it stays.",
        "RMSE is the mean over pictures of each one's; of all pixels together it is rmse_pooled.",
    ),
    told=("loss",),
    speed=("workers",),
)
