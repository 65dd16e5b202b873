"""Data sets of the tasks by class or by name, and the bad samples that the processes share."""

import os
import time
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.registry import DATASETS
from torch.utils.data import get_worker_info

from argus.datasets.coco import CocoInstances
from argus.datasets.resilient import ResilientDataset
from argus.datasets.transforms import PackTasks
from argus.engine.checks.first_sample import check_packed
from argus.engine.loading import watched_loader
from argus.engine.loading.budget import SharedBudget, share_budgets
from argus.engine.loading.loaders import MultitaskLoader, build_eval_loader, guarded_dataset
from argus.errors import ConfigError, DataError
from argus.models.foreign import library_scope
from argus.tasks import TrainData, parse_tasks
from tests.datasets import toy_coco
from tests.toy import ToyBoth, ToySegmentation, semantic_decoder, toy_tasks


@pytest.fixture
def folder(tmp_path) -> str:
    """Two pictures and their label maps, as an mmseg data set reads them."""
    for index in range(2):
        for kind, suffix in (("images", "jpg"), ("labels", "png")):
            path = tmp_path / kind / f"{index}.{suffix}"
            path.parent.mkdir(exist_ok=True)
            values = np.full((8, 8), index, np.uint8)
            values[4:] *= 2  # two classes, void in the first map
            cv2.imwrite(str(path), values)
    return str(tmp_path)


def dataset(folder: str, kind: object) -> dict:
    """A data set of mmseg whose transforms have bare names, mmseg's own among them."""
    return dict(
        type=kind,
        data_root=folder,
        reduce_zero_label=True,
        data_prefix=dict(img_path="images", seg_map_path="labels"),
        metainfo=dict(classes=("a", "b", "c")),
        pipeline=[
            dict(type="LoadImageFromFile"),
            dict(type="LoadAnnotations"),
            dict(type="PackSegInputs"),
        ],
    )


@pytest.mark.parametrize("kind", ["mmseg.BaseSegDataset", "BaseSegDataset"])
def test_loader__dataset_given_by_name_is_built_in_the_scope_of_the_decoder(
    folder: str, kind: str
) -> None:
    train = dict(dataset=dataset(folder, kind), batch_size=1, num_workers=0)
    tasks = parse_tasks(dict(parts=dict(decoder=semantic_decoder(), train=train)))
    loader = MultitaskLoader(tasks, seed=0)
    sample = next(iter(loader))["parts"]["data_samples"][0]
    assert sample.gt_sem_seg.data.unique().tolist() in ([0, 1], [255]), "mmseg's transforms"


def test_guarded_dataset__name_with_a_library_needs_no_scope(folder: str) -> None:
    config = dataset(folder, "mmseg.BaseSegDataset")
    built = guarded_dataset(config, task="parts", part="val", seed=0, strict=True)
    assert built[1]["data_samples"].gt_sem_seg.data.unique().tolist() == [0, 1]


def test_guarded_dataset__name_of_argus_within_another_scope(tmp_path) -> None:
    root = toy_coco.write(tmp_path, [toy_coco.annotation(1, 1)])
    config = toy_coco.config(root, "CocoInstances", metainfo=dict(classes=("person", "car")))
    with library_scope("mmdet"):
        built = guarded_dataset(config, task="instance", part="val", seed=0, strict=True)
    assert type(built.dataset) is CocoInstances


@pytest.mark.parametrize("kind", ["Nowhere", "mmseg.Nowhere", "a.b.c"])
def test_guarded_dataset__unknown_name(kind: str) -> None:
    with pytest.raises(DataError, match=rf"tasks\.parts\.train\.dataset: .*{kind}"):
        guarded_dataset(dict(type=kind), task="parts", part="train", seed=0, strict=False)
    with library_scope("mmseg"), pytest.raises(DataError, match="cannot be built"):
        guarded_dataset(dict(type=kind), task="parts", part="train", seed=0, strict=False)


