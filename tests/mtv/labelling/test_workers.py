"""Workers that share a list, are killed, and are taken over."""

import json
import multiprocessing
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from argus.datasets.shards.shard_set import ShardSet
from argus.errors import ConfigError
from argus.mtv.labelling.claims import ClaimLost, Claims
from argus.mtv.labelling.done import verify
from argus.mtv.labelling.shard import Labelling
from argus.mtv.labelling.workers import label_shards
from tests.mtv.labelling import toy


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_workers__killed_at_random_end_with_each_sample_labelled_once(tmp_path: Path) -> None:
    folder, out = tmp_path / "images", tmp_path / "out"
    shards = toy.shards(folder, number=48, per_shard=8)
    toy.work(str(folder), str(tmp_path / "undisturbed"), 0.0, 60.0)
    chance = random.Random(0)
    # Not from the server of the other tests: its processes would import transformers first.
    fork = multiprocessing.get_context("fork")
    workers: dict[int, Any] = {}
    kills = 0
    deadline = time.monotonic() + 200
    while len(list(out.glob("*.done"))) < len(shards):
        assert time.monotonic() < deadline
        for place in range(2):
            if place not in workers or not workers[place].is_alive():
                arguments = (str(folder), str(out), 0.03, 60.0)
                workers[place] = fork.Process(target=toy.work, args=arguments)
                workers[place].start()
        time.sleep(chance.uniform(0.02, 0.15))
        if kills < 12:
            victim = workers.pop(chance.randrange(2))
            victim.kill()
            victim.join()
            kills += 1
            found = ShardSet(out) if list(out.glob("*.tar")) else None  # whole at any moment
            assert found is None or not found.notes
    for worker in workers.values():
        worker.join(60)
        assert worker.exitcode == 0
    assert kills >= 3
    told = [line.split(":")[0] for line in Path(f"{out}.log").read_text().splitlines()]
    assert len(told) == len(set(told)) >= len(shards) - kills  # nothing was done twice
    index_free = {name: content for name, content in files(out).items() if ".index" not in name}
    assert index_free == files(tmp_path / "undisturbed")
    keys = [key for number in range(len(shards)) for key in ShardSet(out).index(number).keys]
    assert keys == [f"s{index:03d}" for index in range(48)]
    for shard in shards:
        verify(out, shard.name)


def test_claim__is_taken_over_when_it_is_not_touched_or_its_process_has_ended(
    tmp_path: Path,
) -> None:
    now = [0.0]
    first, second = (Claims(tmp_path, stale=10, clock=lambda: now[0]) for _ in range(2))
    with first.take("a.tar") as held:
        assert held is not None
        partial = tmp_path / f".a.tar.{held.writer}.part"
        partial.write_bytes(b"begun")
        for now[0] in (0.0, 9.0):  # noqa: B020
            with second.take("a.tar") as other:
                assert other is None
        os.utime(tmp_path / ".a.tar.claim.1", (1, 1))  # a touch: whatever the time of its machine
        for now[0] in (12.0, 21.0):  # noqa: B020
            with second.take("a.tar") as other:
                assert other is None
        held.check()
        now[0] = 23.0
        with second.take("a.tar") as other:
            assert other is None  # it was touched by the check
        now[0] = 34.0
        with second.take("a.tar") as other:
            assert other is not None and other.number == 2
            assert not partial.exists()
            with pytest.raises(ClaimLost):
                held.check()
            with first.take("a.tar") as again:
                assert again is None
    assert list(tmp_path.iterdir()) == []

    gone = multiprocessing.get_context("fork").Process(target=str)
    gone.start()
    claim = tmp_path / ".b.tar.claim.1"
    with first.take("b.tar"):
        owner = json.loads(claim.read_text())
    gone.join()
    claim.write_text(json.dumps(owner | dict(pid=gone.pid)))
    with second.take("b.tar") as other:
        assert other is not None and other.number == 2
    claim.write_text(json.dumps(owner | dict(pid=gone.pid, place="another machine")))
    with second.take("b.tar") as other:
        assert other is None


