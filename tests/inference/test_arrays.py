"""Arrays of any type as pictures, by rules that guess nothing."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch

from argus.errors import DataError
from argus.inference.arrays import array_to_rgb, tensor_to_rgb

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (4, 6, 3), np.uint8)


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32, np.int64, np.uint32, np.uint64])
def test_integers__are_values_in_0_255(kind: type) -> None:
    small = RGB // 2  # what int8 can hold
    np.testing.assert_array_equal(array_to_rgb(small.astype(kind)), small)


def test_uint8__is_not_copied() -> None:
    assert array_to_rgb(RGB) is RGB or np.shares_memory(array_to_rgb(RGB), RGB)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats__are_shares_or_values(kind: type) -> None:
    np.testing.assert_array_equal(array_to_rgb((RGB / 255).astype(kind)), RGB)
    np.testing.assert_array_equal(array_to_rgb(RGB.astype(kind)), RGB)


def test_floats__are_rounded_not_cut() -> None:
    found = array_to_rgb(np.full((1, 1), 127.6))
    assert (found == 128).all()


def test_floats__no_value_above_one_are_shares() -> None:
    assert (array_to_rgb(np.ones((2, 2))) == 255).all()
    assert (array_to_rgb(np.array([[1.0, 2.5]])) == [[[1], [2]]]).all()


def test_uint16__is_scaled_as_16_bit_files_are() -> None:
    values = np.array([[0, 255, 256, 65535]], np.uint16)
    np.testing.assert_array_equal(array_to_rgb(values)[0, :, 0], [0, 0, 1, 255])
    assert not array_to_rgb(np.zeros((2, 3), np.uint16)).any()


@pytest.mark.parametrize("order", "<>")
def test_uint16__of_either_byte_order(order: str) -> None:
    values = np.array([[256, 4096, 65535]]).astype(f"{order}u2")
    np.testing.assert_array_equal(array_to_rgb(values)[0, :, 0], [1, 16, 255])
    with pytest.raises(DataError, match=r"black in \[0, 65535\]"):
        array_to_rgb(values.clip(0, 255))


@pytest.mark.parametrize(("most", "is_dim"), [(4095, True), (1023, True), (4096, False)])
def test_uint16__of_12_bits_is_told(most: int, is_dim: bool) -> None:
    values = np.array([[0, 300, most]], np.uint16)
    expected = pytest.warns(UserWarning, match="no value above 4095") if is_dim else nullcontext()
    with expected:
        np.testing.assert_array_equal(array_to_rgb(values)[0, :, 0], [0, 1, most >> 8])


def test_subclasses__are_the_arrays_that_they_hold() -> None:
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.asmatrix(RGB[..., 0])
    np.testing.assert_array_equal(array_to_rgb(matrix)[..., 1], RGB[..., 0])


def test_bool__is_black_and_white() -> None:
    np.testing.assert_array_equal(array_to_rgb(np.array([[True, False]]))[0, :, 1], [255, 0])


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 4)])
def test_shapes__grey_is_replicated_and_alpha_dropped(shape: tuple[int, ...]) -> None:
    array = RNG.integers(0, 256, shape, np.uint8)
    found = array_to_rgb(array)
    assert found.shape == (4, 6, 3) and found.flags["C_CONTIGUOUS"]
    expected = array[..., :3] if array.ndim == 3 else array[..., None]
    np.testing.assert_array_equal(found, np.broadcast_to(expected, found.shape))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((3, 4, 6)), r"shape \(3, 4, 6\).*array.transpose\(1, 2, 0\)"),
        (np.zeros((2, 4, 6, 3)), r"list\(array\)"),
        (np.zeros((4, 6, 5)), r"expected \(H, W, 3\)"),
        (np.zeros(4), r"shape \(4,\)"),
        (np.zeros((0, 6, 3)), "no pixels"),
        (np.full((2, 2), -0.5), r"\[-0.5, -0.5\].*looks normalised"),
        (np.full((2, 2), 300), r"\[300, 300\], expected \[0, 255\]"),
        (np.array([[0.5, np.nan]]), "not a number"),
        (np.array([[0.5, np.inf]]), "expected"),
        (np.zeros((2, 2), complex), "complex128 is no picture"),
        (np.array([["a"]]), "is no picture"),
        (np.array([[0.0, 1.1]]), r"in \[0, 1.1\].*array.clip\(0, 1\)"),
        (np.array([[0, 255]], np.uint16), r"in \[0, 255\].*array.astype\(np.uint8\)"),
    ],
)
def test_arrays__that_are_no_picture(array: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        array_to_rgb(array)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.float32, torch.bfloat16])
def test_tensors__of_both_layouts(dtype: torch.dtype) -> None:
    last = torch.from_numpy(RGB).to(dtype)
    np.testing.assert_array_equal(tensor_to_rgb(last), RGB)
    np.testing.assert_array_equal(tensor_to_rgb(last.permute(2, 0, 1)), RGB)
    np.testing.assert_array_equal(tensor_to_rgb(last[..., 0])[..., 2], RGB[..., 0])


def test_tensors__of_three_rows_have_the_channels_first() -> None:
    first = torch.from_numpy(RNG.integers(0, 256, (3, 5, 3), np.uint8))
    np.testing.assert_array_equal(tensor_to_rgb(first), first.permute(1, 2, 0).numpy())


def test_tensors__with_gradients() -> None:
    shares = torch.rand(3, 4, 6, requires_grad=True)
    assert tensor_to_rgb(shares).shape == (4, 6, 3)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(3, 4, 6).to_sparse(),
        torch.zeros(3, 4, 6, device="meta"),
        torch.zeros(3, 4, 6, dtype=torch.complex64).conj(),
    ],
    ids=["sparse", "meta", "conjugate"],
)
def test_tensors__that_hold_no_numbers(tensor: torch.Tensor) -> None:
    with pytest.raises(DataError, match="is no picture"):
        tensor_to_rgb(tensor)
