import itertools

import numpy as np
import pytest

from argus.datasets.convert.normals import (
    Axes,
    AxesFinder,
    decode,
    encode,
    find_axes,
    parse_axes,
)
from argus.errors import ConfigError, DataError
from tests.datasets.convert.rooms import CEILING, FLOOR, WALL, room

ALL_AXES = [
    ",".join(sign + name for sign, name in zip(signs, names, strict=True))
    for names in itertools.permutations("xyz")
    for signs in itertools.product(("", "-"), repeat=3)
]


def stored_as(axes: Axes, normals: np.ndarray) -> np.ndarray:
    """The inverse of ``Axes.convert``."""
    stored = np.empty_like(normals)
    for axis, (channel, sign) in enumerate(zip(axes.channels, axes.signs, strict=True)):
        stored[..., channel] = sign * normals[..., axis]
    return stored


def finder() -> AxesFinder:
    return AxesFinder(up=(FLOOR,), down=(CEILING,), walls=(WALL,))


def test_room__what_is_seen_faces_the_viewer() -> None:
    normals, classes, depth = room(yaw=0.3, pitch=-0.2)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=2), 1, rtol=1e-6)
    rows, columns = np.mgrid[:48, :64]
    rays = np.stack([(columns - 31.5) / 51.2, -(rows - 23.5) / 51.2, -np.ones((48, 64))], -1)
    assert ((normals * rays).sum(-1) < 0).all()
    assert (normals[classes == FLOOR][:, 1] > 0.9).all()
    assert (normals[classes == CEILING][:, 1] < -0.9).all()
    assert depth.min() > 0.5


@pytest.mark.parametrize("text", ALL_AXES)
def test_find_axes__each_of_the_48_conventions(text: str) -> None:
    axes = parse_axes(text)
    assert axes.to_text() == text
    rng = np.random.default_rng(0)
    pairs = []
    for yaw, pitch in zip(np.linspace(-0.6, 0.6, 7), np.linspace(-0.4, 0.1, 7), strict=True):
        normals, classes, _ = room(yaw=yaw, pitch=pitch)
        normals = normals + rng.normal(0, 0.1, normals.shape).astype(np.float32)
        pairs.append((stored_as(axes, normals), classes))
        np.testing.assert_allclose(axes.convert(pairs[-1][0]), normals)
    assert find_axes(pairs, finder()) == axes


def test_find_axes__what_does_not_tell_is_an_error() -> None:
    normals, classes, _ = room()
    with pytest.raises(DataError, match="cannot be told from 0 pictures.*--normal-axes"):
        finder().find()
    with pytest.raises(DataError, match=r"cannot be told from 1 picture \(0 with a floor"):
        find_axes([(normals, np.zeros_like(classes))], finder())
    rng = np.random.default_rng(0)
    noise = decode(rng.normal(size=normals.shape))
    with pytest.raises(DataError, match="cannot be told"):
        find_axes([(noise, classes)], finder())


@pytest.mark.parametrize("text", ["", "x,y", "x,y,y", "x,y,w", "x y z", "x,y,--z"])
def test_parse_axes__malformed(text: str) -> None:
    with pytest.raises(ConfigError, match="--normal-axes"):
        parse_axes(text)


def test_encode__round_trip_within_half_a_level() -> None:
    normals, _, _ = room(yaw=0.4, pitch=-0.3)
    normals[:3] = 0
    picture = encode(normals)
    assert (picture[:3] == 128).all()
    back = decode(picture)
    assert not back[:3].any()
    cosine = (back[3:] * normals[3:]).sum(-1).clip(-1, 1)
    assert np.degrees(np.arccos(cosine)).max() < 0.5
    np.testing.assert_array_equal(encode(np.array([[[0.0, 0.0, 1.0]]])), [[[128, 128, 255]]])


def test_decode__unknown_pixels() -> None:
    picture = np.array([[[0, 0, 0], [255, 255, 255], [128, 128, 128], [255, 128, 128]]], np.uint8)
    known = np.linalg.norm(decode(picture), axis=2) > 0
    np.testing.assert_array_equal(known, [[False, False, False, True]])
    floats = np.array([[[np.nan, 0, 1], [np.inf, 0, 0], [0, 0, 0.01], [0, 3.0, 4.0]]])
    np.testing.assert_allclose(decode(floats)[0, 3], [0, 0.6, 0.8])
    assert not decode(floats)[0, 1:3].any()


def test_decode__channels_first_and_wrong_shapes() -> None:
    normals, _, _ = room()
    np.testing.assert_array_equal(decode(np.moveaxis(normals, 2, 0)), decode(normals))
    with pytest.raises(DataError, match="expected"):
        decode(normals[..., 0])
