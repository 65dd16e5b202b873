"""The benchmark of annotations at toy size: a file as COCO's is read, and shared by processes."""

import pytest

from tools.benchmarks import annotations


@pytest.mark.parametrize("stock", [[], ["--stock"]])
def test_run__prints_times_and_memory(stock: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--images", "40", "--annotations", "3000", "--workers", "1", *stock]
    assert annotations.main(arguments) == 0
    head, *lines = capsys.readouterr().out.splitlines()[-9:]
    assert head.startswith("40 images, 3000 annotations, 2 MB")
    found = {name: float(number.replace(",", "")) for name, number in map(str.split, lines)}
    assert found["all_processes_mb"] >= found["workers_mb"] > 0
    # Two bytes a coordinate of some 3000 objects of 55, where a pickle has nine.
    assert (found["annotations_mb"] < 1) == (not stock)
