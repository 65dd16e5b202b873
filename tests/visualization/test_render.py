"""Every renderer paints what it should, where it should, and nothing elsewhere."""

import numpy as np
import pytest
from mmdet.structures import DetDataSample
from mmengine.structures import BaseDataElement, InstanceData

from argus.errors import ConfigError, DataError
from argus.visualization import compare, find_kind, register_renderer, render
from argus.visualization.canvas import Canvas
from argus.visualization.keypoints import SIDE_COLORS
from argus.visualization.palette import BLUE, GREY, VERMILION, make_palette
from argus.visualization.render import RENDERERS
from argus.visualization.shades import shade

from . import samples as toy


def count(picture: np.ndarray, color) -> int:
    return int((picture == np.array(color)).all(-1).sum())


def blended(color, alpha: float) -> np.ndarray:
    return np.round(np.array(color) * alpha + toy.GREY_LEVEL * (1 - alpha))


@pytest.mark.parametrize("masks", ["tensor", "rle", "bitmap"])
def test_instances__mask_is_tinted_inside_and_nothing_outside(masks):
    picture = render(toy.grey_image(), toy.detection_sample(masks), classes=toy.CLASSES)
    assert picture.shape == (*toy.SIZE, 3)
    tint = blended(make_palette(1)[0], 0.5)
    inside = picture[250:350, 150:250]
    assert np.abs(inside - tint).max() <= 1
    assert (picture[420:, :] == toy.GREY_LEVEL).all()
    assert (picture[:, 320:600] == toy.GREY_LEVEL).all()


def test_instances__box_without_mask_is_outlined():
    sample = toy.detection_sample()
    del sample.pred_instances.masks
    picture = render(toy.grey_image(), sample, classes=toy.CLASSES)
    color = make_palette(1)[0]
    assert (picture[300, 100] == color).all() and (picture[400, 200] == color).all()
    assert (picture[300, 200] == toy.GREY_LEVEL).all()


def test_instances__low_scores_are_left_out_but_truth_is_not():
    sample = toy.detection_sample()
    cone = blended(make_palette(3)[2], 0.5)
    options = dict(classes=toy.CLASSES, score_threshold=0.6)
    predicted = render(toy.grey_image(), sample, **options)
    assert (predicted[:150] == toy.GREY_LEVEL).all()
    truth = render(toy.grey_image(), sample, source="gt", **options)
    assert np.abs(truth[60, 750] - cone).max() <= 1


