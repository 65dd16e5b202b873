import math

import numpy as np
import pytest
import torch

from argus.errors import ConfigError, DataError
from argus.mtv.encoders.feature_store import FeatureStore
from argus.mtv.encoders.whole_patches import whole_patches
from argus.mtv.evaluation.probes.probe_training import (
    ProbeSamples,
    cosine,
    polynomial,
    train,
    training_batches,
    validation_samples,
    warmed_up,
)


class Numbers:
    """Picture and label i; the label has what the pipeline drew."""

    def __len__(self):
        return 5

    def __getitem__(self, index):
        picture = np.zeros((2, 3, 3), np.uint8)
        picture[..., 0] = index  # blue
        return dict(img=picture, noise=np.random.random((2, 3)), img_path=f"{index}.png")


def test_training_batches__draws_do_not_depend_on_who_makes_them():
    samples = ProbeSamples(Numbers(), label="noise", seed=3)
    both = [
        list(training_batches(samples, batch_size=2, steps=5, num_workers=workers))
        for workers in (0, 1)
    ]
    for alone, worker in zip(*both, strict=True):
        assert [s["index"] for s in alone] == [s["index"] for s in worker]
        assert all(torch.equal(a["label"], b["label"]) for a, b in zip(alone, worker, strict=True))
    order = [sample["index"] for batch in both[0] for sample in batch]
    assert sorted(order[:5]) == sorted(order[5:]) == [0, 1, 2, 3, 4]
    labels = torch.stack([sample["label"] for batch in both[0] for sample in batch])
    assert len(labels.flatten().unique()) == labels.numel()  # another draw, other numbers
    sample = both[0][0][0]
    assert sample["picture"].getpixel((0, 0)) == (0, 0, sample["index"])


@pytest.mark.parametrize("workers", [0, 1])
def test_samples__a_broken_file_is_one_sentence(workers):
    class Broken(Numbers):
        def __getitem__(self, index):
            raise DataError(f"{index}.png: the file is empty")

    samples = ProbeSamples(Broken(), label="noise")
    for batches in (
        training_batches(samples, batch_size=2, steps=1, num_workers=workers),
        validation_samples(samples, num_workers=workers),
    ):
        with pytest.raises(DataError, match=r"^\d\.png: the file is empty$"):
            list(batches)


def test_warmed_up__mmcv_by_hand():
    factor = warmed_up(polynomial(1.0), steps=100, warmup=10, start=0.01)
    assert factor(0) == pytest.approx(0.01) and factor(50) == pytest.approx(0.5)
    assert factor(5) == pytest.approx(0.95 * (1 - 0.5 * 0.99))
    wave = warmed_up(cosine, steps=100, warmup=0, start=0.1)
    assert [wave(step) for step in (0, 25, 50)] == pytest.approx([1, (1 + math.sqrt(0.5)) / 2, 0.5])


def test_train__the_last_losses_and_no_other_numbers():
    head = torch.nn.Linear(1, 1)
    rates = []

    def backward(batch):
        loss = head.weight.square().sum() + head.bias.square().sum()
        loss.backward()
        rates.append(batch[0])
        return loss.detach() if batch[0] >= 0 else loss.detach() * math.nan

    batches = iter([[float(step)] for step in range(30)])
    options = dict(lr=0.1, weight_decay=0.0, factor=lambda step: 1.0, title="test")
    last = train(head, batches, backward, steps=30, **options)
    assert len(rates) == 30 and last < 0.1 and not head.training
    with pytest.raises(ConfigError, match="the loss of the probe is nan at step 1"):
        train(head, iter([[-1.0]]), backward, steps=1, **options)


def test_feature_store__keeps_the_last_within_its_bound():
    store, asked = FeatureStore(max_mb=0.001), []  # 1,000 bytes, 2 tensors of 400

    def get(key):
        return store.get(key, lambda: asked.append(key) or (torch.zeros(100) + key, key))

    assert [get(key)[1] for key in (1, 2, 1, 3, 1, 2)] == [1, 2, 1, 3, 1, 2]
    assert asked == [1, 2, 3, 2] and len(store) == 2 and store.num_bytes == 800
    nothing = FeatureStore(0)
    nothing.get(1, lambda: (torch.zeros(100), None))
    assert len(nothing) == nothing.num_bytes == 0


def test_whole_patches__the_most_that_fit():
    assert whole_patches((800, 576), 14) == (798, 574)
    assert whole_patches((800, 576), 16) == (800, 576)
    assert whole_patches((5, 40), 14) == (14, 28)
