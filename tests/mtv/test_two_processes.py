"""Two processes give the losses and gradients of one with the whole batch."""

from unittest import mock

import pytest
import torch
from torch import Tensor

from argus.mtv.decoders import self_supervised
from tests.mtv.two_processes import (
    SEED,
    SUBSETS,
    WHOLE,
    run_two_processes,
    seeded,
    sigmoid_gradients,
    step,
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """Results of all scenarios, by rank."""
    return run_two_processes(tmp_path_factory.mktemp("pair"))


def test_sigmoid_loss__is_that_of_the_whole_batch(pair: list[dict]) -> None:
    """With three valid rows of four in one process, and one in the other."""
    loss, *expected = sigmoid_gradients(slice(0, 8))
    first, second = (part["sigmoid"] for part in pair)
    torch.testing.assert_close((first[0] + second[0]) / 2, loss)
    for place, whole in enumerate(expected, start=1):
        parts = first[place] / 2, second[place] / 2  # DDP averages
        found = torch.cat(parts) if whole.ndim else sum(parts)
        torch.testing.assert_close(found, whole, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("tasks", SUBSETS, ids="+".join)
def test_gradients__are_those_of_the_whole_batch(pair: list[dict], tasks: tuple[str, ...]) -> None:
    """Under DDP as it is; the first process has neither regions nor depth."""
    real = self_supervised.half_mask

    def like_two(num_images: int, *args, **kwargs) -> list[Tensor]:
        """Masks as two processes draw them, from one seed each."""
        state = torch.get_rng_state()
        first = real(num_images // 2, *args, **kwargs)
        torch.set_rng_state(state)
        second = real(num_images // 2, *args, **kwargs)
        return [torch.cat(parts) for parts in zip(first, second, strict=True)]

    with mock.patch.object(self_supervised, "half_mask", like_two):
        torch.manual_seed(SEED)
        whole = step(seeded(*tasks), WHOLE)
    first, second = (part["+".join(tasks)] for part in pair)
    assert set(first) == set(second) == set(whole)
    for name, expected in whole.items():
        assert torch.equal(first[name], second[name]), name
        torch.testing.assert_close(first[name], expected, rtol=1e-3, atol=2e-5, msg=name)