def test_instances__resized_image_shows_the_same_place():
    """Boxes and masks refer to the original image; the picture may be a smaller copy."""
    picture = render(
        toy.grey_image(600 // 8, 800 // 8), toy.detection_sample(), classes=toy.CLASSES
    )
    height, width = picture.shape[:2]
    assert (height, width) == (512, 683)
    tint = blended(make_palette(1)[0], 0.5)
    assert np.abs(picture[height // 2, width // 4] - tint).max() <= 1
    assert (picture[int(0.75 * height) :] == toy.GREY_LEVEL).all()


def test_instances__no_prediction_leaves_the_picture():
    sample = toy.detection_sample()
    sample.pred_instances = sample.pred_instances[:0]
    picture = render(toy.grey_image(), sample, classes=toy.CLASSES)
    assert (picture == toy.GREY_LEVEL).all()


@pytest.mark.parametrize("size", [(128, 128), (96, 400), (600, 800), (3000, 4000)])
def test_canvas__labels_lie_inside_and_apart(size):
    canvas = Canvas(toy.grey_image(*size))
    width, height = canvas.width, canvas.height
    corners = [(0, 0), (width - 5, 0), (0, height - 5), (width - 5, height - 5)]
    plates = [canvas.label((x, y, x + 4, y + 4), "person 0.99", BLUE) for x, y in corners]
    plates += [canvas.label((0, 0, width / 2, height / 2), "second", GREY)]
    for x0, y0, x1, y1 in plates:
        assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
    assert not any(
        min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])
        for i, a in enumerate(plates)
        for b in plates[:i]
    )
    # Legible: at least 14 px, and a fixed share of large pictures.
    assert plates[0][3] - plates[0][1] >= max(14, min(width, height) / 40)


def test_canvas__label_longer_than_the_picture_is_shortened():
    canvas = Canvas(toy.grey_image(512, 512))
    x0, _, x1, _ = canvas.label((10, 10, 20, 20), "very long name " * 20, BLUE)
    assert 0 <= x0 < x1 <= 512


def test_semantic__classes_are_tinted_and_named_below():
    picture = render(toy.grey_image(), toy.semantic_sample(), classes=toy.CLASSES)
    palette = make_palette(3)
    assert picture.shape[0] > toy.SIZE[0] and picture.shape[1] == toy.SIZE[1]
    assert np.abs(picture[:600, 10:390] - blended(palette[0], 0.6)).max() <= 1
    assert np.abs(picture[:600, 410:790] - blended(palette[2], 0.6)).max() <= 1
    legend = picture[600:]
    assert count(legend, palette[0]) > 50 and count(legend, palette[2]) > 50
    assert count(legend, palette[1]) == 0


def test_semantic__ignored_pixels_are_not_painted():
    picture = render(toy.grey_image(), toy.semantic_sample(), source="gt", classes=toy.CLASSES)
    assert (picture[510:595, 10:390] == toy.GREY_LEVEL).all()


def test_semantic__given_palette_is_used():
    palette = [(10, 20, 30), (0, 0, 0), (200, 100, 0)]
    picture = render(toy.grey_image(), toy.semantic_sample(), classes=toy.CLASSES, palette=palette)
    assert np.abs(picture[300, 700] - blended(palette[2], 0.6)).max() <= 1


def render_pose(sample, **options) -> np.ndarray:
    options = dict(classes=toy.KEYPOINT_NAMES, skeleton=toy.SKELETON) | options
    return render(toy.grey_image(), sample, **options)


def test_keypoints__visible_limbs_have_the_colour_of_their_side():
    picture = render_pose(toy.pose_sample())
    assert (picture[200, 200] == SIDE_COLORS["left"]).all()
    # The right knee is below the threshold: neither it nor its limb is drawn.
    assert (picture[200, 290:310] == toy.GREY_LEVEL).all()
    assert (picture[300, 290:310] == toy.GREY_LEVEL).all()
    assert count(picture[90:110, 290:310], SIDE_COLORS["right"]) > 10


def test_keypoints__truth_uses_visibility():
    picture = render_pose(toy.pose_sample(), source="gt")
    assert (picture[200, 190:210] == toy.GREY_LEVEL).all()
    assert (picture[200, 300] == SIDE_COLORS["right"]).all()


def test_keypoints__several_samples_share_one_picture():
    picture = render_pose([toy.pose_sample(), toy.pose_sample(offset=250)])
    assert (picture[200, 200] == SIDE_COLORS["left"]).all()
    assert (picture[200, 450] == SIDE_COLORS["left"]).all()


def test_keypoints__point_lies_on_its_pixel_after_enlarging():
    sample = toy.pose_sample()
    sample.set_metainfo(dict(ori_shape=(128, 128)))
    sample.pred_instances.keypoints = np.array([[[32, 64], [1, 1], [1, 1], [1, 1]]], np.float32)
    sample.pred_instances.keypoint_scores = np.array([[1.0, 0, 0, 0]])
    picture = render(toy.grey_image(128, 128), sample, classes=toy.KEYPOINT_NAMES)
    rows, columns = np.nonzero((picture != toy.GREY_LEVEL).any(-1))
    # Pixel 32 spans 128 to 132 of the picture, which is four times as large.
    assert (rows.min() + rows.max()) / 2 == pytest.approx(4 * 64.5, abs=1)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(4 * 32.5, abs=1)


def test_classification__bars_are_as_long_as_the_scores():
    picture = render(toy.grey_image(), toy.classification_sample(), classes=toy.CLASSES)
    panel = picture[toy.SIZE[0] :, toy.SIZE[1] // 2 :]
    lengths = [int((panel == np.array(c)).all(-1).sum(1).max()) for c in (VERMILION, BLUE, GREY)]
    # Wrong first choice, true class, the rest.
    assert lengths[0] / lengths[1] == pytest.approx(0.7 / 0.2, rel=0.05)
    assert lengths[2] / lengths[1] == pytest.approx(0.5, rel=0.1)
    assert (picture[: toy.SIZE[0]] == toy.GREY_LEVEL).all()


def test_classification__truth_has_no_bar():
    picture = render(
        toy.grey_image(), toy.classification_sample(), source="gt", classes=toy.CLASSES
    )
    panel = picture[toy.SIZE[0] :]
    assert count(panel, BLUE) > 50
    assert count(panel[:, toy.SIZE[1] // 2 :], BLUE) == 0


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (toy.detection_sample, "instances"),
        (toy.semantic_sample, "semantic"),
        (toy.pose_sample, "keypoints"),
        (toy.classification_sample, "classification"),
    ],
)
def test_render__kind_follows_from_the_fields(make, kind):
    assert find_kind(make()) == kind
    options = dict(classes=toy.CLASSES)
    named = render(toy.grey_image(), make(), kind=kind, **options)
    assert np.array_equal(named, render(toy.grey_image(), make(), **options))
    pair = compare(toy.grey_image(), make(), **options)
    assert pair.shape[1] > 2 * toy.SIZE[1] and pair.shape[0] > toy.SIZE[0]


def test_render__new_kind_can_be_registered():
    def paint_red(canvas, samples, style):
        canvas.draw.rectangle((0, 0, canvas.width, canvas.height), fill=(255, 0, 0))

    known = dict(RENDERERS)
    try:
        register_renderer("red", matches=lambda sample: "pred_red" in sample, draw=paint_red)
        picture = render(toy.grey_image(), BaseDataElement(pred_red=1), classes=())
        assert (picture == [255, 0, 0]).all()
        with pytest.raises(ConfigError, match="'red' is registered already"):
            register_renderer("red", matches=lambda sample: True, draw=paint_red)
    finally:
        RENDERERS.clear()
        RENDERERS.update(known)


def test_render__input_image_is_not_changed():
    image = toy.grey_image()
    render(image, toy.detection_sample(), classes=toy.CLASSES)
    assert (image == toy.GREY_LEVEL).all()


def test_render__wrong_input_is_explained():
    with pytest.raises(DataError, match=r"shape \(600, 800\) of uint8"):
        render(toy.grey_image()[..., 0], toy.detection_sample(), classes=toy.CLASSES)
    with pytest.raises(DataError, match="float64"):
        render(toy.grey_image() / 255, toy.detection_sample(), classes=toy.CLASSES)
    with pytest.raises(ConfigError, match="'truth'"):
        render(toy.grey_image(), toy.detection_sample(), classes=(), source="truth")
    with pytest.raises(ConfigError, match="'deep'"):
        render(toy.grey_image(), toy.detection_sample(), classes=(), kind="deep")
    with pytest.raises(DataError, match="no renderer for a BaseDataElement"):
        render(toy.grey_image(), BaseDataElement(), classes=())


def test_instances__of_one_class_have_shades_from_left_to_right():
    sample = toy.detection_sample()
    sample.pred_instances.labels[:] = 1
    sample.pred_instances.scores[:] = 0.9
    picture = render(toy.grey_image(), sample, classes=toy.CLASSES)
    color = make_palette(2)[1]
    assert np.abs(picture[300, 200] - blended(color, 0.5)).max() <= 1
    assert np.abs(picture[60, 750] - blended(shade(color, 1), 0.5)).max() <= 1


def test_instances__many_of_one_class_are_named_under_the_picture():
    sample = DetDataSample()
    x, y = (places.ravel() for places in np.meshgrid(np.arange(5) * 150 + 20, [50, 250, 450]))
    boxes = np.stack([x, y, x + 40, y + 40], 1).astype(np.float32)
    found = dict(bboxes=boxes, scores=np.full(15, 0.9), labels=np.ones(15, int))
    sample.pred_instances = InstanceData(**found)
    crowd = render(toy.grey_image(), sample, classes=toy.CLASSES)
    sample.pred_instances.labels[0] = 0
    named = render(toy.grey_image(), sample, classes=toy.CLASSES)
    assert crowd.shape[0] > named.shape[0] == toy.SIZE[0]
    painted = (crowd[: toy.SIZE[0]] != toy.GREY_LEVEL).any(-1)
    edge = 41 * 4 * 2 * 15  # outlines of two pixels, no plates
    assert 0 < painted.sum() < 2 * edge < (named != toy.GREY_LEVEL).any(-1).sum()


def test_semantic__background_is_not_painted():
    picture = render(
        toy.grey_image(), toy.semantic_sample(), classes=("background", "ball", "cone")
    )
    assert (picture[:600, :390] == toy.GREY_LEVEL).all()
    assert (picture[300, 600] != toy.GREY_LEVEL).any()
    assert count(picture, make_palette(1)[0]) == 0


def test_canvas__writes_no_label_over_others():
    canvas = Canvas(toy.grey_image())
    plates = [canvas.label((380, 280, 420, 320), "person 0.90", (255, 255, 255)) for _ in range(60)]
    written = [plate for plate in plates if plate is not None]
    assert 4 < len(written) < 60
    area = np.zeros(toy.SIZE, int)
    for x0, y0, x1, y1 in written:
        area[y0:y1, x0:x1] += 1
    width, height = written[0][2] - written[0][0], written[0][3] - written[0][1]
    assert (area > 1).sum() <= 0.1 * width * height * len(written)


@pytest.mark.parametrize("side", [200, 640, 2000, 4000])
def test_canvas__text_is_a_fixed_share_of_the_picture(side):
    """One thirtieth of the short side, and never smaller than what can be read."""
    canvas = Canvas(toy.grey_image(side, side))
    assert canvas.font_px >= 14 and canvas.height >= 512
    assert canvas.font_px / canvas.height == pytest.approx(1 / 30, rel=0.05)
    assert canvas.line_px / canvas.height == pytest.approx(1 / 220, rel=0.2)
