"""Self-distillation, KoLeo, centres and temperatures against NumPy, and lightly where it is."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from argus.mtv.centring import Centre, Temperature
from argus.mtv.losses.distillation import Distilled, distil, entropy, prototype_loss
from argus.mtv.losses.koleo import koleo_loss
from argus.mtv.masking import half_mask


def softmax(x: np.ndarray) -> np.ndarray:
    shifted = np.exp(x - x.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def scores(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape)).float()


def test_prototype_loss__is_the_cross_entropy_of_numpy() -> None:
    """Six crops against one view, each of them counted."""
    student, teacher = scores(4, 6, 9), scores(4, 9, seed=1)
    centre = Centre(9)
    centre.centre.copy_(scores(9, seed=2))
    target = centre.probabilities(teacher, temperature=0.05)
    found = prototype_loss(student, target[:, None], temperature=0.1)
    expected = np.zeros((4, 6))
    for i in range(4):
        wanted = softmax((teacher[i].double().numpy() - centre.centre.double().numpy()) / 0.05)
        for j in range(6):
            expected[i, j] = -(wanted * np.log(softmax(student[i, j].double().numpy() / 0.1))).sum()
    np.testing.assert_allclose(found.numpy(), expected, rtol=2e-5)


def test_prototype_loss__is_float32_under_autocast() -> None:
    student, target = scores(3, 8), scores(3, 8, seed=1).softmax(-1)
    plain = prototype_loss(student, target, temperature=0.1)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(prototype_loss(student, target, temperature=0.1), plain)


class MostScores(TorchDispatchMode):
    """Counts the rows of scores in the largest tensor that is made."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.rows = number, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        for value in found if isinstance(found, tuple | list) else [found]:
            if isinstance(value, torch.Tensor) and value.shape[-1:] == (self.number,):
                self.rows = max(self.rows, value.numel() // self.number)
        return found


def test_distil__in_chunks_is_that_of_the_whole() -> None:
    """Loss, sums and gradients; and no more rows of scores are in memory than a chunk."""
    rows, number, chunk = 23, 17, 8
    centre = Centre(number)
    centre.centre.copy_(scores(number, seed=2))
    embeddings, taught = scores(rows, 6), scores(rows, 6, seed=1)
    weight, other = scores(6, number, seed=3), scores(6, number, seed=4)

    def distilled(chunk: int | None) -> tuple[Distilled, tuple[torch.Tensor, ...]]:
        leaves = [value.clone().requires_grad_() for value in (embeddings, weight)]
        found = distil(
            leaves[0],
            taught,
            student_head=lambda x: x @ leaves[1],
            teacher_head=lambda x: x @ other,
            probabilities=lambda given: centre.probabilities(given, temperature=0.5),
            temperature=0.3,
            chunk=chunk,
        )
        return found, torch.autograd.grad(found.loss, leaves)

    whole, slopes = distilled(None)
    with MostScores(number) as most:
        found, chunked = distilled(chunk)
    assert most.rows == chunk
    torch.testing.assert_close(vars(found), vars(whole))
    torch.testing.assert_close(chunked, slopes)
    target = centre.probabilities(taught @ other, temperature=0.5)
    expected = prototype_loss(embeddings @ weight, target, temperature=0.3).mean()
    torch.testing.assert_close(whole.loss.detach(), expected)
    torch.testing.assert_close(whole.teacher_scores, (taught @ other).sum(0))
    torch.testing.assert_close(whole.student_scores, (embeddings @ weight).sum(0))
    torch.testing.assert_close(whole.entropy, entropy(target).mean())
    torch.testing.assert_close(whole.target, target.mean(0))


def test_lightly__has_the_same_losses() -> None:
    losses = pytest.importorskip("lightly.loss", reason="needs the extra oracles")
    student, teacher = scores(4, 6, 9), scores(4, 9, seed=1)
    target = Centre(9).probabilities(teacher, temperature=0.05)
    found = prototype_loss(student, target[:, None], temperature=0.1).mean()
    # It leaves out the student's view of the teacher's number: a dummy takes that place.
    dino = losses.DINOLoss(output_dim=9, warmup_teacher_temp_epochs=0, teacher_temp=0.05)
    views = [torch.zeros(4, 9), *student.unbind(1)]
    torch.testing.assert_close(found, dino([teacher], views, teacher_temp=0.05))
    embeddings = scores(7, 5)
    torch.testing.assert_close(koleo_loss(embeddings), losses.KoLeoLoss()(embeddings))


def test_entropy__of_one_and_of_all() -> None:
    found = entropy(torch.stack([torch.eye(4)[0], torch.full((4,), 0.25)]))
    torch.testing.assert_close(found, torch.tensor([0.0, np.log(4.0)]).float())


def test_koleo__is_that_of_numpy() -> None:
    embeddings = scores(8, 5)
    x = embeddings.double().numpy()
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    distances = np.linalg.norm(x[:, None] - x[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    expected = -np.log(distances.min(1) + 1e-8).mean()
    np.testing.assert_allclose(koleo_loss(embeddings).item(), expected, rtol=1e-5)
    torch.testing.assert_close(koleo_loss(embeddings * 7.0), koleo_loss(embeddings))


def test_koleo__of_equal_pictures_is_finite_and_does_not_pull_at_them() -> None:
    embeddings = scores(4, 5)
    embeddings[1] = embeddings[0]
    embeddings.requires_grad_()
    loss = koleo_loss(embeddings)
    (slopes,) = torch.autograd.grad(loss, embeddings)
    assert loss.isfinite() and slopes.isfinite().all()
    assert slopes[:2].abs().max() < 10 and slopes[2:].abs().sum() > 0
    assert koleo_loss(embeddings[:1]) == 0


def test_centre__moves_after_the_step_towards_the_mean() -> None:
    centre = Centre(3, momentum=0.9)
    first = torch.tensor([[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]])
    before = centre.probabilities(first, temperature=1.0)
    centre.see(first)
    assert torch.equal(centre.probabilities(first, temperature=1.0), before)
    centre.see(first + 6.0)  # another batch of the same step
    centre.move()
    torch.testing.assert_close(centre.centre, 0.1 * torch.tensor([5.0, 6.0, 7.0]))
    centre.see(first)  # of a step that is not taken
    centre.begin()
    centre.see(torch.zeros(1, 3))
    centre.move()
    torch.testing.assert_close(centre.centre, 0.09 * torch.tensor([5.0, 6.0, 7.0]))


def test_temperature__rises_and_stays() -> None:
    temperature = Temperature(0.04, 0.07, share=0.1)
    found = []
    for step in (0, 5, 10, 99):
        temperature.follow(step, 100)
        found.append(temperature.value)
    np.testing.assert_allclose(found, [0.04, 0.055, 0.07, 0.07])


@pytest.mark.parametrize(("grid", "block"), [((4, 4), 1), ((3, 5), 2), ((14, 14), 4)])
def test_mask__is_half_the_patches_of_every_picture(grid: tuple[int, int], block: int) -> None:
    torch.manual_seed(0)
    mask, places = half_mask(50, grid, block=block, device=torch.device("cpu"))
    assert torch.equal(mask.nonzero()[:, 1].reshape(50, -1), places)
    number = grid[0] * grid[1]
    assert mask.sum(1).eq(number // 2).all()
    assert len(mask.unique(dim=0)) > 20
    # In squares, neighbours agree more often than by chance.
    same = mask.reshape(-1, *grid)[:, :, 1:] == mask.reshape(-1, *grid)[:, :, :-1]
    assert (same.float().mean() > 0.6) == (block > 1)
