"""Crop and flip move pixels, box corners and depth alike: proven by drawing them."""

import numpy as np
import pytest
import torch
from PIL import Image

from argus.datasets.seeding import isolated_rng
from argus.mtv.data.geometry import Window
from argus.mtv.data.regions import NamedBoxes
from argus.mtv.data.views import RandomView, WholeView

HEIGHT, WIDTH, SIZE = 120, 160, 64


def named(boxes: np.ndarray, *names: str) -> NamedBoxes:
    """Regions, all as sure."""
    return NamedBoxes(
        boxes=boxes.astype(np.float32), names=names, scores=np.ones(len(names), np.float32)
    )


def ramp(height: int, width: int) -> np.ndarray:
    """A plane (h, w) in [0, 1], a function of the place in the picture, whatever the resolution."""
    y, x = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
    return (0.3 * y[:, None] + 0.7 * x[None]).astype(np.float32)


def rendered(box: np.ndarray, height: int, width: int) -> np.ndarray:
    """A white box on black, (h, w, 3) uint8."""
    image = np.zeros((height, width, 3), np.uint8)
    x0, y0, x1, y1 = np.rint(box * np.tile([width, height], 2))
    image[int(y0) : int(y1), int(x0) : int(x1)] = 255
    return image


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("depth_size", [(HEIGHT, WIDTH), (60, 80), (240, 320)])
def test_view__depth_is_that_of_the_pixels(seed: int, depth_size: tuple[int, int]) -> None:
    plane = ramp(HEIGHT, WIDTH)
    results = dict(
        img=np.repeat(np.rint(plane * 255).astype(np.uint8)[..., None], 3, -1),
        disparity=(ramp(*depth_size), np.ones(depth_size, bool)),
    )
    with isolated_rng(seed):
        found = RandomView(SIZE, scale=(0.1, 0.6))(results)
    values, valid = found["disparity"]
    inside = slice(3, -3)  # at the picture's own edge there is nothing to interpolate with
    assert valid.all() and values.shape == (SIZE, SIZE)
    difference = values[inside, inside] - found["img"][inside, inside, 0] / 255.0
    # 8 bits before and after the filter; half a pixel of the view would be 1.6e-3 in the mean.
    assert np.abs(difference).max() < 1.5 / 255
    assert abs(difference.mean()) < 3e-4
    assert np.ptp(values) > 0.1


@pytest.mark.parametrize("seed", range(6))
def test_view__box_corners_are_where_the_box_is_seen(seed: int) -> None:
    box = np.array([0.25, 0.2, 0.75, 0.8])
    results = dict(
        img=rendered(box, HEIGHT, WIDTH),
        regions=named(box[None], "box"),
    )
    with isolated_rng(seed):
        found = RandomView(SIZE, scale=(0.4, 1.0), min_visible=0.0)(results)
    seen = found["img"][..., 0] > 127
    rows, cols = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    drawn = [cols[0], rows[0], cols[-1] + 1, rows[-1] + 1]
    assert np.abs(found["regions"].boxes[0] * SIZE - drawn).max() <= 1.0


def test_view__flips_happen_and_are_mirrored() -> None:
    image = np.arange(HEIGHT * WIDTH * 3, dtype=np.uint32).reshape(HEIGHT, WIDTH, 3) % 251
    window = Window(box=(0.1, 0.2, 0.7, 0.9), size=(SIZE, SIZE))
    mirror = Window(box=window.box, size=window.size, flip=True)
    image = image.astype(np.uint8)
    np.testing.assert_array_equal(mirror.picture(image), window.picture(image)[:, ::-1])
    boxes = np.array([[0.2, 0.3, 0.4, 0.5]])
    (plain, _), (turned, _) = window.boxes(boxes), mirror.boxes(boxes)
    np.testing.assert_allclose(
        turned[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [1, 0, 1, 0], plain, atol=1e-6
    )


def test_whole_view__is_that_of_siglips_processor() -> None:
    image = np.random.default_rng(0).integers(0, 256, (90, 50, 3), dtype=np.uint8)
    expected = Image.fromarray(image).resize((32, 32), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(WholeView(32)(dict(img=image))["img"], np.asarray(expected))


def test_window__a_part_is_cut_as_pillow_cuts_it_from_the_whole() -> None:
    image = np.random.default_rng(0).integers(0, 256, (200, 150, 3), dtype=np.uint8)
    box = (0.31, 0.13, 0.92, 0.77)
    pixels = tuple(s * w for s, w in zip(box, (150, 200) * 2, strict=True))
    expected = Image.fromarray(image).resize((20, 40), Image.Resampling.BICUBIC, box=pixels)
    found = Window(box=box, size=(40, 20)).picture(image)
    assert np.abs(found.astype(int) - np.asarray(expected)).max() <= 1


def test_map__what_says_nothing_spreads_no_value() -> None:
    values, valid = np.ones((20, 20), np.float32), np.ones((20, 20), bool)
    values[5:10, 5:10], valid[5:10, 5:10] = np.nan, False
    view, whole = Window(box=(0, 0, 1, 1), size=(50, 50)).map(values, valid)
    assert np.isfinite(view).all() and (view[whole] == 1).all()
    assert 0 < (~whole).mean() < 0.15 and not whole[15:22, 15:22].any()


def test_view__regions_that_are_hardly_seen_or_tiny_are_left_out() -> None:
    boxes = np.array([[0.0, 0, 1, 1], [0.5, 0.5, 0.52, 0.9], [0.4, 0.4, 0.9, 0.9]], np.float32)
    results = dict(
        img=np.zeros((64, 64, 3), np.uint8),
        regions=named(boxes, "all", "thin", "part"),
    )
    assert WholeView(64)(dict(results))["regions"].names == ("all", "part")

    class Corner(WholeView):
        def window(self, results: dict) -> Window:
            return Window(box=(0, 0, 0.6, 0.6), size=(64, 64))

    found = Corner(64)(dict(results))["regions"]
    # "all" is seen by 36 %, "part" by 16 %.
    assert found.names == ()
    assert Corner(64, min_visible=0.3)(dict(results))["regions"].names == ("all",)


@pytest.mark.parametrize("caption, mirrors", [("a dog", True), ("a dog on the Left.", False)])
def test_random_view__does_not_make_captions_wrong(caption: str, mirrors: bool) -> None:
    view = RandomView(8, scale=(1, 1), ratio=(1, 1), flip=1.0)
    image = np.zeros((8, 8, 3), np.uint8)
    assert view(dict(img=image, captions=["x", caption]))["window"].flip == mirrors
    regions = named(np.zeros((1, 4)), caption)
    assert view(dict(img=image, regions=regions))["window"].flip == mirrors


def test_random_view__windows_are_those_of_torchvision() -> None:
    from torchvision.transforms import RandomResizedCrop

    torch.manual_seed(3)
    top, left, rows, cols = RandomResizedCrop.get_params(
        torch.zeros(3, HEIGHT, WIDTH), [0.2, 0.5], [0.8, 1.2]
    )
    torch.manual_seed(3)
    view = RandomView(8, scale=(0.2, 0.5), ratio=(0.8, 1.2))
    box = view.window(dict(img=np.zeros((HEIGHT, WIDTH, 3), np.uint8))).box
    expected = (left / WIDTH, top / HEIGHT, (left + cols) / WIDTH, (top + rows) / HEIGHT)
    assert box == pytest.approx(expected)
