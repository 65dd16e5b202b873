"""Which pictures of a batch go together."""

import numpy as np
import pytest
import torch
from mmengine.structures import BaseDataElement

from argus.inference.batches import decoded_together, equal_shapes, padded_size, take_rows
from argus.inference.size_rule import Resized


def samples(*sizes: tuple[int, int], seen: tuple[int, int] = (1, 1)) -> list[BaseDataElement]:
    return [BaseDataElement(metainfo=dict(ori_shape=size, img_shape=seen)) for size in sizes]


@pytest.mark.parametrize(
    ("sizes", "by_size", "expected"),
    [
        ([(5, 10)] * 5, False, [[0, 1], [2, 3], [4]]),
        ([(50, 50), (5, 10), (5, 10)], False, [[0], [1, 2]]),  # one may be too large alone
        ([(5, 5), (5, 5), (4, 5), (5, 5)], True, [[0, 1], [2], [3]]),
        ([(5, 5), (5, 5), (4, 5), (5, 5)], False, [[0, 1, 2, 3]]),
        ([], False, []),
    ],
)
def test_decoded_together__few_pixels_at_once(
    sizes: list[tuple[int, int]], by_size: bool, expected: list[list[int]]
) -> None:
    found = decoded_together(samples(*sizes), max_pixels=100, by_size=by_size)
    assert list(found) == expected


def test_decoded_together__what_the_network_sees_counts_too() -> None:
    small = samples((2, 2), (2, 2), seen=(10, 10))
    assert list(decoded_together(small, max_pixels=100, by_size=False)) == [[0], [1]]


def test_equal_shapes__rows_in_order() -> None:
    images = [Resized(np.zeros((*size, 3)), (1.0, 1.0)) for size in [(2, 3), (3, 2), (2, 3)]]
    assert equal_shapes(images) == [[0, 2], [1]]


def test_take_rows__of_images_and_of_maps() -> None:
    batch = torch.arange(12.0).view(4, 3)
    assert take_rows(batch, [0, 1, 2, 3], 4) is batch
    assert torch.equal(take_rows(batch, [1, 2], 4), batch[1:3])
    maps = take_rows((batch, -batch), [3], 4)
    assert [one.tolist() for one in maps] == [[[9, 10, 11]], [[-9, -10, -11]]]


@pytest.mark.parametrize(("size", "expected"), [((32, 64), (32, 64)), ((33, 1), (64, 32))])
def test_padded_size__multiples(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert padded_size(np.zeros((*size, 3)), 32) == expected
