"""Pictures of depth, normals, boundaries and saliency: colours of known pixels."""

import numpy as np
import pytest

from argus.visualization import compare, find_kind, render
from argus.visualization.colormap import color_table
from argus.visualization.depth import find_range
from argus.visualization.normals import normal_colors
from argus.visualization.palette import UNKNOWN, YELLOW

from . import dense_samples as toy
from .samples import GREY_LEVEL, SIZE, grey_image

VIRIDIS = color_table("viridis")
MAKERS = {
    "depth": toy.depth_sample,
    "normals": toy.normals_sample,
    "boundary": lambda: toy.binary_sample("boundary"),
    "saliency": lambda: toy.binary_sample("saliency"),
    "anomaly": toy.anomaly_sample,
    "panoptic": toy.panoptic_sample,
}


def draw(sample, source="pred", **options) -> np.ndarray:
    return render(grey_image(), sample, classes=("ball", "cone", "sky"), source=source, **options)


def is_color(pixels: np.ndarray, color) -> bool:
    return bool((pixels == np.array(color)).all())


def test_depth__colour_is_that_of_the_number():
    picture = draw(toy.depth_sample(), "gt")
    # Near is bright.
    assert is_color(picture[110:590, 10:390], VIRIDIS[255])
    assert is_color(picture[110:590, 410:790], VIRIDIS[0])
    assert is_color(picture[10:90, 10:790], UNKNOWN)


def test_depth__prediction_has_the_colours_of_the_truth():
    """1 to 5 m span the colours of both: 3 m is the middle, 9 m is cut off."""
    sample = toy.depth_sample()
    assert find_range(sample) == (1, 5)
    picture = draw(sample)
    assert np.abs(picture[300, 200].astype(int) - VIRIDIS[127].astype(int)).max() <= 3
    assert is_color(picture[110:590, 410:790], VIRIDIS[0])
    # The scales are the same, too.
    assert np.array_equal(picture[SIZE[0] :], draw(sample, "gt")[SIZE[0] :])


def test_depth__without_truth_the_prediction_has_its_own_range():
    sample = toy.depth_sample()
    del sample.gt_depth
    assert find_range(sample) == (3, 9)
    picture = draw(sample)
    assert is_color(picture[300, 200], VIRIDIS[255]) and is_color(picture[300, 600], VIRIDIS[0])


def test_depth__few_outliers_do_not_stretch_the_range():
    depth = np.full((1, *SIZE), 2.0, np.float32)
    depth[..., 400:] = 4
    depth[0, :5, :5] = 1000
    assert find_range(toy.dense_sample("depth", gt=depth)) == (2, 4)


@pytest.mark.parametrize("value", [0.0, np.nan, 3.0])
def test_depth__constant_or_unknown_maps_are_drawn(value):
    depth = np.full((1, *SIZE), value, np.float32)
    sample = toy.dense_sample("depth", gt=depth, pred=np.nan_to_num(depth) + 1)
    truth = draw(sample, "gt")
    assert is_color(truth[: SIZE[0]], UNKNOWN) == (not value > 0)
    low, high = find_range(sample)
    assert low < high and low <= (value if value > 0 else 1) <= high
    assert draw(sample).shape[1] == SIZE[1]


def test_normals__components_are_red_green_blue():
    picture = draw(toy.normals_sample(), "gt")
    assert is_color(picture[110:590, 10:390], (128, 128, 255))
    assert is_color(picture[110:590, 410:790], (128, 255, 128))
    assert is_color(picture[10:90], UNKNOWN)
    assert is_color(draw(toy.normals_sample())[:600], (255, 128, 128))


