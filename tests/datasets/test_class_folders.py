"""Pictures by class: the same ones of each, however many more there are."""

import pytest

from argus.datasets.class_folders import ClassFolders
from argus.errors import ConfigError, DataError


@pytest.fixture
def root(tmp_path):
    for label in ("cat", "dog"):
        for number in range(5):
            path = tmp_path / f"train/{label}/{number:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return tmp_path


def pictures(root, of_each_class):
    dataset = ClassFolders(data_root=str(root), data_prefix="train", of_each_class=of_each_class)
    entries = [dataset.get_data_info(index) for index in range(len(dataset))]
    return [(entry["img_path"].split("/train/")[1], entry["gt_label"]) for entry in entries]


def test_parts__do_not_overlap_and_are_all_together(root):
    first, rest = pictures(root, (0, 3)), pictures(root, (3, 5))
    assert first == [(f"{c}/{n:04}.png", i) for i, c in enumerate(("cat", "dog")) for n in range(3)]
    assert not set(first) & set(rest)
    assert sorted(first + rest) == sorted(pictures(root, None))


def test_part__does_not_depend_on_how_many_there_are(root):
    before = pictures(root, (0, 3))
    (root / "train/cat/0005.png").touch()
    assert pictures(root, (0, 3)) == before


def test_part__that_a_class_does_not_have(root):
    with pytest.raises(DataError, match="at least 6 pictures of each class.*found 5 of 'cat'"):
        pictures(root, (0, 6))


@pytest.mark.parametrize("wrong", [(3, 3), (-1, 2), (0,), (0.0, 2)])
def test_part__that_is_no_range(root, wrong):
    with pytest.raises(ConfigError, match="of_each_class: expected the number"):
        pictures(root, wrong)
