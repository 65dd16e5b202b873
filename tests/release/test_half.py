"""Which weights are rounded, and how far."""

import numpy as np
import torch

from argus.release.half import MAX_ERROR, in_half


def test_half__matrices_are_rounded_as_numpy_rounds_them() -> None:
    weight = torch.randn(40, 30, generator=torch.Generator().manual_seed(0))
    found = in_half(dict(weight=weight), {"weight"})["weight"]
    assert found.dtype == torch.float16
    assert np.array_equal(found.numpy(), weight.numpy().astype(np.float16))
    assert (found.float() - weight).abs().max() <= weight.abs().max() / 2048


def test_half__vectors_counters_and_buffers_stay() -> None:
    state = dict(bias=torch.rand(7), steps=torch.tensor([[5]]), table=torch.rand(3, 3))
    found = in_half(state, {"bias", "steps"})
    assert all(found[name] is tensor for name, tensor in state.items())


def test_half__what_it_cannot_hold_stays() -> None:
    good = torch.full((4, 4), 1.0)
    state = dict(large=good * 1e6, tiny=good * 1e-9, mixed=good.clone(), zero=good * 0)
    state["mixed"][0, 0] = 70_000.0
    found = in_half(state, state.keys())
    kept = {name for name, tensor in found.items() if tensor.dtype == torch.float32}
    assert kept == {"large", "tiny", "mixed"}
    # Small numbers beside larger ones may lose bits, as long as the tensor does not.
    state = dict(weight=torch.tensor([[1.0, 3e-8]]))
    found = in_half(state, {"weight"})
    assert found["weight"].dtype == torch.float16
    assert (found["weight"].float() - state["weight"]).norm() < MAX_ERROR
