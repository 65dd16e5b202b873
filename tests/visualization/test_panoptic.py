"""Pictures of panoptic segmentation: a colour per class, shades per instance, names in place."""

import numpy as np
import pytest

from argus.visualization import find_kind, render
from argus.visualization.outline import TINT_ALPHA
from argus.visualization.palette import WHITE, make_palette, mix
from argus.visualization.shades import SHADES

from . import dense_samples as toy
from .samples import CLASSES, GREY_LEVEL, SIZE, grey_image


def draw(sample, source="pred", **options) -> np.ndarray:
    return render(grey_image(), sample, source=source, **dict(classes=CLASSES) | options)


def tinted(color) -> np.ndarray:
    return np.array(color) * TINT_ALPHA + GREY_LEVEL * (1 - TINT_ALPHA)


def test_panoptic__instances_are_shades_of_their_class():
    picture = draw(toy.panoptic_sample())
    palette = make_palette(3)
    lighter = mix(palette[0], *SHADES[1])
    assert np.abs(picture[10:200, 10:190] - tinted(palette[0])).max() <= 1
    assert np.abs(picture[10:200, 210:390] - tinted(lighter)).max() <= 1
    assert np.abs(picture[10:200, 410:790] - tinted(palette[2])).max() <= 1


def test_panoptic__shades_do_not_depend_on_the_numbers_of_the_instances():
    sample = toy.panoptic_sample()
    assert np.array_equal(draw(sample)[:200], draw(sample, "gt")[:200])


def test_panoptic__void_is_not_painted():
    picture = draw(toy.panoptic_sample(), "gt")
    assert (picture[510:595, 10:790] == GREY_LEVEL).all()
    # mmdet's void is the number of classes.
    sample = toy.panoptic_sample()
    sample.pred_panoptic_seg.sem_seg[...] = len(CLASSES)
    picture = draw(sample)
    assert picture.shape == (*SIZE, 3) and (picture == GREY_LEVEL).all()


def test_panoptic__segments_are_outlined():
    picture = draw(toy.panoptic_sample()).astype(int)
    for column in (200, 400):
        edge = picture[100, column - 2 : column + 2].sum(-1).min()
        assert edge < 0.6 * picture[100, column + 50].sum()


def test_panoptic__names_stand_in_large_segments_alone():
    sample = toy.panoptic_sample()
    ids = sample.pred_panoptic_seg.sem_seg
    ids[...] = 2
    ids[:, 20:30, 20:30] = 0
    picture = draw(sample)
    rows, columns = np.nonzero((picture[: SIZE[0]] == np.array(WHITE)).all(-1))
    assert rows.mean() == pytest.approx(300, abs=5) and np.ptp(rows) < 30
    assert columns.mean() == pytest.approx(400, abs=10)
    assert not (picture[:60, :60] == np.array(WHITE)).all(-1).any()


def test_panoptic__name_lies_inside_a_crooked_segment():
    """An L: the middle of its box does not belong to it."""
    sample = toy.panoptic_sample()
    ids = sample.pred_panoptic_seg.sem_seg
    ids[...] = len(CLASSES)
    ids[:, :, :120] = 2
    ids[:, 500:] = 2
    picture = draw(sample)
    rows, columns = np.nonzero((picture[: SIZE[0]] == np.array(WHITE)).all(-1))
    labels = ids[0].numpy()
    assert len(rows) > 20 and (labels[rows, columns] == 2).all()


def test_panoptic__legend_names_the_classes_once():
    legend = draw(toy.panoptic_sample())[SIZE[0] :]
    palette = make_palette(3)
    counts = [int((legend == np.array(color)).all(-1).sum()) for color in palette]
    assert counts[0] > 50 and counts[1] == 0 and abs(counts[0] - counts[2]) < 10


def test_panoptic__given_palette_is_used():
    palette = [(10, 20, 30), (0, 0, 0), (200, 100, 0)]
    picture = draw(toy.panoptic_sample(), palette=palette)
    assert np.abs(picture[100, 600] - tinted(palette[2])).max() <= 1


def test_find_kind__panoptic_before_instances():
    sample = toy.panoptic_sample()
    assert find_kind(sample) == "panoptic"
    del sample.pred_panoptic_seg, sample.gt_panoptic_seg
    assert find_kind(sample) == "instances"
