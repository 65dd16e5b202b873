"""The configs of Co-DETR and Mask R-CNN: contract, size, and a round trip as plain values."""

from pathlib import Path

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from torch import nn

from argus.model_config import resolve_task
from argus.models.foreign import build_decoder, library_scope
from argus.storage.config_values import to_plain
from argus.tasks import parse_tasks

from .toy import batch

CONFIGS = Path(__file__).parents[4] / "configs"
TASKS = {
    "_base_/tasks/coco_mask_rcnn.py": "coco_mask_rcnn",
    "_base_/tasks/coco_co_detr.py": "coco_co_detr",
    "scenes/_base_/tasks/mask_rcnn.py": "scenes_mask_rcnn",
    "scenes/_base_/tasks/co_detr.py": "scenes_co_detr",
}


class Maps(nn.Module):
    """A backbone of four strided averages, and one factor to train."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        grey = self.factor * image.mean(1, keepdim=True)
        pooled = [nn.functional.avg_pool2d(grey, 4 << level) for level in range(4)]
        return tuple(x.expand(-1, self.channels, -1, -1) for x in pooled)


def task_config(path: str) -> dict:
    return Config.fromfile(CONFIGS / path)[TASKS[path]]


@pytest.mark.parametrize("path", TASKS)
def test_task__meets_the_contract(path: str) -> None:
    name = TASKS[path]
    task = parse_tasks({name: task_config(path)})[name]
    assert task.primary in {*task.paper, *task.report}
    preprocessor = task.decoder["data_preprocessor"]
    assert preprocessor["pad_size_divisor"] == 32 and preprocessor["bgr_to_rgb"]
    assert list(preprocessor["mean"]) == [123.675, 116.28, 103.53]
    assert list(preprocessor["std"]) == [58.395, 57.12, 57.375]


@pytest.mark.parametrize("path", TASKS)
def test_task__survives_as_plain_values(path: str) -> None:
    config = task_config(path)
    plain = to_plain({key: value for key, value in config.items() if key != "train"})
    again = resolve_task("co_detr", plain)
    assert to_plain(again) == plain
    with torch.device("meta"):
        build_decoder(again["decoder"], Maps(1), where="test")


def linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def conv(inputs: int, outputs: int, size: int = 3) -> int:
    return inputs * outputs * size**2 + outputs


def mask_rcnn_parameters() -> int:
    d, f = 256, 1024
    fpn = 4 * (conv(768, d, 1) + conv(d, d))
    rpn = conv(d, d) + conv(d, 3, 1) + conv(d, 12, 1)
    boxes = linear(d * 49, f) + linear(f, f) + linear(f, 81) + linear(f, 320)
    masks = 4 * conv(d, d) + conv(d, d, 2) + conv(d, 80, 1)
    return fpn + rpn + boxes + masks


def co_detr_parameters() -> int:
    d, f, levels = 256, 2048, 5
    norm = 2 * d
    neck = 4 * (768 * d + norm) + 768 * d * 9 + norm
    samples = 8 * levels * 4
    deformable = linear(d, 3 * samples) + 2 * linear(d, d)
    ffn = linear(d, f) + linear(f, d)
    encoder = 6 * (deformable + ffn + 2 * norm)
    decoder = 6 * (4 * linear(d, d) + deformable + ffn + 3 * norm)
    decoder += linear(4 * d, d) + linear(d, d) + norm  # position code of boxes
    dino = 7 * (linear(d, 80) + 2 * linear(d, d) + linear(d, 4)) + 900 * d + 80 * d
    dino += levels * d + linear(d, d) + norm
    rpn = conv(d, d) + conv(d, 9, 1) + conv(d, 36, 1)
    roi = linear(d * 49, 1024) + linear(1024, 1024) + linear(1024, 81) + linear(1024, 320)
    atss = 2 * (d * d * 9 + norm) + conv(d, 80) + conv(d, 4) + conv(d, 1) + 6
    own = conv(d, d) + norm + 2 * (linear(2 * d, d) + norm)
    masks = 4 * conv(d, d) + conv(d, d, 2) + conv(d, 80, 1)
    return neck + encoder + decoder + dino + rpn + roi + atss + own + masks


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("_base_/tasks/coco_mask_rcnn.py", mask_rcnn_parameters()),
        ("_base_/tasks/coco_co_detr.py", co_detr_parameters()),
    ],
)
def test_full_size__parameters_and_norms(path: str, expected: int) -> None:
    with torch.device("meta"):
        model = build_decoder(task_config(path).decoder, Maps(768), where="test")
    assert sum(p.numel() for p in model.parameters()) == expected
    assert not any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in model.modules())


@pytest.mark.parametrize("path", [path for path in TASKS if path.startswith("scenes")])
def test_scenes__train_and_predict(path: str) -> None:
    config = task_config(path)
    torch.manual_seed(0)
    backbone = Maps(96)
    model = build_decoder(config.decoder, backbone, where="test")
    with library_scope("mmdet"):
        model.init_weights()
    images, samples = batch([2, 1], sizes=[(128, 128), (96, 128)])
    add_masks(samples)
    loss, _ = model.parse_losses(model.train().loss(images, samples))
    loss.backward()
    assert loss.isfinite() and backbone.factor.grad.isfinite()
    with torch.no_grad():
        results = model.eval().predict(images, samples)
    limit = config.decoder.test_cfg.get("rcnn", config.decoder.test_cfg).max_per_img
    assert all(len(result.pred_instances) <= limit for result in results)


def add_masks(samples: list[DetDataSample]) -> None:
    """Masks that fill the boxes, at the size of the batch."""
    from mmdet.structures.mask import BitmapMasks

    for sample in samples:
        height, width = sample.batch_input_shape
        masks = torch.zeros(len(sample.gt_instances), height, width, dtype=torch.uint8)
        for mask, (x0, y0, x1, y1) in zip(masks, sample.gt_instances.bboxes.int(), strict=True):
            mask[y0:y1, x0:x1] = 1
        sample.gt_instances.masks = BitmapMasks(masks.numpy(), height, width)
