"""The COCO tasks on real samples: a training step and an evaluation with their own pipelines.

Pictures are a third of the size and widths small, since neither changes what is exercised.
"""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, METRICS

from argus.datasets.resilient import ResilientDataset, collate
from argus.models.foreign import build_decoder, library_scope
from tests.real_data.samples import REPOSITORY, SAMPLES, needs_samples, replace_data_root

from .test_configs import Maps

FULL = {"coco_mask_rcnn": ["bbox", "segm"], "coco_co_detr": ["bbox", "segm"]}
WIDTH = 96  # as in the scenes' configs
NUM_TRAIN, NUM_VAL = 3, 2


def reduce_sizes(config: Any) -> None:
    """A third of every picture size of a pipeline, in place."""
    if isinstance(config, dict):
        for key, value in config.items():
            if key in ("scale", "crop_size"):
                config[key] = tuple(side // 3 for side in value)
            elif key == "scales":
                config[key] = [tuple(side // 3 for side in scale) for scale in value]
            else:
                reduce_sizes(value)
    elif isinstance(config, (list, tuple)):
        for item in config:
            reduce_sizes(item)


def task_on_samples(name: str) -> dict[str, Any]:
    """The full-size task on the first real samples, with the decoder of the scenes' config."""
    path = REPOSITORY / f"configs/_base_/tasks/{name}.py"
    task = replace_data_root(Config.fromfile(path)[name], str(SAMPLES / "coco"))
    small = name.removeprefix("coco_")
    scenes = Config.fromfile(REPOSITORY / f"configs/scenes/_base_/tasks/{small}.py")
    task["decoder"] = scenes[f"scenes_{small}"].decoder
    set_classes(task["decoder"], 80)
    if "rcnn" in task["decoder"].test_cfg:
        task["decoder"].test_cfg.rcnn.score_thr = 0.0  # a first step finds nothing else
    for part, count in (("train", NUM_TRAIN), ("val", NUM_VAL)):
        reduce_sizes(task[part]["dataset"]["pipeline"])
        task[part]["dataset"]["indices"] = count
    return task


def set_classes(config: Any, count: int) -> None:
    if isinstance(config, dict):
        if "num_classes" in config:
            config["num_classes"] = count
        for value in config.values():
            set_classes(value, count)


def batch_of(dataset: dict[str, Any], *, strict: bool) -> tuple[Any, dict[str, Any]]:
    built = DATASETS.build(dataset)
    resilient = ResilientDataset(built, task="real", seed=0, strict=strict)
    batch = collate([resilient[index] for index in range(len(built))])
    assert batch["replaced"] == []
    return built, {key: batch[key] for key in ("inputs", "data_samples")}


def decoder_of(task: dict[str, Any]) -> Any:
    torch.manual_seed(0)
    model = build_decoder(task["decoder"], Maps(WIDTH), where="test")
    with library_scope("mmdet"):
        model.init_weights()
    return model


@needs_samples
@pytest.mark.parametrize("name", FULL)
def test_real__trains_a_step_and_evaluates(name: str, tmp_path: Path) -> None:
    task = task_on_samples(name)
    model = decoder_of(task)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    _, data = batch_of(task["train"]["dataset"], strict=False)
    with library_scope("mmdet"):
        ready = model.train().data_preprocessor(data, True)
        assert all(side % 32 == 0 for side in ready["inputs"].shape[-2:])
        assert sum(len(sample.gt_instances) for sample in ready["data_samples"]) > 0
        loss, parts = model.parse_losses(model.loss(ready["inputs"], ready["data_samples"]))
        loss.backward()
        optimizer.step()
        assert all(value.isfinite().all() for value in parts.values())
        assert all(parameter.isfinite().all() for parameter in model.parameters())

        dataset, data = batch_of(task["val"]["dataset"], strict=True)
        ready = model.eval().data_preprocessor(data, False)
        with torch.no_grad():
            results = model.predict(ready["inputs"], ready["data_samples"])
    metric = METRICS.build({**task["metrics"], "outfile_prefix": str(tmp_path / "results")})
    metric.dataset_meta = dataset.metainfo
    metric.process({}, [sample.to_dict() for sample in results])
    values = metric.evaluate(size=NUM_VAL)
    for kind in FULL[name]:
        # Of a few images not all sizes of object are there; -1 stands for none.
        assert 0 <= values[f"coco/{kind}_mAP"] <= 1
        assert (tmp_path / f"results.{kind}.json").is_file()