@DATASETS.register_module()
class FirstSampleEnds(ToySegmentation):
    """Its first sample ends the process that loads it, or makes it hang."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def __getitem__(self, index: int) -> dict:
        if index == 0 and get_worker_info() is not None:
            os._exit(3) if self.how == "ends" else time.sleep(600)
        return super().__getitem__(index)


@pytest.mark.parametrize(
    ("how", "words"),
    [("ends", "ended the loader process with status 3"), ("hangs", "took more than 1 s")],
)
def test_first_sample__that_ends_or_stops_its_process(
    how: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched_loader, "_POLL_SECONDS", 0.3)
    data = dict(
        dataset=dict(type="FirstSampleEnds", how=how), batch_size=2, num_workers=1, timeout=1
    )
    parsed = parse_tasks(
        dict(parts=toy_tasks()["semantic"] | dict(train=data, val=data | dict(batch_size=1)))
    )
    warnings: list[str] = []
    monkeypatch.setattr(MMLogger, "warning", lambda self, text: warnings.append(text))
    loader = MultitaskLoader(parsed, seed=0)
    (warning,) = [text for text in warnings if "has no get_data_info" not in text]
    assert "tasks.parts.train.dataset: task 'parts': sample 0" in warning and words in warning
    assert not loader.datasets["parts"]._lost, "the draw of another sample"
    with pytest.raises(DataError, match=f"sample 0.*{words}.*\n.*left out"):
        build_eval_loader(parsed["parts"].val, task="parts", part="val", seed=0)


def test_share_budgets__stops_every_process_at_a_share_that_none_has_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ranks = [dict(task=SharedBudget("task", max_share=0.1, grace=2)) for _ in range(2)]
    for rank, budgets in enumerate(ranks):
        budgets["task"].update([f"a of {rank}", f"b of {rank}"], 8)
    gathered = [{"task": budgets["task"].take_new()} for budgets in ranks]
    monkeypatch.setattr("argus.engine.loading.budget.gather_lists", lambda own: list(gathered))
    for rank, budgets in enumerate(ranks):
        monkeypatch.setattr("argus.engine.loading.budget.get_rank", lambda rank=rank: rank)
        with pytest.raises(DataError, match=rf"4 of 20 samples drawn .*b of {1 - rank}"):
            share_budgets(budgets)


def test_share_budgets__counts_a_sample_once() -> None:
    budget = SharedBudget("task")
    budget.update(["one"], 4)
    share_budgets(dict(task=budget))
    share_budgets(dict(task=budget))
    assert budget.state_dict() == dict(num_bad=1, num_drawn=5)


def test_loader__leaves_the_random_numbers_of_the_weights_alone() -> None:
    parsed = parse_tasks(toy_tasks())
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    MultitaskLoader(parsed, seed=0)
    build_eval_loader(parsed["semantic"].val, task="semantic", part="val", seed=0)
    assert torch.equal(torch.rand(3), expected)


class _Packed(ToyBoth):
    """Its samples are those of one task, or go by other names."""

    def __init__(self, form: str, **options: Any) -> None:
        super().__init__(**options)
        self.form = form

    def __getitem__(self, index: int) -> dict[str, Any]:
        sample = super().__getitem__(index)
        labels = sample["data_samples"]
        if self.form == "single":
            return sample | dict(data_samples=labels["classification"])
        if self.form == "others":
            return sample | dict(data_samples={f"my_{name}": v for name, v in labels.items()})
        return sample


DATASETS.register_module(name="ToyPacked", module=_Packed)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("single", "labels of one, a DataSample: none of the tasks would be trained"),
        ("others", "have labels of my_classification: classification, semantic would never be"),
        ("right", None),
    ],
)
def test_shared_stream__names_its_tasks(form: str, words: str | None) -> None:
    """Labels by another name are those of no task: its loss would be 0 from the first step on."""
    tasks = toy_tasks()
    data = dict(dataset=dict(type="ToyPacked", form=form), batch_size=2, num_workers=0)
    tasks["semantic"] |= dict(stream="both", train=data)
    tasks["classification"] |= dict(stream="both", train=None)
    if words is None:
        MultitaskLoader(parse_tasks(tasks), seed=0)
        return
    with pytest.raises(ConfigError, match=words):
        MultitaskLoader(parse_tasks(tasks), seed=0)


@pytest.mark.parametrize(
    ("packers", "words"),
    [
        (("semantic", "classification"), None),
        (("semantic", "classification", "depth"), None),  # one that was left out of this run
        (("semantic", "class"), "have labels of class, semantic: classification would never be"),
    ],
)
def test_shared_stream__whose_packing_lacks_a_task(
    packers: tuple[str, ...], words: str | None
) -> None:
    pack = PackTasks(dict.fromkeys(packers, dict(type="mmseg.PackSegInputs")))
    dataset = ResilientDataset(ToyBoth(), task="semantic", seed=0)
    dataset.dataset.pipeline = [pack]
    data = TrainData(dataset={}, batch_size=1, num_workers=0)

    def check() -> None:
        tasks = ("semantic", "classification")
        check_packed(dataset, data, where="here", tell=print, tasks=tasks)

    if words is None:
        return check()
    with pytest.raises(ConfigError, match=words):
        check()