def test_normal_colors__can_be_read_back():
    vectors = np.random.default_rng(0).normal(size=(100, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    decoded = normal_colors(vectors) / 255 * 2 - 1
    assert np.abs(decoded - vectors).max() <= 1 / 255 + 1e-6


def test_boundary__is_brighter_the_more_probable():
    picture = draw(toy.binary_sample("boundary"))
    assert is_color(picture[310:390], YELLOW)
    background, half = picture[200, 400].astype(int), picture[450, 400].astype(int)
    assert is_color(background, round(GREY_LEVEL * 0.35))
    assert np.abs(half - (background + np.array(YELLOW)) / 2).max() <= 1


def test_boundary__truth_has_lines_and_ignored_pixels():
    picture = draw(toy.binary_sample("boundary"), "gt")
    assert is_color(picture[310:390], YELLOW)
    assert is_color(picture[410:], round(GREY_LEVEL * 0.35))
    assert is_color(picture[:90], UNKNOWN)


@pytest.mark.parametrize("size", [(128, 128), (1000, 1400)])
def test_boundary__line_of_one_pixel_is_seen(size):
    """At least a thousandth of the picture's short side."""
    label = np.zeros((1, *size), np.uint8)
    label[0, size[0] // 2] = 1
    sample = toy.dense_sample("boundary", gt=label, ori_shape=size)
    picture = render(grey_image(*size), sample, classes=(), source="gt")
    rows = (picture == np.array(YELLOW)).all(-1)[:, picture.shape[1] // 2].sum()
    assert rows >= picture.shape[0] / 1000


def test_saliency__keeps_the_image_and_darkens_the_rest():
    for source in ("gt", "pred"):
        picture = draw(toy.binary_sample("saliency"), source)
        assert is_color(picture[310:390], GREY_LEVEL)
        assert is_color(picture[150:250], round(GREY_LEVEL * 0.3))
        # The outline lies outside.
        assert is_color(picture[298], YELLOW)
    half = picture[490, 400].astype(int)
    assert np.abs(half - GREY_LEVEL * 0.65).max() <= 1
    assert is_color(draw(toy.binary_sample("saliency"), "gt")[10:90], UNKNOWN)


def test_saliency__image_keeps_its_colours_inside():
    image = grey_image()
    image[...] = (200, 40, 10)
    picture = render(image, toy.binary_sample("saliency"), classes=())
    assert is_color(picture[320:380], (200, 40, 10))
    assert len(set(picture[200, 400].tolist())) == 1


@pytest.mark.parametrize("kind", MAKERS)
def test_render__kind_of_a_dense_sample_follows_from_its_fields(kind):
    assert find_kind(MAKERS[kind]()) == kind
    assert np.array_equal(draw(MAKERS[kind](), kind=kind), draw(MAKERS[kind]()))


@pytest.mark.parametrize("kind", MAKERS)
def test_compare__shows_the_image_where_the_picture_hides_it(kind):
    pair = compare(grey_image(), MAKERS[kind](), classes=("ball", "cone", "sky"))
    panels = 3 if kind in ("depth", "normals") else 2
    gap = pair.shape[1] - panels * SIZE[1]
    assert 0 < gap < 100 and pair.shape[0] > SIZE[0]
    assert is_color(pair[100:600, 50:750], GREY_LEVEL) == (panels == 3)


@pytest.mark.parametrize("kind", MAKERS)
def test_compare__without_truth_shows_image_and_prediction(kind):
    sample = MAKERS[kind]()
    options = dict(classes=("ball", "cone", "sky"))
    for field in list(sample.keys()):
        if field.startswith("gt_") and field != "gt_instances":
            delattr(sample, field)
    pair = compare(grey_image(), sample, **options)
    assert 0 < pair.shape[1] - 2 * SIZE[1] < 100
    left = pair[:, : SIZE[1]]
    assert (left == GREY_LEVEL).all(-1).sum() > 0.9 * SIZE[0] * SIZE[1]
    # The truth by itself is the image with a note in the corner.
    note = render(grey_image(), sample, source="gt", **options)
    assert note.shape == (*SIZE, 3)
    assert is_color(note[100:], GREY_LEVEL) and not is_color(note[:40, :200], GREY_LEVEL)


@pytest.mark.parametrize("kind", MAKERS)
def test_compare__draws_a_smaller_copy_of_the_image(kind):
    pair = compare(grey_image(75, 100), MAKERS[kind](), classes=("ball", "cone", "sky"))
    assert pair.shape[0] > 512 and pair.shape[1] > 2 * 683
