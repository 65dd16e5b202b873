import random

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from argus.datasets.resilient import BadSampleBudget, ResilientDataset, collate
from argus.datasets.samplers import TaskSampler
from argus.datasets.seeding import isolated_rng, stable_seed
from argus.errors import DataError


class Toy:
    """Ten numbers with random augmentation from all three generators; some samples are bad."""

    metainfo = dict(classes=("a", "b"))

    def __init__(self, bad=(), empty=()):
        self.bad, self.empty = set(bad), set(empty)

    def __len__(self):
        return 10

    def __getitem__(self, index):
        raise AssertionError("mmengine's __getitem__ replaces samples unseen: prepare_data is used")

    def prepare_data(self, index):
        if index in self.bad:
            raise OSError("image file is\ntruncated")
        if index in self.empty:
            return None
        noise = torch.tensor([random.random(), np.random.rand(), torch.rand(()).item()])
        return dict(inputs=index + noise, data_samples=index)

    def get_data_info(self, index):
        return dict(img_path=f"images/{index}.jpg")

    def get_cat_ids(self, index):
        return [index % 2]


class Sometimes(Toy):
    """A pipeline whose augmentation loses every object in half of the cases."""

    def prepare_data(self, index):
        return None if np.random.rand() < 0.5 else dict(inputs=index, data_samples=index)


def make(dataset=None, **kwargs):
    return ResilientDataset(dataset or Toy(), task="toy", seed=1, **kwargs)


def test_sample__is_a_function_of_the_draw():
    first, again, other = make()[7, 3], make()[7, 3], make()[8, 3]
    assert torch.equal(first["inputs"], again["inputs"])
    assert not torch.equal(first["inputs"], other["inputs"])
    assert first["replaced"] == []


def test_sample__leaves_the_process_generators_alone():
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    expected = (torch.rand(1), np.random.rand(), random.random())
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    make()[0, 0]
    assert (torch.rand(1), np.random.rand(), random.random()) == expected


def load_all(num_workers, start=0):
    sampler = TaskSampler(10, 4, seed=2)
    sampler.set_start(start)
    loader = DataLoader(
        make(Toy(bad=[2])),
        batch_size=4,
        sampler=sampler,
        num_workers=num_workers,
        collate_fn=collate,
    )
    batches = []
    for batch in loader:
        batches.append(batch)
        if len(batches) == 6 - start:
            return batches


def test_loader__same_batches_for_any_number_of_workers_and_after_resume():
    alone, workers, resumed = load_all(0), load_all(2), load_all(1, start=4)
    for one, two in [*zip(alone, workers, strict=True), *zip(alone[4:], resumed, strict=True)]:
        assert one["data_samples"] == two["data_samples"]
        assert one["replaced"] == two["replaced"]
        assert all(torch.equal(a, b) for a, b in zip(one["inputs"], two["inputs"], strict=True))
    assert any(batch["replaced"] for batch in alone)


def test_bad_sample__is_replaced_and_reported():
    sample = make(Toy(bad=[3]))[0, 3]
    assert sample["data_samples"] != 3
    assert sample["replaced"] == [
        "task 'toy': sample 3 (images/3.jpg): OSError: image file is truncated"
    ]
    assert make(Toy(bad=[3]))[0, 3]["data_samples"] == sample["data_samples"]


def test_bad_sample__strict_raises_and_names_the_file():
    with pytest.raises(DataError, match=r"'toy'.*images/3\.jpg.*truncated"):
        make(Toy(bad=[3]), strict=True)[3]
    with pytest.raises(DataError, match=r"images/4\.jpg.*returned nothing"):
        make(Toy(empty=[4]), strict=True)[4]


def test_bad_sample__all_bad_gives_up_with_the_reasons():
    with pytest.raises(DataError, match="10 samples in a row") as caught:
        make(Toy(bad=range(10)))[0, 3]
    assert str(caught.value).count("truncated") == 10


def test_none__is_augmented_again_and_not_counted():
    dataset = make(Sometimes())
    samples = [dataset[draw, 5] for draw in range(50)]
    assert all(s["data_samples"] == 5 and s["replaced"] == [] for s in samples)


def test_none__always_is_a_bad_sample():
    sample = make(Toy(empty=[4]))[0, 4]
    assert sample["data_samples"] != 4
    assert "images/4.jpg" in sample["replaced"][0]


def test_interface__is_that_of_the_wrapped_set():
    dataset = make()
    dataset.full_init()
    assert len(dataset) == 10
    assert dataset.metainfo["classes"] == ("a", "b")
    assert dataset.get_cat_ids(3) == [1]
    assert dataset.get_data_info(3) == dict(img_path="images/3.jpg")


def test_collate__lists_without_stacking():
    batch = collate(
        [
            dict(inputs=torch.zeros(3, 2, 2), data_samples="a", replaced=["x", "y"]),
            dict(inputs=torch.zeros(3, 4, 4), data_samples="b", replaced=[]),
        ]
    )
    assert [tuple(i.shape) for i in batch["inputs"]] == [(3, 2, 2), (3, 4, 4)]
    assert batch["data_samples"] == ["a", "b"]
    assert batch["replaced"] == ["x", "y"]


def test_budget__stops_past_the_share():
    budget = BadSampleBudget("toy", max_share=0.01, grace=2)
    budget.update(["one", "two"], 8)
    for _ in range(40):
        budget.update([], 10)
    budget.update(["three", "four"], 10)
    with pytest.raises(DataError, match=r"5 of .*1\.\d%.*accepted 1\.0%.*five"):
        budget.update(["five"], 10)


def test_budget__state_round_trip():
    budget, other = BadSampleBudget("toy"), BadSampleBudget("toy")
    budget.update(["one"], 8)
    other.load_state_dict(budget.state_dict())
    assert (other.num_bad, other.num_drawn) == (1, 9)


def test_stable_seed__is_anchored():
    assert stable_seed(1, "instance", 0) == stable_seed(1, "instance", 0)
    assert stable_seed(1, "instance", 0) != stable_seed(1, "instance", 1)
    assert stable_seed(0, "a", 1) == 675767750


def test_isolated_rng__restores_after_an_error():
    before = np.random.get_state()[1].copy()
    with pytest.raises(RuntimeError), isolated_rng(3):
        np.random.rand()
        raise RuntimeError
    assert (np.random.get_state()[1] == before).all()
