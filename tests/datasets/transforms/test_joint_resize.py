import mmcv
import numpy as np
import pytest
from mmcv.transforms import RandomResize, Resize

from argus.datasets.seeding import isolated_rng
from argus.datasets.transforms import JointRandomResize, JointResize
from argus.datasets.transforms.joint_maps import LABEL_FILL
from argus.errors import ConfigError
from tests.datasets.transforms.maps import copied, expected_labels, place_maps


def nearest_places(old, new):
    """Index of the pixel in which the centre of each new pixel falls, and whether it is a tie."""
    places = (np.arange(new) + 0.5) * old / new
    return np.floor(places).astype(int), np.isclose(places, np.rint(places))


@pytest.mark.parametrize(("width", "height"), [(90, 75), (31, 47), (61, 49), (13, 200)])
def test_resize__labels_are_the_pixels_below_the_new_centres(width, height):
    source = place_maps(50, 60)
    results = JointResize((width, height))(copied(source))
    rows, row_tied = nearest_places(50, height)
    cols, col_tied = nearest_places(60, width)
    expected = expected_labels(source, *np.meshgrid(rows, cols, indexing="ij"))
    untied = ~(row_tied[:, None] | col_tied)  # at a border either neighbour is the nearest
    assert untied.any()
    for key in LABEL_FILL:
        np.testing.assert_array_equal(results[key][untied], expected[key][untied], err_msg=key)


@pytest.mark.parametrize("ratio", [0.5, 0.73, 1.31, 2.0])
def test_resize__labels_stay_aligned_with_the_image(ratio):
    # Image and depth hold their places; where the image is not clipped at the border, its
    # interpolated place lies within half an old pixel of the label's.
    source = place_maps(80, 100)
    results = JointResize((round(100 * ratio), round(80 * ratio)))(copied(source))
    inner = (slice(3, -3), slice(3, -3))
    row = np.floor(results["gt_depth"])[inner] - 1
    col = results["gt_seg_map"][inner].astype(float)
    image = results["img"][inner].astype(float)
    rounding = 0.5  # of the image to integers
    for found, label in ((image[..., 1], row), (image[..., 0], col)):
        assert np.abs(found - label).max() <= 0.5 + rounding
        # No shift over the whole picture, as a corner-based grid would have.
        assert abs((found - label).mean()) < 0.3


def test_resize__scale_as_mmcv():
    image = np.random.default_rng(0).integers(0, 255, (50, 70, 3)).astype(np.uint8)
    for keep_ratio in (False, True):
        for scale in ((64, 32), (32, 64), (200, 90)):
            expected = Resize(scale=scale, keep_ratio=keep_ratio)(
                dict(img=image, img_shape=(50, 70))
            )
            results = JointResize(scale, keep_ratio=keep_ratio)(dict(img=image))
            np.testing.assert_array_equal(results["img"], expected["img"])
            assert results["img_shape"] == expected["img_shape"]
            assert results["scale_factor"] == expected["scale_factor"]
            assert results["keep_ratio"] == expected["keep_ratio"]


@pytest.mark.parametrize(
    ("options", "size", "expected"),
    [
        (dict(short_side=240), (640, 480), (320, 240)),
        (dict(short_side=240), (480, 640), (240, 320)),
        (dict(short_side=480, max_long_side=500), (640, 480), (500, 375)),
        (dict(multiple=32), (560, 425), (576, 416)),
        (dict(multiple=32), (10, 10), (32, 32)),
        (dict(short_side=100, multiple=32), (200, 150), (128, 96)),
        (dict(scale=(100, 70), multiple=32), (640, 480), (96, 64)),
    ],
)
def test_resize__new_size(options, size, expected):
    assert JointResize(**options).new_size(*size) == expected


def test_resize__scale_factor_is_width_height_of_all_resizings():
    results = JointResize((120, 50))(place_maps(50, 60))
    assert results["scale_factor"] == (2.0, 1.0)
    results = JointResize((60, 25))(results)
    assert results["scale_factor"] == (1.0, 0.5)


@pytest.mark.parametrize(
    "options",
    [
        dict(),
        dict(scale=(4, 4), short_side=3),
        dict(scale=(4, 4), max_long_side=3),
        dict(scale=4),
        dict(scale=(4, 0)),
    ],
)
def test_resize__contradictions_raise(options):
    with pytest.raises(ConfigError, match="JointResize"):
        JointResize(**options)


def test_random__own_size_times_a_factor_within_the_range():
    transform = JointRandomResize((0.5, 2.0))
    widths = []
    for seed in range(200):
        with isolated_rng(seed):
            results = transform(dict(img=np.zeros((40, 100, 3), np.uint8)))
        height, width = results["img_shape"]
        assert abs(width / 100 - height / 40) < 0.03
        widths.append(width)
    assert 50 <= min(widths) < 55 and 195 < max(widths) <= 200
    assert abs(np.mean(widths) - 125) < 8  # evenly


def test_random__scale_as_mmcv():
    image = np.random.default_rng(0).integers(0, 255, (50, 70, 3)).astype(np.uint8)
    for keep_ratio in (False, True):
        stock = RandomResize(
            scale=(128, 64), ratio_range=(0.5, 2.0), resize_type=Resize, keep_ratio=keep_ratio
        )
        ours = JointRandomResize((0.5, 2.0), scale=(128, 64), keep_ratio=keep_ratio)
        for seed in range(10):
            with isolated_rng(seed):
                expected = stock(dict(img=image, img_shape=(50, 70)))
            with isolated_rng(seed):
                results = ours(dict(img=image))
            np.testing.assert_array_equal(results["img"], expected["img"])


@pytest.mark.parametrize("scale", [None, (90, 75)])
def test_random__depth_is_divided_by_the_zoom_and_by_nothing_else(scale):
    source = place_maps(50, 60)
    source["gt_depth"][10] = 0
    for seed in range(5):
        with isolated_rng(seed):
            plain = JointRandomResize((0.5, 2.0), scale=scale)(copied(source))
        with isolated_rng(seed):
            divided = JointRandomResize((0.5, 2.0), scale=scale, divide_depth=True)(copied(source))
        known = plain["gt_depth"] > 0
        assert (divided["gt_depth"] > 0).tolist() == known.tolist()
        zoom = plain["gt_depth"][known] / divided["gt_depth"][known]
        assert zoom.std() < 1e-5
        height, width = plain["img_shape"]
        assert abs(zoom.mean() - width / 60) <= 0.5 / 60 + 1e-6
        assert abs(zoom.mean() - height / 50) <= 0.5 / 50 + 1e-6
        np.testing.assert_array_equal(divided["gt_normals"], plain["gt_normals"])


@pytest.mark.parametrize(
    "options",
    [
        dict(ratio_range=(2.0, 0.5)),
        dict(ratio_range=(0, 1)),
        dict(ratio_range=(1.0,)),
        dict(ratio_range=(1, 2), scale=(4,)),
        dict(ratio_range=(1, 2), scale=(4, 4), keep_ratio=False, divide_depth=True),
    ],
)
def test_random__contradictions_raise(options):
    with pytest.raises(ConfigError, match="JointRandomResize"):
        JointRandomResize(**options)


def test_random__tiny_image_keeps_a_pixel():
    results = JointRandomResize((0.01, 0.01))(dict(img=np.zeros((4, 5, 3), np.uint8)))
    assert results["img"].shape == (1, 1, 3)
    assert mmcv.rescale_size((5, 4), 0.01) == (0, 0)
