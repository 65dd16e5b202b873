"""Outlines in few bytes, which read as tuples of numbers."""

import sys
from array import array

import pytest

from argus.datasets.own.formats.coco_objects import with_arrays
from argus.datasets.own.record import OwnObject
from argus.datasets.own.ring import Ring

NUMBERS = (1.0, 2.5, 3.0, 4.0, 0.1, 6.0)


def test_ring__is_its_tuple() -> None:
    ring = Ring(NUMBERS)
    assert ring == NUMBERS and NUMBERS == ring and ring != NUMBERS[:4] and ring == Ring(ring)
    assert ring[::2] == (1.0, 3.0, 0.1) and ring[-1] == 6.0 and list(ring) == list(NUMBERS)
    assert hash(ring) == hash(NUMBERS) and repr(ring) == repr(NUMBERS)
    assert OwnObject(name="a", polygons=[NUMBERS]) == OwnObject(name="a", polygons=(ring,))
    assert OwnObject(name="a", polygons=[NUMBERS]).mask == [list(NUMBERS)]


def test_ring__takes_a_third_of_the_bytes() -> None:
    numbers = [float(n) for n in range(1000)]
    as_tuple = sys.getsizeof(tuple(numbers)) + sum(map(sys.getsizeof, numbers))
    kept = array("d", numbers)
    ring = Ring(kept)
    assert ring._values is kept, "an array is not copied"
    assert sys.getsizeof(ring._values) + sys.getsizeof(ring) < as_tuple / 3


@pytest.mark.parametrize("wrong", [[["1", 2]], [[None]], [2, 3], [], {}, None, [[10**400]]])
def test_arrays__what_is_no_list_of_numbers_stays(wrong: object) -> None:
    assert with_arrays(dict(segmentation=wrong)) == dict(segmentation=wrong)
    assert with_arrays(dict(segmentation=[[1, 2.5]])) == dict(segmentation=[array("d", [1, 2.5])])
