"""Cosines of gradients that are known, and norms that agree with autograd by hand."""

import json
import math

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from mmengine.config import ConfigDict
from mmengine.registry import DATASETS

import tests.toy as toy
from argus.analysis.gradients import (
    GradientReport,
    compare_tasks,
    draw_gradients,
    flat_gradient,
    measure_gradients,
)
from argus.analysis.loaded_model import load_model
from argus.datasets.seeding import stable_seed
from argus.engine.loading.loaders import MultitaskLoader
from argus.errors import ConfigError, DataError


def report_of(*batches: dict[str, list[float]]) -> GradientReport:
    gradients = [{task: torch.tensor(g) for task, g in batch.items()} for batch in batches]
    return compare_tasks(gradients, num_parameters=2)


def test_compare__equal_opposite_orthogonal_and_45_degrees() -> None:
    vectors = dict(
        base=[3.0, 4.0], equal=[6.0, 8.0], opposite=[-3.0, -4.0], normal=[-4.0, 3.0], half=[-1.0, 7]
    )
    report = report_of(vectors)
    expected = [1.0, 1.0, -1.0, 0.0, math.sqrt(0.5)]
    assert report.cosines[0, 0] == pytest.approx(expected, abs=1e-12)
    assert report.norms[0] == pytest.approx([5.0, 10.0, 5.0, 5.0, math.sqrt(50)])
    assert np.array_equal(report.cosines[0], report.cosines[0].T)


def test_compare__mean_and_spread_over_batches() -> None:
    report = report_of(dict(a=[1.0, 0.0], b=[1.0, 0.0]), dict(a=[3.0, 0.0], b=[0.0, 1.0]))
    numbers = report.to_dict()
    assert numbers["norm"] == [2.0, 1.0] and numbers["norm_std"] == [1.0, 0.0]
    assert numbers["cosine"][0][1] == 0.5 and numbers["cosine_std"][0][1] == 0.5
    # Mean gradients: a = (2, 0), b = (0.5, 0.5).
    assert numbers["cosine_of_mean_gradients"][0][1] == pytest.approx(math.sqrt(0.5))


def test_compare__a_task_without_gradient_in_a_batch_is_left_out_of_the_mean() -> None:
    report = report_of(dict(a=[1.0, 0.0], b=[0.0, 0.0]), dict(a=[1.0, 0.0], b=[-1.0, 0.0]))
    assert math.isnan(report.cosines[0, 0, 1])
    assert report.to_dict()["cosine"][0][1] == -1.0
    never = report_of(dict(a=[1.0, 0.0], b=[0.0, 0.0])).to_dict()
    assert never["cosine"] == [[1.0, None], [None, None]]
    json.dumps(never, allow_nan=False)


def test_compare__infinite_gradient_is_told() -> None:
    with pytest.raises(DataError, match=r"batch 0 are not finite \(tasks \['b'\]\)"):
        report_of(dict(a=[1.0, 0.0], b=[float("nan"), 0.0]))


def test_flat_gradient__is_the_gradient_and_zero_where_unused() -> None:
    used, unused = (torch.nn.Parameter(torch.arange(3.0)) for _ in range(2))
    grad = flat_gradient((used**2).sum(), [used, unused])
    assert grad.tolist() == [0, 2, 4, 0, 0, 0]


@pytest.fixture
def config(tmp_path) -> ConfigDict:
    return ConfigDict(toy.toy_config(tmp_path))


def test_measure__agrees_with_autograd_by_hand(config: ConfigDict) -> None:
    config.tasks.semantic.loss_weight = 3.0
    torch.manual_seed(0)
    loaded = load_model(config, None)
    report = measure_gradients(loaded, num_batches=2)
    assert sorted(report.tasks) == ["classification", "semantic"]
    assert report.num_parameters == sum(
        p.numel() for p in loaded.model.backbone.stages.parameters()
    )
    loader = iter(MultitaskLoader(loaded.tasks, seed=0))
    total: dict[str, torch.Tensor] = {}
    for index in range(2):
        batch = next(loader)
        for column, task in enumerate(report.tasks):
            loaded.model.zero_grad()
            seed = stable_seed("gradients", 0, index, task)
            losses, _ = loaded.model({task: batch[task]}, mode="loss", seeds={task: seed})
            losses[task].backward()
            stages = loaded.model.backbone.stages  # the stem is frozen
            grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in stages.parameters()]
            vector = torch.cat([grad.flatten() for grad in grads])
            assert report.norms[index, column] == pytest.approx(vector.norm().item(), rel=1e-5)
            total[task] = total.get(task, 0) + vector
    expected = torch.cosine_similarity(*total.values(), dim=0).item()
    assert report.mean_cosine[0, 1] == pytest.approx(expected, abs=1e-5)


@DATASETS.register_module()
class ToyTwins(toy.ToySegmentation):
    """One label map, given to three tasks."""

    def __getitem__(self, index: int) -> dict:
        sample = super().__getitem__(index)
        labels = sample["data_samples"]
        return dict(sample, data_samples={name: labels for name in ("one", "two", "three")})


def test_measure__tasks_of_one_stream_that_are_alike(config: ConfigDict) -> None:
    twin = dict(config.tasks.semantic, stream="both", train=None)
    train = dict(dataset=dict(type="ToyTwins"), batch_size=3, num_workers=0)
    config.tasks = dict(one=dict(twin, train=train), two=twin, three=twin)
    loaded = load_model(config, None)
    decoders = loaded.model.decoders
    decoders["two"].load_state_dict(decoders["one"].state_dict())
    report = measure_gradients(loaded, num_batches=1)
    one, two, three = (report.tasks.index(name) for name in ("one", "two", "three"))
    assert report.cosines[0, one, two] == pytest.approx(1.0, abs=1e-6)
    assert report.norms[0, one] == pytest.approx(report.norms[0, two])
    assert abs(report.cosines[0, one, three]) < 0.999


def test_measure__frozen_backbone_and_single_task_are_refused(config: ConfigDict) -> None:
    loaded = load_model(config, None)
    with pytest.raises(ConfigError, match="expected 1 or more, found 0"):
        measure_gradients(loaded, num_batches=0)
    loaded.model.backbone.requires_grad_(False)
    with pytest.raises(ConfigError, match="nothing of the backbone is trained"):
        measure_gradients(loaded, num_batches=1)
    del config.tasks["classification"]
    with pytest.raises(ConfigError, match=r"two trained tasks or more to compare, found \['sem"):
        measure_gradients(load_model(config, None), num_batches=1)


def test_load_model__unknown_task_and_no_backbone(config: ConfigDict) -> None:
    with pytest.raises(ConfigError, match="no task 'depth'; the config has semantic, classific"):
        load_model(config, None, tasks=["depth"])
    del config["backbone"]
    with pytest.raises(ConfigError, match="has no 'backbone'"):
        load_model(config, None)


def test_draw__numbers_stand_in_the_cells() -> None:
    report = report_of(dict(a=[1.0, 0.0], b=[0.0, 0.0]), dict(a=[1.0, 0.0], b=[-3.0, 0.0]))
    figure = draw_gradients(report, title="toy")
    assert isinstance(figure, Figure)
    bars, heat, *_ = figure.axes
    assert [bar.get_width() for bar in bars.patches] == [1.0, 1.5]
    texts = [text.get_text() for text in heat.texts]
    assert texts == ["1.00", "-1.00\n+-0.00", "-1.00\n+-0.00", "1.00"]
