import cv2
import numpy as np
import pytest
from PIL import Image

from argus.datasets.transforms import LoadBoundary, LoadDepth, LoadNormals, LoadSaliency
from argus.errors import DataError


def save(path, array):
    Image.fromarray(array).save(path)
    return str(path)


def results_for(loader, path, shape):
    return {"img_path": "a.jpg", loader.path_key: str(path), "ori_shape": shape}


def load(loader, path, shape):
    results = loader(results_for(loader, path, shape))
    return results[loader.label_key]


def unit_vectors(rng, *shape):
    vectors = rng.standard_normal((*shape, 3))
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_depth__millimetres_become_metres(tmp_path):
    stored = np.array([[0, 1, 1500], [9999, 10000, 65535]], np.uint16)
    depth = load(LoadDepth(), save(tmp_path / "d.png", stored), (2, 3))
    assert depth.dtype == np.float32
    expected = [[0, 0.001, 1.5], [9.999, 10, 65.535]]
    np.testing.assert_array_equal(depth, np.array(expected, np.float32))


def test_depth__out_of_range_is_unknown_and_limits_belong_to_the_range(tmp_path):
    stored = np.array([[0, 1, 1500], [9999, 10000, 10001]], np.uint16)
    loader = LoadDepth(depth_range=(0.001, 10.0))
    depth = load(loader, save(tmp_path / "d.png", stored), (2, 3))
    expected = [[0, 0.001, 1.5], [9.999, 10, 0]]
    np.testing.assert_array_equal(depth, np.array(expected, np.float32))


def test_depth__scale(tmp_path):
    path = save(tmp_path / "d.png", np.full((2, 3), 512, np.uint16))
    np.testing.assert_array_equal(load(LoadDepth(scale=256.0), path, (2, 3)), 2)


def test_depth__8_bit_picture_raises_unless_the_scale_fits(tmp_path):
    path = save(tmp_path / "d.png", np.full((2, 3), 51, np.uint8))
    with pytest.raises(DataError, match=r"d\.png: a depth map of 8 bits"):
        load(LoadDepth(), path, (2, 3))
    np.testing.assert_array_equal(load(LoadDepth(scale=25.5), path, (2, 3)), 2)


def test_normals__every_8_bit_vector_is_within_its_rounding(tmp_path):
    normals = unit_vectors(np.random.default_rng(0), 40, 50)
    path = save(tmp_path / "n.png", np.rint((normals * 0.5 + 0.5) * 255).astype(np.uint8))
    loaded = load(LoadNormals(), path, (40, 50))
    assert loaded.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(loaded, axis=-1), 1, atol=1e-6)
    assert np.abs(loaded - normals).max() < 2 / 255  # half a step, and the change of the length


def test_normals__channels_are_red_green_blue(tmp_path):
    path = save(tmp_path / "n.png", np.array([[[255, 128, 128], [128, 128, 255]]], np.uint8))
    loaded = load(LoadNormals(), path, (1, 2))
    np.testing.assert_allclose(loaded, [[[1, 0, 0], [0, 0, 1]]], atol=0.005)


def test_normals__16_bits_are_kept(tmp_path):
    normals = unit_vectors(np.random.default_rng(1), 20, 30)
    stored = np.rint((normals * 0.5 + 0.5) * 65535).astype(np.uint16)
    assert cv2.imwrite(str(tmp_path / "n.png"), stored[..., ::-1])
    loaded = load(LoadNormals(), tmp_path / "n.png", (20, 30))
    assert np.abs(loaded - normals).max() < 5e-5


@pytest.mark.parametrize("bits", [8, 16])
def test_normals__pixels_without_direction_are_zero(tmp_path, bits):
    top = 2**bits - 1
    dtype = np.uint8 if bits == 8 else np.uint16
    half = top // 2 + 1
    stored = np.array([[[top] * 3, [0] * 3, [half] * 3, [top, half, half]]], dtype)
    cv2.imwrite(str(tmp_path / "n.png"), stored)
    loaded = load(LoadNormals(), tmp_path / "n.png", (1, 4))
    np.testing.assert_array_equal(loaded[0, :3], 0)
    assert not LoadNormals().is_empty(loaded)
    assert LoadNormals().is_empty(loaded[:, :3])


def test_normals__grey_picture_raises(tmp_path):
    path = save(tmp_path / "n.png", np.zeros((3, 4), np.uint8))
    with pytest.raises(DataError, match=r"n\.png: expected an RGB image of normals"):
        load(LoadNormals(), path, (3, 4))


GOOD = {
    LoadDepth: np.full((4, 5), 1000, np.uint16),
    LoadNormals: np.full((4, 5, 3), 200, np.uint8),
    LoadBoundary: np.zeros((4, 5), np.uint8),
    LoadSaliency: np.zeros((4, 5), np.uint8),
}
LOADERS = {
    **{LoadDepth: LoadDepth(), LoadNormals: LoadNormals()},
    **{LoadBoundary: LoadBoundary(positive=1), LoadSaliency: LoadSaliency(positive=1)},
}
every_kind = pytest.mark.parametrize("kind", GOOD)


@every_kind
def test_load__another_size_than_the_image_raises(tmp_path, kind):
    path = save(tmp_path / "x.png", GOOD[kind])
    with pytest.raises(DataError, match=r"x\.png: the .* map is 5x4 .*its image 4x5"):
        load(LOADERS[kind], path, (5, 4))


@every_kind
def test_load__missing_and_damaged_files_raise(tmp_path, kind):
    with pytest.raises(DataError, match=r"x\.png: no such file"):
        load(LOADERS[kind], tmp_path / "x.png", (4, 5))
    noise = np.random.default_rng(0).integers(0, 2, (40, *GOOD[kind].shape[1:]))
    path = save(tmp_path / "y.png", noise.astype(GOOD[kind].dtype))
    content = (tmp_path / "y.png").read_bytes()
    load(LOADERS[kind], path, noise.shape[:2])
    for damaged in (b"", b"nothing", content[: len(content) // 2], content[:45]):
        (tmp_path / "y.png").write_bytes(damaged)
        with pytest.raises(DataError, match=r"y\.png: corrupt or truncated"):
            load(LOADERS[kind], path, noise.shape[:2])


@every_kind
def test_load__image_without_the_label_raises_with_the_remedy(kind):
    with pytest.raises(DataError, match=r"a\.jpg: the image has no .*require=.*IfPresent\(key="):
        LOADERS[kind](dict(img_path="a.jpg", ori_shape=(4, 5)))


@every_kind
def test_load__label_of_the_original_size_after_the_image_was_resized(tmp_path, kind):
    path = save(tmp_path / "x.png", GOOD[kind])
    results = results_for(LOADERS[kind], path, (4, 5)) | dict(img_shape=(32, 64))
    assert LOADERS[kind](results)[kind.label_key].shape[:2] == (4, 5)


def test_depth__below_zero_is_refused(tmp_path):
    stored = np.array([[1000, -2000], [0, 3]], np.int32)
    path = tmp_path / "d.tif"
    Image.fromarray(stored).save(path)
    with pytest.raises(DataError, match=r"a depth of -2 m, expected 0 \(unknown\) or more"):
        load(LoadDepth(), path, (2, 2))
