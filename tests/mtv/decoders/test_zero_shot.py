"""Classes by their names: as the model in use, once per evaluation, in a training."""

from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from mmengine.registry import DATASETS
from torch.utils.data import Dataset

from argus.engine import MultitaskRunner
from argus.errors import ConfigError
from argus.mtv import MTV
from argus.mtv.batch import ClassLabel
from argus.mtv.decoders import ZeroShot
from argus.mtv.model import MTVModel
from argus.mtv.siglip import siglip
from tests.mtv.conftest import NAMES
from tests.mtv.tiny import DECODERS, sample, tiny_config


@DATASETS.register_module()
class ToyClasses(Dataset):
    """Pictures with a number from 0 to 2."""

    metainfo: dict[str, Any] = {}

    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> dict[str, Any]:
        label = ClassLabel(label=index % 3)
        return dict(inputs=sample(index)["inputs"], data_samples=dict(classes=label))


def zero_shot(folder: Path, **options: Any) -> dict[str, Any]:
    options = dict(templates=["a photo of {}", "{}"]) | options
    return dict(type=ZeroShot, names=NAMES, tokenizer=str(folder), **options)


def test_scores__are_those_of_the_model_in_use(folder: Path) -> None:
    backbone = dict(type=siglip, pretrained=str(folder))
    decoders = dict(vl=DECODERS["vl"], classes=zero_shot(folder))
    model = MTVModel(backbone, decoders, streams=dict(pairs=["vl"])).eval()
    items = [ToyClasses()[index] for index in range(3)]
    batch = {key: [item[key] for item in items] for key in items[0]}
    with mock.patch.object(
        model.backbone.text_model, "forward", wraps=model.backbone.text_model.forward
    ) as text_pass:
        found = [model.predict("classes", batch) for _ in range(2)][1]
    assert text_pass.call_count == 1
    images = [np.asarray(item["inputs"].permute(1, 2, 0)) for item in items]
    mtv = MTV.from_pretrained(folder, device="cpu")
    expected = mtv.classify(images, NAMES, templates=["a photo of {}", "{}"])
    for place, row in enumerate(found):
        torch.testing.assert_close(row["pred_score"], expected[place])
        assert row["gt_label"] == place


def test_training__validates_classes_that_it_does_not_train(folder: Path, tmp_path: Path) -> None:
    config = tiny_config(tmp_path, "vl", train_cfg=dict(max_iters=2, val_interval=1))
    config.tasks.classes = dict(
        decoder=zero_shot(folder),
        val=dict(dataset=dict(type="ToyClasses"), batch_size=4, num_workers=0),
        metrics=dict(type="mmpretrain.Accuracy", topk=(1,)),
        primary="top1",
    )
    config.val_cfg = dict()
    runner = MultitaskRunner.from_cfg(config)
    runner.train()
    metrics = runner.val_loop.run()
    assert 0 <= metrics["classes/top1"] <= 1


def test_mistakes__are_told(folder: Path) -> None:
    backbone = dict(type=siglip, pretrained=str(folder))
    for options, message in (
        (dict(templates=["photo"]), "has no {} for the name"),
        (dict(names=["cat"]), "expected two or more"),
    ):
        decoders = dict(vl=DECODERS["vl"], classes=zero_shot(folder) | options)
        with pytest.raises(ConfigError, match=message):
            MTVModel(backbone, decoders, streams=dict(pairs=["vl"]))


def test_loss__a_task_with_data_to_train_on_is_told() -> None:
    decoder = object.__new__(ZeroShot)
    with pytest.raises(ConfigError, match=r"tasks\['classes'\]: ZeroShot is measured .* val=dict"):
        decoder.loss(None, [], task="classes")
