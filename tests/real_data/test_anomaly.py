"""MVTec AD's screws: the full-size pipelines of both heads, a toy backbone, all metrics."""

import copy

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS

from argus.models.multitask import MultitaskModel
from argus.registry import METRICS
from tests.models.decoders.anomaly.toys import CHANNELS, HandMade
from tests.real_data.samples import REPOSITORY, SAMPLES, needs_samples

SCREW = ("screw",)


def load_task(name: str) -> dict:
    """The task on the screws alone, narrowed to the toy backbone."""
    config = Config.fromfile(REPOSITORY / f"configs/_base_/tasks/{name}.py")
    task = copy.deepcopy(config[name].to_dict())
    for part in ("train", "val"):
        task[part]["dataset"].update(data_root=str(SAMPLES / "mvtec_ad"), categories=SCREW)
    task["metrics"][1]["categories"] = task["decoder"]["categories"] = SCREW
    head = task["decoder"]["head"]
    head["in_channels"] = [CHANNELS] * len(head["in_channels"])
    if "channels" in head:
        head.update(channels=16, norm_cfg=dict(type="GN", num_groups=4))
    return task


def collate(samples: list) -> dict:
    return {key: [sample[key] for sample in samples] for key in samples[0]}


@needs_samples
@pytest.mark.parametrize(("name", "side"), [("mvtec_anomaly", 288), ("mvtec_anomaly_draem", 256)])
def test_screw__trains_predicts_and_is_measured(name, side):
    torch.manual_seed(0)
    task = load_task(name)
    train, val = (DATASETS.build(task[part]["dataset"]) for part in ("train", "val"))
    assert (len(train), len(val)) == (12, 20)
    model = MultitaskModel(HandMade(), dict(anomaly=task["decoder"])).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(2):
        batch = collate([train[4 * step + i] for i in range(4)])
        assert {tuple(image.shape) for image in batch["inputs"]} == {(3, side, side)}
        losses, _ = model(dict(anomaly=batch), seeds=dict(anomaly=step))
        optimizer.zero_grad()
        losses["anomaly"].backward()
        optimizer.step()
        assert losses["anomaly"].isfinite() and losses["anomaly"] > 0
    model.eval()
    metrics = [METRICS.build(metric) for metric in task["metrics"]]
    for index in (0, 1, 5, 8, 11, 14):
        (sample,) = model.predict("anomaly", collate([val[index]]))
        # Prediction and mask have the size of the picture, not of the network's input.
        assert sample.pred_anomaly_map.data.shape == (1, 1024, 1024)
        assert sample.gt_anomaly_map.data.shape == (1, 1024, 1024)
        assert bool(sample.gt_anomaly_map.data.any()) == bool(sample.gt_anomaly)
        for metric in metrics:
            metric.process(None, [sample.to_dict()])
    found = {key: value for metric in metrics for key, value in metric.evaluate(6).items()}
    for key in ("I_AUROC", "I_AUROC_screw", "P_AUROC", "PRO"):
        (value,) = [v for name, v in found.items() if name.split("/")[-1] == key]
        assert 0 <= value <= 1
