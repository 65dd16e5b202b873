"""Grad-CAM by its equations: computed by hand, on linear models, and on a small trained one."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from torch import Tensor, nn

import tests.toy as toy
from argus.analysis.grad_cam import METHODS, Explainer, combine, draw_explanations, weighted_maps
from argus.analysis.loaded_model import LoadedModel, load_model
from argus.errors import ConfigError
from argus.models.decoders import AttentivePooling
from tests.learning import learn


def leaf(*values: list) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_weighted_maps__by_hand() -> None:
    # One image, two channels of 1 x 2: y = A_0,0^2 - 3 A_1,1.
    maps = leaf([[[2.0, 5.0]], [[1.0, 4.0]]])
    score = maps[0, 0, 0, 0] ** 2 - 3 * maps[0, 1, 0, 1]
    # Gradients (4, 0) and (0, -3); alpha = 2 and -1.5.
    (found,) = weighted_maps(score, [maps], method="grad-cam")
    assert found.tolist() == [[[2.0 * 2 - 1.5 * 1, 2.0 * 5 - 1.5 * 4]]]
    score = maps[0, 0, 0, 0] ** 2 - 3 * maps[0, 1, 0, 1]
    (found,) = weighted_maps(score, [maps], method="hires-cam")
    assert found.tolist() == [[[4.0 * 2, -3.0 * 4]]]
    assert combine([found], (1, 2)).tolist() == [[[8.0, 0.0]]]


@pytest.mark.parametrize("method", METHODS)
def test_weighted_maps__linear_model_is_the_class_activation_map(method: str) -> None:
    """With global pooling, Grad-CAM is CAM (Selvaraju et al., section 3.1), here over Z."""
    maps, weight = torch.randn(2, 5, 3, 4, requires_grad=True), torch.randn(5)
    score = (maps.mean((2, 3)) @ weight).sum()
    (found,) = weighted_maps(score, [maps], method=method)
    expected = torch.einsum("bkhw,k->bhw", maps, weight) / 12
    assert torch.allclose(found, expected.detach(), atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_weighted_maps__a_coarse_map_counts_as_the_mean_of_its_cells(method: str) -> None:
    """Maps of two strides give what one map of all channels at the fine stride gives."""
    fine, coarse = torch.rand(1, 2, 4, 4), torch.rand(1, 3, 2, 2)
    weights = torch.randn(2, 4, 4), torch.randn(3, 2, 2)

    def score_of(fine: Tensor, coarse: Tensor) -> Tensor:
        return (fine[0] * weights[0]).sum() + (coarse[0] * weights[1]).sum()

    apart = [fine.clone().requires_grad_(), coarse.clone().requires_grad_()]
    levels = weighted_maps(score_of(*apart), apart, method=method)
    enlarged = nn.functional.interpolate(coarse, scale_factor=2, mode="nearest")
    joined = torch.cat([fine, enlarged], 1).requires_grad_()
    score = score_of(joined[:, :2], nn.functional.avg_pool2d(joined[:, 2:], 2))
    (expected,) = weighted_maps(score, [joined], method=method)
    nearest = nn.functional.interpolate(levels[1][None], scale_factor=2, mode="nearest")[0]
    assert torch.allclose(levels[0] + nearest, expected, atol=1e-6)


def test_weighted_maps__unused_map_is_zero() -> None:
    used, unused = torch.rand(1, 2, 2, 2, requires_grad=True), torch.rand(1, 2, 1, 1)
    found = weighted_maps(used.sum(), [used, unused.requires_grad_()], method="grad-cam")
    assert found[1].tolist() == [[[0.0]]]


@pytest.mark.parametrize("method", METHODS)
def test_weighted_maps__of_the_pooler_agree_with_finite_differences(method: str) -> None:
    torch.manual_seed(0)
    pooler = AttentivePooling(4, 2, levels=(0, 1)).double()
    head = torch.randn(4, dtype=torch.float64)
    maps = [torch.randn(1, 4, 2, 2, dtype=torch.float64), torch.randn(1, 4, 1, 1).double()]

    def score_of(maps: list[Tensor]) -> Tensor:
        return pooler(maps)[0][0] @ head

    leaves = [feature.clone().requires_grad_() for feature in maps]
    found = weighted_maps(score_of(leaves), leaves, method=method)
    step = 1e-6
    for level, feature in enumerate(maps):
        slopes = torch.zeros_like(feature)
        for index in np.ndindex(*feature.shape):
            sides = []
            for sign in (1, -1):
                moved = [m.clone() for m in maps]
                moved[level][index] += sign * step
                sides.append(score_of(moved).item())
            slopes[index] = (sides[0] - sides[1]) / (2 * step)
        alpha = slopes.sum((2, 3), keepdim=True) / 4
        if method == "hires-cam":
            alpha = slopes * feature[0, 0].numel() / 4
        assert torch.allclose(found[level], (alpha * feature).sum(1), atol=1e-7)


def pictures(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor, list[int]]:
    """Grey noise with a square of one of two colours: images, labels, left edge of the square."""
    images = torch.rand(count, 3, 64, 64, generator=generator) * 0.3
    labels = torch.randint(0, 2, (count,), generator=generator)
    lefts = [int(4 * torch.randint(0, 12, (), generator=generator)) for _ in range(count)]
    for image, label, left in zip(images, labels, lefts, strict=True):
        image[2 * int(label), 24:40, left : left + 16] = 1.0
    return images, labels, lefts


@pytest.mark.parametrize("method", METHODS)
def test_weighted_maps__trained_pooler_looks_at_the_object(method: str) -> None:
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    stem = nn.Sequential(nn.Conv2d(3, 16, 4, 4), nn.ReLU())
    pooler, head = AttentivePooling(16, 2, levels=(0,)), nn.Linear(16, 2)
    parameters = [p for part in (stem, pooler, head) for p in part.parameters()]

    def loss() -> Tensor:
        images, labels, _ = pictures(16, generator)
        return nn.functional.cross_entropy(head(pooler([stem(images)])[0]), labels)

    learn(parameters, loss, steps=120, rate=3e-3)
    images, labels, lefts = pictures(16, generator)
    maps = stem(images).detach().requires_grad_()
    logits = head(pooler([maps])[0])
    assert (logits.argmax(1) == labels).float().mean() > 0.9
    score = logits.gather(1, labels[:, None]).sum()
    heat = combine(weighted_maps(score, [maps], method=method), (64, 64))
    on, off = [], []
    for row, left in zip(heat, lefts, strict=True):
        inside = torch.zeros(64, 64, dtype=torch.bool)
        inside[24:40, left : left + 16] = True
        on.append(row[inside].mean().item())
        off.append(row[~inside].mean().item())
    assert np.mean(on) > 3 * np.mean(off)


@pytest.fixture
def loaded(tmp_path) -> LoadedModel:
    return load_model(ConfigDict(toy.toy_config(tmp_path)), None)


def test_explainer__size_label_and_probability(loaded: LoadedModel) -> None:
    explain = Explainer(loaded)
    assert explain.task == "classification" and explain.classes == ("red", "green", "blue")
    image = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    best = explain(image)
    assert best.heat.shape == (40, 50) and best.heat.dtype == np.float32 and best.heat.min() >= 0
    assert np.array_equal(best.image, image)
    others = [explain(image, name=name) for name in explain.classes]
    assert sum(other.probability for other in others) == pytest.approx(1.0, abs=1e-5)
    assert best.probability == max(other.probability for other in others)
    assert np.array_equal(others[best.label].heat, best.heat)


def test_explainer__agrees_with_the_prediction_of_the_library(loaded: LoadedModel) -> None:
    """The picture goes the way that it goes in a test: channel order, normalisation, padding."""
    from mmpretrain.structures import DataSample

    image = np.random.default_rng(1).integers(0, 255, (64, 32, 3), dtype=np.uint8)
    bgr = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1)
    batch = dict(inputs=[bgr], data_samples=[DataSample()])
    (sample,) = loaded.model.eval().predict("classification", batch)
    found = Explainer(loaded)(image)
    assert found.probability == pytest.approx(sample.pred_score.max().item(), abs=1e-5)
    assert found.label == int(sample.pred_label)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda m: Explainer(m, task="semantic"), r"'semantic' is no classification task"),
        (lambda m: Explainer(m, method="cam"), r"method: expected one of .*found 'cam'"),
        (lambda m: Explainer(m)(np.zeros((8, 8, 3), np.uint8), name="gren"), "mean 'green'"),
        (lambda m: Explainer(m)(np.zeros((8, 8, 3), np.uint8), name="zebra"), "red, green, blue"),
    ],
)
def test_explainer__mistakes(act: Callable, words: str, loaded: LoadedModel) -> None:
    with pytest.raises(ConfigError, match=words):
        act(loaded)


def test_explainer__without_a_classifier(tmp_path) -> None:
    config = ConfigDict(toy.toy_config(tmp_path))
    with pytest.raises(ConfigError, match=r"needs a classification task .*found none"):
        Explainer(load_model(config, None, tasks=["semantic"]))


def test_draw__a_row_per_picture(loaded: LoadedModel) -> None:
    explain = Explainer(loaded)
    dark = explain(np.zeros((32, 32, 3), np.uint8))
    sheet = draw_explanations([{"a": dark, "b": dark}, {"a": dark, "b": dark}])
    assert sheet.dtype == np.uint8 and sheet.shape[1] > 3 * 400 and sheet.shape[0] > 2 * 400
