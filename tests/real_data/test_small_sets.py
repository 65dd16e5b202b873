"""The readers of ``configs/small`` on the whole real sets, and its configs on real pictures."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DATASETS

from argus.datasets.bsds500 import BSDS500
from argus.datasets.convert.all_converters import CONVERTERS
from argus.datasets.transforms import LoadBoundaryPeople, LoadImage
from argus.engine import MultitaskRunner
from argus.evaluation.metrics import BoundaryMetric
from tests.real_data.samples import REPOSITORY, replace_data_root
from tests.real_data.small import SMALL, root_of, vit_s

pytestmark = pytest.mark.real

FOLDERS = dict(
    camvid=["camvid"],
    nuclei=["nuclei"],
    cifar10=["cifar10"],
    bccd=["bccd"],
    boundary=["bsds500"],
    saliency=["bsds500", "sod"],
    parsing=["ccp"],
    anomaly=["magnetic_tile"],
    faster_rcnn=["bccd"],
)
CONFIGS = {
    "stage1_4task": ["camvid", "nuclei", "cifar10", "bccd"],
    "stage1/plain_vit": ["camvid", "nuclei", "cifar10", "bccd"],
    "stage1/linear_probe": ["camvid", "cifar10"],
    "stage2/plain_vit/bsds_joint": ["boundary", "saliency"],
    "stage2/plain_vit/ccp_parsing": ["parsing"],
    "stage2/plain_vit/tile_simplenet": ["anomaly"],
    "stage2/plain_vit/tile_draem": ["anomaly"],
    "stage2/plain_vit/bccd_faster_rcnn": ["faster_rcnn"],
}
# Of two classes, and of both kinds of tile: the first few would be of one.
INDICES = {
    ("cifar10", "train"): [0, 300, 600],
    ("cifar10", "val"): [0, 50, 100],
    ("anomaly", "val"): [0, 289, 300],
}
SAMPLES = {  # in all parts together
    "stage1_4task": dict(camvid=701, nuclei=641, cifar10=4_000, bccd=364),
    "stage2/plain_vit/bsds_joint": dict(boundary=400, saliency=100),
    "stage2/plain_vit/ccp_parsing": dict(parsing=1_004),
    "stage2/plain_vit/tile_simplenet": dict(anomaly=892),
}


def config_of(name: str) -> Config:
    for task in CONFIGS[name]:
        for folder in FOLDERS[task]:
            root_of(folder)
    config = Config.fromfile(REPOSITORY / f"configs/small/{name}.py")
    for key, task in config.tasks.items():
        root = task.val.dataset.data_root.removeprefix("data/small").lstrip("/")
        config.tasks[key] = replace_data_root(task, str(SMALL / root))
    return config


@pytest.mark.parametrize("name", SAMPLES)
def test_sets__have_as_many_pictures_as_published(name):
    config = config_of(name)
    for key, number in SAMPLES[name].items():
        parts = [config.tasks[key][p] for p in ("train", "val", "test") if p in config.tasks[key]]
        datasets = [DATASETS.build(dict(part.dataset, pipeline=[])) for part in parts]
        assert sum(map(len, datasets)) == number
        paths = [
            {dataset.get_data_info(index)["img_path"] for index in range(len(dataset))}
            for dataset in datasets
        ]
        for first, second in itertools.combinations(paths, 2):
            assert not first & second  # no picture is in two parts


def test_bsds__no_test_picture_of_either_task_is_trained_on():
    tasks = config_of("stage2/plain_vit/bsds_joint").tasks

    def names(dataset):
        built = DATASETS.build(dict(dataset, pipeline=[]))
        return {Path(built.get_data_info(i)["img_path"]).stem for i in range(len(built))}

    trained = names(tasks.boundary.train.dataset)
    assert not trained & (names(tasks.boundary.val.dataset) | names(tasks.saliency.val.dataset))


@pytest.mark.parametrize("name", ["camvid", "bsds500", "sod", "bccd", "magnetic-tile", "ccp"])
def test_sets__counts_are_those_of_the_converters(name):
    counts = CONVERTERS[name].count(root_of(name.replace("-", "_")))
    assert [count.name for count in counts if not count.is_whole] == []


def test_bsds__people_agree_with_each_other_as_published():
    """Each person against the others: F .80 over the whole test part in the benchmark's paper."""
    root_of("bsds500")
    dataset = BSDS500(
        data_root=str(SMALL),
        data_prefix=dict(img_path="bsds500/images/test", boundary_path="bsds500/groundTruth/test"),
        labels=["boundary"],
        indices=6,
        pipeline=[dict(type=LoadImage), dict(type=LoadBoundaryPeople, agreement=None)],
    )
    metric = BoundaryMetric(tolerance=0.0075, border=0, suppress=False)
    for sample in dataset:
        people = sample["gt_boundary"].transpose(2, 0, 1)
        for index in range(2):
            others = np.delete(people, index, axis=0)
            metric.update(
                dict(
                    gt_boundary=dict(data=others),
                    pred_boundary=dict(data=people[index : index + 1]),
                )
            )
    assert 0.7 < metric.compute(metric.state)["odsF"] < 0.9


@pytest.mark.parametrize("name", CONFIGS)
def test_config__takes_a_step_and_is_measured_on_real_pictures(name, tmp_path):
    config = config_of(name)
    config.backbone.vit.weights = vit_s()
    config.work_dir = str(tmp_path / "work")
    config.train_cfg.update(max_iters=1, val_interval=0)
    config.param_scheduler = []
    config.default_hooks.checkpoint.save_last = False
    config.pop("feature_cache", None)
    for key, task in config.tasks.items():
        task.pop("test", None)
        for part in {"train", "val"} & set(task):
            task[part].update(num_workers=0, batch_size=2 if part == "train" else 1)
            task[part]["dataset"]["indices"] = INDICES.get((key, part), 3)
        if "nuclei" in str(task.val.dataset.data_root):  # its metric wants all pictures
            task.pop("val")
            task.pop("metrics")
    runner = MultitaskRunner.from_cfg(config)
    losses: dict[str, float] = {}
    metrics: dict[str, float] = {}
    call_hook = runner.call_hook

    def record(point: str, **kwargs) -> None:
        if point == "after_train_iter":
            losses.update({task: loss.item() for task, loss in kwargs["outputs"].losses.items()})
        if point == "after_val_epoch":
            metrics.update(kwargs["metrics"])
        call_hook(point, **kwargs)

    runner.call_hook = record
    runner.train()
    assert set(losses) == set(config.tasks)
    assert np.isfinite(list(losses.values())).all()
    for key, task in config.tasks.items():
        if "val" in task:
            assert np.isfinite(metrics[f"{key}/{task.primary}"])
