"""The pace of one's own machines, from the records that a labelling leaves beside its side-cars.

A record, ``NAME.tar.done``, says how many samples a shard has and how large its side-car is; when
it was written says how fast they came. It is a time of the file system: copy the folder, and it is
lost. The first record of each worker, and the first after a pause, are where its clock starts.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argus.errors import DataError
from argus.files.records import read_record
from argus.mtv.corpus.plan import Pace
from argus.mtv.labelling.done import FORMAT
from argus.names.wording import counted

_MIN_ROUNDS = 2
# A gap of so many times what a worker usually takes for a shard, and of ten minutes, is a pause.
_PAUSE, _PAUSE_SECONDS = 4.0, 600.0


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a labelling came to.

    Args:
        pace: Of all that it makes of a picture, together.
        side_kilobytes: Of a picture's labels.
        note: On what this rests.
    """

    pace: Pace
    side_kilobytes: float
    note: str


def measure(folder: Path, *, gpus: int) -> Measured:
    """The pace of a labelling.

    Args:
        folder: With the records.
        gpus: That worked at the same time, a worker on each.

    Raises:
        DataError: There are too few records, or they cannot be read.
    """
    paths = sorted(folder.glob("*.tar.done"))
    if len(paths) < gpus + _MIN_ROUNDS:
        raise DataError(
            f"{folder}: {counted(len(paths), 'record')} (*.tar.done) of labelled shards; of "
            f"{counted(gpus, 'GPU')} expected {gpus + _MIN_ROUNDS:,} or more: label some shards "
            "with tools/mtv/label.py first, or say how many GPUs these are of."
        )
    records = [(path.stat().st_mtime, _record(path)) for path in paths]
    records.sort(key=lambda pair: pair[0])
    times = [time for time, _ in records]
    samples = [record["samples"] for _, record in records]
    seconds, done, pauses = _worked(times, samples, gpus)
    if seconds <= 0 or done <= 0:
        raise DataError(
            f"{folder}: the records were all written at one time, as in a copy. Measure where they "
            "were written, or give --pace."
        )
    names = sorted({own.get("name", "?") for _, r in records for own in r["labellers"]})
    per_hour = done / seconds * 3600 / gpus
    note = (
        f"{folder}: {counted(done, 'picture')} in {seconds / 3600:.2f} hours on "
        f"{counted(gpus, 'GPU')}"
    )
    if pauses:
        note += f"; {counted(pauses, 'pause')} left out"
    step = " and ".join(names) or "labels"
    return Measured(
        pace=Pace(step=step, per_gpu_hour=per_hour, source="measured"),
        side_kilobytes=sum(r["bytes"] for _, r in records) / 1e3 / max(1, sum(samples)),
        note=note,
    )


def _worked(times: Sequence[float], samples: Sequence[int], workers: int) -> tuple[float, int, int]:
    """Seconds of work, samples that came in them, and how often nobody worked."""
    rounds = [after - before for before, after in zip(times, times[workers:], strict=False)]
    limit = max(_PAUSE_SECONDS, _PAUSE * statistics.median(rounds))
    starts = [0, *(n for n in range(1, len(times)) if times[n] - times[n - 1] > limit)]
    seconds, done = 0.0, 0
    for first, end in zip(starts, [*starts[1:], len(times)], strict=True):
        if end - first > workers:
            seconds += times[end - 1] - times[first + workers - 1]
            done += sum(samples[first + workers : end])
    return seconds, done, len(starts) - 1


def _record(path: Path) -> dict[str, Any]:
    record = read_record(path, form=FORMAT, what="a labelled shard")
    numbers = [record.get(key) for key in ("samples", "bytes")]
    labellers = record.get("labellers")
    if (
        not all(isinstance(number, int) and number >= 0 for number in numbers)
        or not isinstance(labellers, list)
        or not all(isinstance(own, dict) for own in labellers)
    ):
        raise DataError(f"{path}: expected samples, bytes and labellers of a labelled shard.")
    return record
