"""What keeps tensors from a model is told by kind, and not without end."""

import torch

from argus.storage.tensor_problems import tensor_problems


def test_problems__are_told_by_kind() -> None:
    own = dict(a=torch.zeros(2, 3), b=torch.zeros(1), c=torch.zeros(4))
    found = dict(a=torch.ones(3, 2), c=torch.ones(4), d=torch.ones(1))
    assert tensor_problems(own, found) == [
        "missing (1): b",
        "left over (1): d",
        "of another shape (1): a ((2, 3) in the model, (3, 2) in the file)",
    ]
    assert tensor_problems(own, own) == []


def test_problems__name_five_of_many() -> None:
    many = {f"w{number}": torch.zeros(1) for number in range(7)}
    assert tensor_problems(many, {}) == ["missing (7): w0, w1, w2, w3, w4, ..."]
