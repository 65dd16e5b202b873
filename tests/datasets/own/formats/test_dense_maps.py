"""Depth, normals, boundaries and saliency: pairs of files, units, values."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from argus.datasets.own import read_own, recognise
from argus.datasets.own.dense import OwnBoundary, OwnDepth, OwnNormals, OwnSaliency
from argus.datasets.own.loading import LoadOwnBoundary, LoadOwnDepth, LoadOwnSaliency
from argus.datasets.own.stored_depth import decode_npy
from argus.datasets.transforms import LoadImage, LoadNormals
from argus.errors import DataError
from tests.datasets.own.layouts import HEIGHT, WIDTH, halves, map_of, picture

METRES = np.where(halves(0, 1), 1.5, 3.25)
PARTS = ("train", "val")


def read(kind, load, root, key, **settings):
    """The maps of all pictures, each loaded."""
    found = [kind(data=str(root), split=part, **settings) for part in PARTS]
    infos = [d.get_data_info(i) for d in found for i in range(len(d))]
    return [load.transform(LoadImage().transform(info))[key] for info in infos]


def write(root, folder, save, end=".png"):
    for n in range(3):
        picture(root / f"images/{n}.png", seed=n)
        path = root / folder / f"{n}{end}"
        path.parent.mkdir(parents=True, exist_ok=True)
        save(path)
    return root


def save_png(path, scale):
    Image.fromarray((METRES * scale).astype(np.uint16)).save(path)


def test_depth__png_in_millimetres_or_the_stated_unit(tmp_path) -> None:
    write(tmp_path, "depth", lambda path: save_png(path, 1000))
    found = recognise(tmp_path)
    assert (found.kind, found.sure) == ("depth", False)
    assert "millimetres are assumed" in found.oddities[0] and "3.25 m" in found.oddities[0]
    for depth in read(OwnDepth, LoadOwnDepth(), tmp_path, "gt_depth"):
        np.testing.assert_array_equal(depth, METRES.astype(np.float32))
    for depth in read(OwnDepth, LoadOwnDepth(), tmp_path, "gt_depth", unit=500):
        np.testing.assert_array_equal(depth, 2 * METRES.astype(np.float32))


def test_depth__npy_and_tiff_in_metres(tmp_path) -> None:
    holes = METRES.copy()
    holes[0, :3] = (np.nan, np.inf, -1)
    write(tmp_path / "n", "depth", lambda p: np.save(p, holes[..., None]), ".npy")
    tiff = Image.fromarray(holes.astype(np.float32))
    write(tmp_path / "t", "depth", tiff.save, ".tiff")
    expected = METRES.copy()
    expected[0, :3] = 0
    for root in ("n", "t"):
        for depth in read(OwnDepth, LoadOwnDepth(), tmp_path / root, "gt_depth"):
            np.testing.assert_array_equal(depth, expected.astype(np.float32))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([dict(a=1)], object), "an array of object"),
        (np.zeros((2, 3, 4)), "expected height x width"),
        (np.zeros((2, 2), "U3"), "expected numbers"),
    ],
)
def test_npy__of_another_kind_is_refused(tmp_path, array, message) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(DataError, match=message):
        decode_npy((tmp_path / "a.npy").read_bytes())


def test_npy__whose_head_lies_asks_for_no_memory(tmp_path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2, 3)))
    content = (tmp_path / "a.npy").read_bytes().replace(b"(2, 3)", b"(9999999, 99999)"[:6])
    with pytest.raises(DataError, match="its size does not|no NPY file"):
        decode_npy(content.replace(b"(9999", b"(9, 9"))
    for end in range(0, 128, 7):
        with pytest.raises(DataError):
            decode_npy((tmp_path / "a.npy").read_bytes()[:end])


def test_depth__of_8_bits_is_a_picture(tmp_path) -> None:
    write(tmp_path, "depth", lambda path: map_of(path, halves(10, 200)))
    with pytest.raises(DataError, match="a depth map of 8 bits"):
        read(OwnDepth, LoadOwnDepth(), tmp_path, "gt_depth")


def test_depth__of_another_size_is_named(tmp_path) -> None:
    write(tmp_path, "depth", lambda p: np.save(p, METRES[1:]), ".npy")
    with pytest.raises(DataError, match="the depth map is 24x15"):
        read(OwnDepth, LoadOwnDepth(), tmp_path, "gt_depth")


def test_normals__are_read(tmp_path) -> None:
    colours = np.full((HEIGHT, WIDTH, 3), (128, 128, 255), np.uint8)
    write(tmp_path, "normals", lambda path: map_of(path, colours))
    for normals in read(OwnNormals, LoadNormals(), tmp_path, "gt_normals"):
        np.testing.assert_allclose(normals[0, 0], (0, 0, 1), atol=0.01)


@pytest.mark.parametrize("white", [1, 255])
def test_saliency__of_ones_or_white(tmp_path, white) -> None:
    write(tmp_path, "saliency", lambda path: map_of(path, halves(0, white)))
    for found in read(OwnSaliency, LoadOwnSaliency(), tmp_path, "gt_saliency"):
        assert (found == halves(0, 1)).all()


def test_saliency__of_masks_with_two_values(tmp_path) -> None:
    write(tmp_path, "masks", lambda path: map_of(path, halves(0, 255)))
    assert "semantic and for saliency" in " ".join(recognise(tmp_path).oddities)
    for found in read(OwnSaliency, LoadOwnSaliency(), tmp_path, "gt_saliency"):
        assert (found == halves(0, 1)).all()


def test_boundaries__of_several_people(tmp_path) -> None:
    """Three people: all drew the first column, one the second, two the third."""
    people = np.zeros((3, HEIGHT, WIDTH), np.uint8)
    people[:, :, 0] = people[0, :, 1] = people[:2, :, 2] = 1

    def save(path):
        cells = np.empty((1, 3), object)
        for i, person in enumerate(people):
            cells[0, i] = dict(Boundaries=person, Segmentation=person)
        savemat(path, dict(groundTruth=cells))

    write(tmp_path, "groundTruth", save, ".mat")
    assert recognise(tmp_path).kind == "boundary"
    for found in read(OwnBoundary, LoadOwnBoundary(), tmp_path, "gt_boundary"):
        assert found[0, :4].tolist() == [1, 255, 1, 0]
    for found in read(OwnBoundary, LoadOwnBoundary(agreement=None), tmp_path, "gt_boundary"):
        assert found.shape == (HEIGHT, WIDTH, 3)


def test_boundaries__as_pictures(tmp_path) -> None:
    write(tmp_path, "edges", lambda path: map_of(path, halves(0, 255)))
    for found in read(OwnBoundary, LoadOwnBoundary(), tmp_path, "gt_boundary"):
        assert (found == halves(0, 1)).all()


def test_unit__below_zero_is_refused(tmp_path) -> None:
    write(tmp_path, "depth", lambda path: save_png(path, 1000))
    with pytest.raises(DataError, match="unit=-1"):
        read_own(tmp_path, unit=-1)
