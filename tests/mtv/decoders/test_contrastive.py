"""What the contrastive decoder takes from samples."""

import torch

from argus.mtv.batch import Caption
from argus.mtv.decoders.contrastive import known_texts

CPU = torch.device("cpu")


def test_known_texts__are_those_of_each_picture() -> None:
    ids = torch.zeros(4, dtype=torch.int64)
    samples = [Caption(ids=ids, known=torch.tensor(keys)) for keys in ([3], [5, 4, 9], [7, 8])]
    found = known_texts(samples, CPU)
    assert found is not None and found.shape == (3, 3)
    assert [set(row) for row in found.tolist()] == [{3}, {5, 4, 9}, {7, 8}]
    assert known_texts([*samples, Caption(ids=ids)], CPU) is None
    assert known_texts([], CPU) is None
