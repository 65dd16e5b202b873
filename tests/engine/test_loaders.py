"""Data sets of the tasks by class or by name, and the bad samples that the processes share."""

import cv2
import numpy as np
import pytest

from argus.datasets.coco import CocoInstances
from argus.engine.budget import SharedBudget, share_budgets
from argus.engine.loaders import MultitaskLoader, guarded_dataset
from argus.errors import DataError
from argus.models.foreign import library_scope
from argus.tasks import parse_tasks
from tests.datasets import toy_coco
from tests.toy import semantic_decoder


@pytest.fixture
def folder(tmp_path) -> str:
    """Two pictures and their label maps, as an mmseg data set reads them."""
    for index in range(2):
        for kind, suffix in (("images", "jpg"), ("labels", "png")):
            path = tmp_path / kind / f"{index}.{suffix}"
            path.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(path), np.full((8, 8), index, np.uint8))
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
    assert sample.gt_sem_seg.data.unique().tolist() in ([0], [255]), "mmseg's transforms"


def test_guarded_dataset__name_with_a_library_needs_no_scope(folder: str) -> None:
    config = dataset(folder, "mmseg.BaseSegDataset")
    built = guarded_dataset(config, task="parts", part="val", seed=0, strict=True)
    assert built[1]["data_samples"].gt_sem_seg.data.unique().tolist() == [0]


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


def test_share_budgets__stops_every_process_at_a_share_that_none_has_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ranks = [dict(task=SharedBudget("task", max_share=0.1, grace=2)) for _ in range(2)]
    for rank, budgets in enumerate(ranks):
        budgets["task"].update([f"a of {rank}", f"b of {rank}"], 8)
    gathered = [{"task": budgets["task"].take_new()} for budgets in ranks]
    monkeypatch.setattr("argus.engine.budget.gather_lists", lambda own: list(gathered))
    for rank, budgets in enumerate(ranks):
        monkeypatch.setattr("argus.engine.budget.get_rank", lambda rank=rank: rank)
        with pytest.raises(DataError, match=rf"4 of 20 samples drawn .*b of {1 - rank}"):
            share_budgets(budgets)


def test_share_budgets__counts_a_sample_once() -> None:
    budget = SharedBudget("task")
    budget.update(["one"], 4)
    share_budgets(dict(task=budget))
    share_budgets(dict(task=budget))
    assert budget.state_dict() == dict(num_bad=1, num_drawn=5)
