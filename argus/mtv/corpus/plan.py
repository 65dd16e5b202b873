"""What a corpus costs: hours on GPUs, bytes, shards.

Source of the paces and sizes: "Revisiting Multi-Task Visual Representation Learning" (arXiv
2601.13886): 200 million pairs fetched in 40 days, 21 TB; depth of 100 million in 13 hours on 64
GPUs; tags and boxes in 86 hours on 64 GPUs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from argus.errors import ConfigError
from argus.names.wording import counted

KILOBYTES_A_PAIR = 105.0
SAMPLES_A_SHARD = 10_000
PAIRS_A_DAY = 5_000_000
"""That the paper fetched."""
_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
_MOST = 10**13


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a step labels.

    Args:
        step: What is made.
        per_gpu_hour: Pictures.
        source: Where the number is from.
    """

    step: str
    per_gpu_hour: float
    source: str


PAPER = (
    Pace(step="depth", per_gpu_hour=120_000, source="the paper's"),
    Pace(step="tags and boxes", per_gpu_hour=18_000, source="the paper's"),
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A corpus and what is to be done with it.

    Args:
        pictures: Pairs.
        gpus: That label at a time.
        paces: Of the steps, one after the other.
        kilobytes: Of a pair, in 1000 bytes.
        side_kilobytes: Of the labels of a picture; ``None`` if not known.
        samples_per_shard: Of all but the last.
    """

    pictures: int
    gpus: int
    paces: Sequence[Pace] = PAPER
    kilobytes: float = KILOBYTES_A_PAIR
    side_kilobytes: float | None = None
    samples_per_shard: int = SAMPLES_A_SHARD

    def gpu_hours(self, pace: Pace) -> float:
        """Of one step."""
        return self.pictures / pace.per_gpu_hour

    def hours(self, pace: Pace) -> float:
        """Of one step, on all GPUs."""
        return self.gpu_hours(pace) / self.gpus

    @property
    def num_bytes(self) -> float:
        """Of the pairs."""
        return self.pictures * self.kilobytes * 1e3

    @property
    def side_bytes(self) -> float | None:
        """Of the labels."""
        return None if self.side_kilobytes is None else self.pictures * self.side_kilobytes * 1e3

    @property
    def num_shards(self) -> int:
        """Tar files."""
        return -(-self.pictures // self.samples_per_shard)

    def table(self) -> str:
        """All of it, for people, as Markdown."""
        rows = [
            (pace.step, f"{pace.per_gpu_hour:,.0f}", self.gpu_hours(pace), self.hours(pace), pace)
            for pace in self.paces
        ]
        lines = [
            f"{counted(self.pictures, 'picture')}, {counted(self.gpus, 'GPU')}",
            "",
            "| step | pictures per GPU-hour | GPU-hours | hours | pace |",
            "|---|---:|---:|---:|---|",
            *(
                f"| {step} | {pace_text} | {shown(total)} | {shown(hours)} | {pace.source} |"
                for step, pace_text, total, hours, pace in rows
            ),
        ]
        if len(rows) > 1:
            total = sum(row[2] for row in rows)
            lines.append(f"| all | | {shown(total)} | {shown(total / self.gpus)} | |")
        side = self.side_bytes
        days = self.pictures / PAIRS_A_DAY
        lines += [
            "",
            f"pairs: {in_bytes(self.num_bytes)} ({self.kilobytes:g} KB each), in "
            f"{counted(self.num_shards, 'shard')} of {self.samples_per_shard:,}",
            "labels: not known before some are there; give --measure FOLDER"
            if side is None
            else f"labels: {in_bytes(side)} ({self.side_kilobytes:.1f} KB a picture)",
            f"fetching them at the paper's {PAIRS_A_DAY:,} pairs a day: {shown(days)} days; half "
            "of the paper's pairs were left in the end",
        ]
        return "\n".join(lines)


def shown(value: float) -> str:
    """A number of hours or days, with three digits or more."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def in_bytes(value: float) -> str:
    """Bytes in a unit of people, of 1000."""
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB" if value < 1000 else f"{value / 1000:.3g} PB"


def number_in(text: str) -> int:
    """A count such as ``100M``, ``1.1B``, ``20k`` or ``300,000``.

    Raises:
        ConfigError: It is none.
    """
    found = re.fullmatch(r"([0-9][0-9,_]{0,18}(?:\.[0-9]{1,9})?)\s*([kmb]?)", text.strip().lower())
    value = 0.0
    if found:
        value = float(found[1].replace(",", "").replace("_", "")) * _FACTORS[found[2]]
    if not 1 <= value <= _MOST:
        raise ConfigError(f"expected a number of pictures such as 300000 or 100M, found {text!r}.")
    return round(value)


def pace_in(text: str) -> Pace:
    """A step and its pace, ``STEP=PICTURES`` a GPU-hour.

    Raises:
        ConfigError: It is none.
    """
    step, equals, value = text.partition("=")
    if not step or not equals:
        raise ConfigError(f"--pace {text}: expected STEP=PICTURES, such as depth=150k.")
    return Pace(step=step, per_gpu_hour=number_in(value), source="given")