@pytest.mark.parametrize("removes", [False, True], ids=["late", "cleaned up after"])
def test_worker__that_was_taken_over_writes_nothing(tmp_path: Path, removes: bool) -> None:
    (shard,) = toy.shards(tmp_path / "images", number=4)
    out, told = tmp_path / "out", []
    other = out / ".00000.tar.claim.2"

    class Slow(toy.ToyRegions):
        def finish(self, answer: object) -> toy.Labels:
            if not told:
                other.touch()
                if removes:
                    for partial in out.glob(".00000.tar.*.part"):
                        partial.unlink(missing_ok=True)
            return super().finish(answer)

    def give_back(text: str) -> None:
        if not told:
            assert not list(out.glob("0*"))
            other.unlink()
            (out / ".00000.tar.claim.1").unlink()
        told.append(text)

    labelling = Labelling(labellers=[Slow()])
    assert not label_shards([shard], out, labelling, claims=Claims(out), tell=give_back)
    assert told[0] == "00000.tar: taken over by another worker"
    assert told[1].startswith("00000.tar: 4 samples in 0 s, regions_boxes 4")
    assert {path.name for path in out.iterdir()} == {"00000.tar", "00000.tar.done"}


def test_shards__that_fail_are_told_once_and_do_not_stop_the_others(tmp_path: Path) -> None:
    shards = toy.shards(tmp_path / "images", number=9, per_shard=3, s004=b"no")
    out, labelling = tmp_path / "out", Labelling(labellers=[toy.ToyRegions()])
    for _ in range(2):
        (fault,) = label_shards(shards, out, labelling, claims=Claims(out))
        assert "00001.tar: 1 of 3 samples" in fault
        names = sorted(path.name for path in out.iterdir())
        assert names == [
            *("00000.tar", "00000.tar.done", "00001.tar.failed", "00002.tar", "00002.tar.done")
        ]
    lenient = Labelling(labellers=[toy.ToyRegions()], max_failed=1.0)
    (out / "00001.tar.failed").unlink()
    assert label_shards(shards, out, lenient, claims=Claims(out)) == []


def test_places__that_would_overwrite_are_refused(tmp_path: Path) -> None:
    shards = toy.shards(tmp_path / "images", number=1)
    labelling = Labelling(labellers=[])
    with pytest.raises(ConfigError, match="would be overwritten"):
        label_shards(shards, tmp_path / "images", labelling, claims=Claims(tmp_path / "images"))
    with pytest.raises(ConfigError, match="have one name"):
        label_shards(shards * 2, tmp_path / "o", labelling, claims=Claims(tmp_path / "o"))
    with pytest.raises(ConfigError, match="stale"):
        Claims(tmp_path / "o", stale=0)


def test_claim__is_touched_after_every_batch(tmp_path: Path) -> None:
    (shard,) = toy.shards(tmp_path / "images", number=9, per_shard=9)
    out, seen = tmp_path / "out", []

    class Watching(toy.ToyRegions):
        def label(self, batch: Any) -> Any:
            claim = out / ".00000.tar.claim.1"
            seen.append(claim.stat().st_mtime)
            os.utime(claim, (1, 1))
            return super().label(batch)

    claims = Claims(out, stale=1e-6)
    assert not label_shards([shard], out, Labelling(labellers=[Watching()]), claims=claims)
    assert len(seen) >= 5 and min(seen) > 1


def test_claim__of_a_number_that_another_made_anew_is_lost(tmp_path: Path) -> None:
    """Who slept while others took over, failed and began again must not end their claim."""
    claims = Claims(tmp_path)
    with claims.take("a.tar") as held:
        assert held is not None
        (tmp_path / ".a.tar.claim.1").unlink()
        with Claims(tmp_path).take("a.tar") as other:
            assert other is not None and other.number == held.number
            with pytest.raises(ClaimLost):
                held.check()
            with claims.take("a.tar") as third:
                assert third is None
            other.check()
    assert list(tmp_path.iterdir()) == []
