"""Training and validation pictures of data that do not divide them."""

import numpy as np
import pytest

from argus.datasets.own.parts import drawn, group_of, parts, split
from argus.datasets.own.record import OwnData, OwnPicture
from argus.errors import ConfigError, DataError


def pictures(*paths: str, part: str | None = None) -> list[OwnPicture]:
    return [OwnPicture(path=path, part=part) for path in paths]


def data(root, found, kinds=("detection",)) -> OwnData:
    return OwnData(format="coco", root=root, pictures=tuple(found), kinds=kinds)


def test_draw__is_uniform() -> None:
    numbers = np.array([drawn(f"images/{n}.png", 0) for n in range(20_000)])
    counts, _ = np.histogram(numbers, bins=10, range=(0, 1))
    assert counts.sum() == 20_000 and abs(counts - 2000).max() < 200  # 4.7 standard deviations


def test_split__is_exact_and_the_order_does_not_matter() -> None:
    some = pictures(*(f"{n}.png" for n in range(200)))
    train, val = split(some, seed=3, share=0.2, group=None)
    assert (len(train), len(val)) == (160, 40)
    again = split(some[::-1], seed=3, share=0.2, group=None)
    assert {p.path for p in again[1]} == {p.path for p in val}
    other = split(some, seed=4, share=0.2, group=None)
    assert {p.path for p in other[1]} != {p.path for p in val}
    for number in range(2, 40):
        _, val = split(some[:number], seed=5, share=0.2, group=None)
        assert abs(len(val) - max(1, number / 5)) <= 0.5


@pytest.mark.parametrize("group", [None, r"(.*)_\d+"])
def test_split__one_picture_more_moves_few(group: str | None) -> None:
    """Without groups one at most; with them, hardly more pictures than a group has."""
    names = [f"video{n // 4}_{n}.png" for n in range(60)]
    moved = []
    before: set[str] = set()
    for number in range(2, 60):
        val = {p.path for p in split(pictures(*names[:number]), seed=1, share=0.2, group=group)[1]}
        moved.append(len((val ^ before) - {names[number - 1]}))
        before = val
    assert max(moved[1:]) <= 1 if group is None else np.mean(moved[1:]) < 2


def test_split__groups_stay_together() -> None:
    some = pictures(*(f"video{g}_{n}.png" for g in range(30) for n in range(5)))
    train, val = split(some, seed=0, share=0.3, group=r"(.*)_\d+")
    sides = [{p.path.split("_")[0] for p in side} for side in (train, val)]
    assert sides[0] and sides[1] and sides[0].isdisjoint(sides[1])
    assert len(val) == 45


def test_split__a_large_group_is_passed_over() -> None:
    some = pictures(*(f"a_{n}.png" for n in range(90)), *(f"b{n}_0.png" for n in range(10)))
    for seed in range(20):
        train, val = split(some, seed=seed, share=0.2, group=r"(.*)_\d+")
        assert 9 <= len(val) <= 10 and not any(p.path.startswith("a_") for p in val)
    halves = pictures("a_1.png", "a_2.png", "b_1.png", "b_2.png")
    train, val = split(halves, seed=0, share=0.1, group=r"(.*)_\d+")
    assert len(train) == len(val) == 2


def test_split__of_one_group_leaves_it_for_training() -> None:
    for seed in range(20):
        train, val = split(pictures("a_1.png", "a_2.png"), seed=seed, share=0.9, group="a")
        assert len(train) == 2 and not val


@pytest.mark.parametrize("number", [2, 3, 5])
@pytest.mark.parametrize("share", [1e-6, 1 - 1e-6])
def test_split__of_few_pictures_leaves_no_side_empty(number, share) -> None:
    train, val = split(
        pictures(*(f"{n}.png" for n in range(number))), seed=0, share=share, group=None
    )
    assert train and val


def test_group__is_of_the_folder() -> None:
    assert group_of("a/x_1.png", r"(.*)_\d+") == "a/x"
    assert group_of("b/x_1.png", r"(.*)_\d+") == "b/x"
    assert group_of("a/y.png", r"(.*)_\d+") == "a/y.png"
    with pytest.raises(ConfigError, match="no regular expression"):
        group_of("a.png", "(")


def test_parts__that_the_data_name_are_kept(tmp_path) -> None:
    found = parts(data(tmp_path, [*pictures("a", "b", part="train"), *pictures("c", part="val")]))
    assert [p.path for p in found["train"]] == ["a", "b"]
    assert [p.path for p in found["val"]] == [p.path for p in found["test"]] == ["c"]


def test_parts__validation_is_never_drawn_from_the_test(tmp_path) -> None:
    named = [
        *pictures(*map(str, range(20)), part="train"),
        *pictures(*map(str, range(20, 30)), part="test"),
    ]
    found = parts(data(tmp_path, named))
    assert len(found["test"]) == 10 and len(found["train"]) + len(found["val"]) == 20


def test_parts__of_defects_are_drawn_from_the_test(tmp_path) -> None:
    named = [
        *pictures(*map(str, range(20)), part="train"),
        *pictures(*map(str, range(20, 40)), part="test"),
    ]
    found = parts(data(tmp_path, named, kinds=("anomaly",)))
    assert len(found["train"]) == 20 and len(found["test"]) + len(found["val"]) == 20
    assert not {p.path for p in found["test"]} & {p.path for p in found["val"]}


def test_parts__without_training_are_refused(tmp_path) -> None:
    with pytest.raises(DataError, match="belong to test, none to train"):
        parts(data(tmp_path, pictures("a", part="test")))
