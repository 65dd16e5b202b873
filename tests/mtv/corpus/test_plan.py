"""Hours, bytes and shards of a corpus: the paper's own numbers, and one's own pace."""

import json
import os
from pathlib import Path

import pytest

from argus.errors import ConfigError, DataError
from argus.mtv.corpus.labelled import LabelledShards
from argus.mtv.corpus.measured import measure
from argus.mtv.corpus.plan import PAPER, Plan, number_in
from argus.mtv.labelling.shard import Labelling, label_shard
from tests.mtv.labelling.toy import ToyRegions, shards
from tools.mtv.plan import main


def test_plan__is_what_the_paper_states() -> None:
    """13 and 86 hours on 64 GPUs, 833 and 5.6 thousand GPU-hours; 21 TB of 200 million pairs."""
    plan = Plan(pictures=number_in("100M"), gpus=64)
    depth, boxes = PAPER
    assert plan.hours(depth) == pytest.approx(13, abs=0.1)
    assert plan.gpu_hours(depth) == pytest.approx(833, abs=1)
    assert plan.hours(boxes) == pytest.approx(86, abs=1)
    assert plan.gpu_hours(boxes) == pytest.approx(5_600, rel=0.01)
    assert plan.num_shards == 10_000
    assert Plan(pictures=number_in("200M"), gpus=1).num_bytes == pytest.approx(21e12)
    assert Plan(pictures=10_001, gpus=1).num_shards == 2


def test_number__as_people_write_it() -> None:
    assert [number_in(text) for text in ("300,000", "1.1B", "20k", "7")] == [
        300_000,
        1_100_000_000,
        20_000,
        7,
    ]
    for text in ("", "0", "many", "-5", "1e99", "1" * 30, "100X"):
        with pytest.raises(ConfigError, match="expected a number of pictures"):
            number_in(text)


def records(folder: Path, times: list[float], *, samples: int = 100, **changes: object) -> Path:
    """Records of shards that were written at these seconds."""
    folder.mkdir()
    for number, time in enumerate(times):
        path = folder / f"{number:05d}.tar.done"
        record = dict(format="argus-labels-1", samples=samples, bytes=2_000_000)
        record |= dict(labellers=[dict(name="depth"), dict(name="regions")]) | changes
        path.write_text(json.dumps(record))
        os.utime(path, (1e9 + time, 1e9 + time))
    return folder


def test_measure__two_gpus_that_each_take_a_minute_for_a_shard(tmp_path: Path) -> None:
    """Both begin at 0; a night in which nobody worked does not count."""
    night = 40_000.0
    rounds = [60.0, 120.0, 180.0, 180 + night, 240 + night]
    times = [time + late for time in rounds for late in (0.0, 0.5)]
    found = measure(records(tmp_path / "labels", times), gpus=2)
    assert found.pace.per_gpu_hour == pytest.approx(60 * 100, rel=0.01)
    assert found.pace.step == "depth and regions" and found.side_kilobytes == 20.0
    assert "1 pause left out" in found.note and "on 2 GPUs" in found.note


def test_measure__and_look__read_what_a_labelling_writes(tmp_path: Path) -> None:
    out = tmp_path / "labels"
    labelling = Labelling(labellers=[ToyRegions()], threads=1)
    for number, shard in enumerate(shards(tmp_path / "images", number=15)):
        label_shard(shard, out, labelling)
        os.utime(out / f"{shard.name}.done", (1e9 + 60 * number,) * 2)
    found = measure(out, gpus=1)
    assert found.pace.step == "regions" and found.pace.per_gpu_hour == pytest.approx(5 * 60)
    assert found.side_kilobytes * 15e3 == sum(p.stat().st_size for p in out.glob("*.tar"))
    labelled = LabelledShards(tmp_path / "images", [out])
    assert [labelled.labels(number).faults for number in range(15)] == [()] * 15
    regions = labelled.labels(3).regions
    assert regions is not None and regions.names == ("ball 3",)


def test_measure__what_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="2 records .* of 1 GPU expected 3 or more"):
        measure(records(tmp_path / "few", [0, 60]), gpus=1)
    with pytest.raises(DataError, match="all written at one time"):
        measure(records(tmp_path / "copy", [5, 5, 5]), gpus=1)
    with pytest.raises(DataError, match="expected samples, bytes and labellers"):
        measure(records(tmp_path / "other", [0, 60, 120], samples=-1), gpus=1)


def test_tool__prints_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["100M", "--gpus", "64"])
    out = capsys.readouterr().out
    assert "| depth | 120,000 | 833 | 13 | the paper's |" in out and "10.5 TB" in out
    main(["6000", "--gpus", "2", "--measure", str(records(tmp_path / "own", [0, 60, 120]))])
    out = capsys.readouterr().out
    assert "| depth and regions | 6,000 | 1 | 0.5 | measured |" in out
    assert "labels: 120 MB (20.0 KB a picture)" in out
    main(["1M", "--gpus", "1", "--pace", "depth=500k"])
    assert "| depth | 500,000 | 2 | 2 | given |" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["1M", "--gpus", "0"])
    assert "above 0" in capsys.readouterr().err
