"""The depth decoder runs its head on the pictures that have depth, and on no other."""

import torch

from tests.mtv.tiny import batch, tiny_mtv


def test_head__runs_on_pictures_with_depth_alone() -> None:
    """Picture 0 has none: loss and gradients are those of the others without it."""
    found = []
    for indices in ([1, 0, 2, 5], [1, 2, 5]):
        model = tiny_mtv("depth")
        seen: list[int] = []
        model.decoders["depth"].head.register_forward_pre_hook(
            lambda module, inputs, seen=seen: seen.append(len(inputs[0][0]))
        )
        losses, logs = model({"pairs": batch(indices, tasks=("depth",))})
        losses["depth"].backward()
        assert seen == [3]
        assert logs["depth/images"] == 3 / len(indices)
        gradients = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
        found.append((losses["depth"].detach(), gradients))
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)


def test_head__does_not_run_without_any() -> None:
    model = tiny_mtv("depth")
    model.decoders["depth"].head.register_forward_pre_hook(lambda *_: 1 / 0)
    losses, logs = model({"pairs": batch([0, 4], tasks=("depth",))})
    assert losses["depth"] == 0 == logs["depth/images"]
