"""SPair-71k, rebuilt small: the pictures of a pair are shifted copies."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from argus.errors import ConfigError, DataError
from argus.mtv.evaluation.matching.spair_data import read_keypoints, read_pairs
from argus.mtv.evaluation.spair import EVALUATION, Features, SpairOptions, drawn, padded, run
from tests.mtv.evaluation.pixels import Pixels, noise

SIDE, SHIFT = 32, 8  # the resized side is that of the pictures: nothing is resampled
OPTIONS = dict(size=SIDE, threshold=0.1)


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_picture(root: Path, category: str, name: str, pixels: np.ndarray) -> None:
    path = root / "JPEGImages" / category / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    # PNG under the published name, so that no pixel changes.
    Image.fromarray(pixels).save(path, format="PNG")


def write_keypoints(root: Path, category: str, name: str, places: list) -> None:
    content = dict(kps={str(number): place for number, place in enumerate(places)})
    write_json(root / "ImageAnnotation" / category / f"{name}.json", content)


def write_pair(root: Path, category: str, names: tuple[str, str], viewpoint: int, number: int = 1):
    file = f"{number:06}-{names[0]}-{names[1]}:{category}.json"
    content = dict(
        category=category,
        src_imname=f"{names[0]}.jpg",
        trg_imname=f"{names[1]}.jpg",
        viewpoint_variation=viewpoint,
        trg_bndbox=[0, 0, 20, 10],
    )
    write_json(root / "PairAnnotation/test" / file, content)
    return root / "PairAnnotation/test" / file


@pytest.fixture
def root(tmp_path):
    """A cat with a shifted copy and with another picture; a dog alone differs in viewpoint."""
    pixels = noise(SIDE, SIDE).numpy()
    shifted = np.roll(pixels, SHIFT, axis=1)
    places = [[6, 6], [10, 22], None, [18, 2], [2, 30]]
    moved = [[x + SHIFT, y] for x, y in (places[0], places[1])] + [[1, 1], None, [10, 30]]
    for name, content, found in (
        ("a", pixels, places),
        ("b", shifted, moved),
        ("c", noise(24, SIDE, seed=1).numpy(), places),
    ):
        write_picture(tmp_path, "cat", name, content)
        write_keypoints(tmp_path, "cat", name, found)
    for name in ("a", "b"):
        write_picture(tmp_path, "dog", name, pixels)
        write_keypoints(tmp_path, "dog", name, [[14, 14]])
    write_pair(tmp_path, "cat", ("a", "b"), 0)
    write_pair(tmp_path, "cat", ("a", "c"), 1, 2)
    write_pair(tmp_path, "dog", ("a", "b"), 2, 3)
    return tmp_path


def test_run__a_shift_is_found_and_classes_count_alike(root):
    found = run(Pixels(), root, SpairOptions(corrected_places=True, **OPTIONS))
    # Of the cats 3 keypoints of the shifted copy, none of 4 in the other picture.
    assert found["viewpoint_0"] == 100 and found["viewpoint_1"] == 0
    assert found["viewpoint_2"] == 100
    assert found["all"] == pytest.approx((100 * 3 / 7 + 100) / 2)
    assert found.keys() == EVALUATION.metrics.keys()


def test_run__half_a_patch_off_as_the_public_code(root):
    """Computed anew: bilinear between the outer centres, and the upper left of a patch."""
    options = SpairOptions(**OPTIONS)
    found = run(Pixels(), root, options)
    errors = []
    maps = []
    for name in ("a", "b"):
        picture = np.asarray(Image.open(root / f"JPEGImages/cat/{name}.jpg"))
        blocks = (picture / 127.5 - 1).reshape(8, 4, 8, 4, 3).transpose(0, 2, 4, 1, 3)
        blocks = blocks.reshape(8, 8, -1)
        maps.append(blocks / np.linalg.norm(blocks, axis=-1, keepdims=True))
    for x, y in ((6, 6), (10, 22), (2, 30)):
        u, v = x / SIDE * 7, y / SIDE * 7
        i, j, a, b = int(v), int(u), v - int(v), u - int(u)
        query = (1 - a) * (1 - b) * maps[0][i, j] + (1 - a) * b * maps[0][i, j + 1]
        query = query + a * (1 - b) * maps[0][i + 1, j] + a * b * maps[0][i + 1, j + 1]
        row, column = np.unravel_index((maps[1] @ query).argmax(), (8, 8))
        errors.append(math.hypot(column * 4 - (x + SHIFT), row * 4 - y))
    assert found["viewpoint_0"] == pytest.approx(100 * np.mean(np.array(errors) < 0.1 * 20))
    looser = run(Pixels(), root, SpairOptions(size=SIDE, threshold=0.3))
    assert looser["viewpoint_0"] == pytest.approx(100 * np.mean(np.array(errors) < 0.3 * 20))
    assert looser["viewpoint_0"] > found["viewpoint_0"]


def test_run__whatever_is_kept_the_same(root):
    encoder = Pixels()
    one, kept = (run(encoder, root, SpairOptions(cache_mb=size, **OPTIONS)) for size in (0, 100))
    assert one == kept
    features = Features(encoder, root, SpairOptions(cache_mb=0.03, **OPTIONS))  # 2 maps of 12 kB
    first = features("cat", "a")
    assert features("cat", "a") is first
    features("cat", "b"), features("cat", "c")
    assert features("cat", "a") is not first and len(features.store) == 2


def test_padded__white_below():
    square = np.asarray(padded(Image.fromarray(noise(3, 5).numpy())))
    assert square.shape == (5, 5, 3)
    assert (square[:3] == noise(3, 5).numpy()).all() and (square[3:] == 255).all()


def test_drawn__some_of_them_the_same_again(root):
    pairs = read_pairs(root, "test")
    assert drawn(pairs, number=2, seed=20) == drawn(pairs, number=2, seed=20)
    assert len(drawn(pairs, number=2, seed=20)) == 2
    assert sorted(map(str, drawn(pairs, number=200, seed=20))) == sorted(map(str, pairs))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("src_imname", "../../secret.jpg", "expected the name of a file or class as src_imname"),
        ("trg_imname", "..", "expected the name of a file or class as trg_imname"),
        ("category", None, "as category, found None"),
        ("viewpoint_variation", 3, "expected viewpoint_variation of 0, 1 or 2, found 3"),
        ("trg_bndbox", [0, 0, 1e9, 3], "expected trg_bndbox of four pixels"),
        ("trg_bndbox", [5, 0, 5, 3], "has no area"),
    ],
)
def test_read_pairs__what_is_wrong_is_said(root, key, value, message):
    file = write_pair(root, "cat", ("a", "b"), 0, 9)
    write_json(file, json.loads(file.read_text()) | {key: value})
    with pytest.raises(DataError, match=message) as error:
        read_pairs(root, "test")
    assert str(file) in str(error.value)


def test_readers__files_that_are_none(root, tmp_path):
    with pytest.raises(DataError, match="no pair"):
        read_pairs(root, "val")
    for places in ([], [[1, 2, 3]], [["x", 1]]):
        write_keypoints(root, "cat", "bad", places)
        with pytest.raises(DataError, match=r"bad\.json: expected"):
            read_keypoints(root, "cat", "bad")
    write_keypoints(root, "cat", "b", [[1, 1]])
    with pytest.raises(DataError, match="a has 5 keypoints, b 1"):
        run(Pixels(), root, SpairOptions(**OPTIONS))
    with pytest.raises(ConfigError, match="split: expected one of train, val, test"):
        run(Pixels(), root, SpairOptions(split="all"))
