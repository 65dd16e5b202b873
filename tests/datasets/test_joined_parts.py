"""Every sample of a joined data set is judged as its own part is loaded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmpretrain.datasets import KFoldDataset
from mmseg.datasets.transforms import PackSegInputs
from PIL import Image

from argus.datasets.build import build_dataset
from argus.datasets.checks.walk import check_tasks
from argus.datasets.joined_parts import JoinedParts
from argus.datasets.transforms import LoadImage
from argus.engine.checks.first_sample import check_packed
from argus.engine.checks.turned_pictures import tell_of_turned
from argus.engine.loading.loaders import guarded_dataset
from argus.errors import ConfigError
from argus.tasks import TrainData
from tests.datasets.label_sets import SQUARE, folders, semantic, write_maps, write_pictures
from tests.engine.checks.test_given_maps import DET, OWN, with_step
from tests.engine.checks.test_learnable import messages_of


def part(root: Path, number: int, **changes: Any) -> dict[str, Any]:
    """Pictures of two classes, of which the last folder says the part."""
    names = [f"{name}/{number}_{i}.jpg" for name in ("cup", "pen") for i in range(number)]
    write_pictures(root / str(number), names)
    pipeline = [dict(type=LoadImage, to_float32=number == 2)]
    return folders(root / str(number), pipeline=pipeline) | changes


def test_parts__of_every_sample(tmp_path: Path) -> None:
    """Whatever wraps what: the file of a sample lies in the folder of the part."""
    one, two, three = (part(tmp_path, number) for number in (1, 2, 3))
    balanced = dict(type=ClassBalancedDataset, dataset=two, oversample_thr=0.9)
    fold = dict(type=KFoldDataset, dataset=three, num_splits=2, seed=0)
    inner = dict(type=RepeatDataset, times=3, dataset=dict(type=ConcatDataset, datasets=[one, two]))
    config = dict(type=ConcatDataset, datasets=[balanced, inner, fold])
    dataset = build_dataset(config, where="toy")
    parts = JoinedParts(config, dataset)
    roots = [found.config["data_root"] for found in parts.parts]
    places = ["[0].dataset", *(f"[1].dataset.datasets[{n}]" for n in (0, 1)), "[2].dataset"]
    assert [found.place for found in parts.parts] == [f".datasets{place}" for place in places]
    assert [parts.number_at(index) for index in parts.first_samples()] == [0, 1, 2, 3]
    assert [Path(root).name for root in roots] == ["2", "1", "2", "3"]
    numbers = [parts.number_at(index) for index in range(len(dataset))]
    assert sorted(set(numbers)) == [0, 1, 2, 3]
    for index, number in enumerate(numbers):
        assert dataset.get_data_info(index)["img_path"].startswith(roots[number])
        assert parts.parts[number].config["pipeline"][0]["to_float32"] == (number in (0, 2))


def test_parts__of_a_data_set_that_joins_none(tmp_path: Path) -> None:
    config = part(tmp_path, 1)
    parts = JoinedParts(config, build_dataset(config, where="toy"))
    assert [found.config for found in parts.parts] == [config] and parts.number_at(1) == 0


def by_colour(root: Path) -> dict[str, Any]:
    colours = np.array([(0, 0, 0), (9, 200, 9)], np.uint8)
    return semantic(
        write_maps(root, [colours[SQUARE]] * 2), load=dict(colours=[(0, 0, 0), (9, 200, 9)])
    )


def by_value(root: Path) -> dict[str, Any]:
    return semantic(write_maps(root, [SQUARE] * 2))


def by_half(root: Path) -> dict[str, Any]:
    return with_step(semantic(write_maps(root, [SQUARE * 2] * 2)), OWN)


def from_one(root: Path) -> dict[str, Any]:
    stored = semantic(write_maps(root, [SQUARE + 1] * 2))
    return with_step(stored, DET | dict(reduce_zero_label=True))


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    "others", [(by_colour, by_value), (by_half, from_one), (from_one, by_value)]
)
def test_label_maps__of_parts_that_are_read_in_different_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: Any, order: int
) -> None:
    parts = [write(tmp_path / write.__name__) for write in others[::order]]
    joined = dict(type=ConcatDataset, datasets=parts)
    assert messages_of(joined, monkeypatch) == ("", [])
    # A value that is none in its own part.
    write_maps(tmp_path / "from_one", [SQUARE + 5])
    if from_one in others:
        error, _ = messages_of(joined, monkeypatch)
        assert "labels [4, 5] out of range, as LoadAnnotations gives them: expected 0..1" in error


def test_pictures__that_are_turned_in_a_part_that_does_not_say_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    parts = [semantic(write_maps(tmp_path / name, [SQUARE] * 2)) for name in "ab"]
    for name in "ab":
        Image.new("RGB", (10, 8)).save(tmp_path / name / "images/0.jpg", exif=exif)
    parts[0]["pipeline"][0] = dict(type=LoadImage, orientation="stored")
    joined = dict(type=ConcatDataset, datasets=parts)
    (findings,) = check_tasks(dict(toy=dict(train=dict(dataset=joined, batch_size=1))))
    assert [f"/{n}/" in t for n, t in zip("ab", findings.warnings, strict=True)] == [True] * 2
    assert "LoadImage(orientation='stored') says" in findings.warnings[0]
    assert "Of 1 no size tells" in findings.warnings[1]
    told: list[str] = []
    monkeypatch.setattr("mmengine.logging.MMLogger.warning", lambda self, text: told.append(text))
    dataset = guarded_dataset(joined, task="toy", part="train", seed=0, strict=False)
    data = TrainData(dataset=joined, batch_size=1, num_workers=0)
    tell_of_turned(dataset, data, where="here")
    assert len(told) == 1 and "of 4 pictures, 1 picture has" in told[0] and "/b/" in told[0]


def test_packing__that_a_part_lacks(tmp_path: Path) -> None:
    packed, other = (by_value(tmp_path / name) for name in "ab")
    packed["pipeline"].append(dict(type=PackSegInputs))
    config = dict(type=ConcatDataset, datasets=[packed, other])
    dataset = guarded_dataset(config, task="toy", part="train", seed=0, strict=False)
    data = TrainData(dataset=config, batch_size=1, num_workers=0)
    with pytest.raises(ConfigError, match=r"here\.datasets\[1\]: its .*PackSegInputs"):
        check_packed(dataset, data, where="here", tell=print)
    other["pipeline"].append(dict(type=PackSegInputs))
    dataset = guarded_dataset(config, task="toy", part="train", seed=0, strict=False)
    check_packed(dataset, data, where="here", tell=print)
