"""The samples that are drawn are the same for any number of processes."""

import threading
from typing import Any

import pytest
from mmseg.structures import SegDataSample

from argus.engine.reports import picture_samples
from argus.engine.reports.picture_samples import PictureSamples


def sample(path: str) -> SegDataSample:
    return SegDataSample(metainfo=dict(img_path=path))


def paths(images: dict[str, list[Any]]) -> list[str]:
    assert all(sample.img_path == path for path, found in images.items() for sample in found)
    return list(images)


def alone(names: list[str]) -> list[str]:
    samples = PictureSamples(num=3, score_threshold=0.3)
    for name in names:
        samples.add("semantic", [sample(name)])
    return paths(samples.gather("semantic"))


class _Processes:
    """Threads that exchange their lists, as processes do."""

    def __init__(self, count: int) -> None:
        self.barrier = threading.Barrier(count)
        self.local = threading.local()
        self.lists: list[list[Any]] = [[] for _ in range(count)]

    def gather(self, values: list[Any]) -> list[Any]:
        self.lists[self.local.rank] = values
        self.barrier.wait(10)
        joined = [value for part in self.lists for value in part]
        self.barrier.wait(10)
        return joined


def test_gather__is_the_same_for_one_and_several_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"/data/images/{index}.png" for index in range(10)]
    expected = alone(names)
    assert len(expected) == 3 and alone(names[::-1]) == expected
    processes = _Processes(3)
    monkeypatch.setattr(picture_samples, "gather_lists", processes.gather)
    found: dict[int, list[str]] = {}

    def run(rank: int) -> None:
        processes.local.rank = rank
        found[rank] = alone(names[rank::3])

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {rank: expected for rank in range(3)}


def test_add__passes_over_samples_without_a_path() -> None:
    samples = PictureSamples(num=3, score_threshold=0.3)
    samples.add("semantic", [SegDataSample(), sample("a.png")])
    assert paths(samples.gather("semantic")) == ["a.png"]


def test_add__keeps_no_more_than_are_drawn() -> None:
    samples = PictureSamples(num=2, score_threshold=0.3)
    for index in range(9):
        samples.add("semantic", [sample(f"{index}.png")])
        assert len(samples.kept["semantic"]) <= 2
