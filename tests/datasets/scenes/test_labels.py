"""Relations between the labels of one picture."""

import numpy as np
import pytest

from argus.datasets.scenes.classes import SEMANTIC_CLASSES, THING_CLASSES
from argus.datasets.scenes.compose import sample_scene
from argus.datasets.scenes.labels import label_scene


@pytest.fixture(scope="module", params=range(6))
def labels(request: pytest.FixtureRequest):
    scene, hits = sample_scene(96, 96, np.random.default_rng([21, request.param]))
    return label_scene(scene, hits)


def test_boxes__are_the_extents_of_the_masks(labels) -> None:
    for item in labels.instances:
        x0, y0, x1, y1 = item.box
        assert item.mask[y0:y1, x0:x1].sum() == item.mask.sum() == item.area
        for edge in (
            item.mask[y0, x0:x1],
            item.mask[y1 - 1, x0:x1],
            item.mask[y0:y1, x0],
            item.mask[y0:y1, x1 - 1],
        ):
            assert edge.any()


def test_segments__partition_the_picture_by_class(labels) -> None:
    count = len(labels.instances)
    for index, item in enumerate(labels.instances):
        np.testing.assert_array_equal(labels.segments == index, item.mask)
        assert set(labels.semantic[item.mask]) == {THING_CLASSES.index(item.name) + 1}
    for segment in np.unique(labels.segments[labels.segments >= count]):
        values = np.unique(labels.semantic[labels.segments == segment])
        assert len(values) == 1 and len(THING_CLASSES) < values[0] <= len(SEMANTIC_CLASSES)
    assert labels.semantic.min() >= 1


def test_depth__is_missing_in_the_sky_alone(labels) -> None:
    sky = labels.semantic == SEMANTIC_CLASSES.index("sky") + 1
    np.testing.assert_array_equal(labels.depth == 0, sky)
    assert labels.indoor != sky.any() or not labels.indoor


def test_boundary__separates_segments(labels) -> None:
    inside = ~labels.boundary[:, :-1]
    np.testing.assert_array_equal((labels.segments[:, 1:] == labels.segments[:, :-1])[inside], True)
    assert 0.01 < labels.boundary.mean() < 0.2


def test_saliency__is_a_union_of_things(labels) -> None:
    assert labels.saliency.any()
    for item in labels.instances:
        assert labels.saliency[item.mask].all() or not labels.saliency[item.mask].any()
    assert (labels.segments[labels.saliency] < len(labels.instances)).all()


def test_captions__name_what_is_there(labels) -> None:
    assert len(labels.captions) == 5
    names = {item.name for item in labels.instances}
    counted = labels.captions[2].lower()
    for name in names:
        singular = name in counted
        assert singular or {"person": "people"}.get(name, name) in counted
    for name in set(THING_CLASSES) - names - {"can"}:
        assert name not in counted
    for caption in labels.captions:
        assert caption[0].isupper() and caption.endswith(".")
