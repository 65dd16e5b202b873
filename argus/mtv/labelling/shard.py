"""Label a shard: its side-car is written beside its place, brought to the disk and moved there.

The side-car has an entry for every sample of the shard, in its order: the members of the labellers,
and ``meta.json`` with what they say of it and why one of them failed. Then its record is written.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argus.datasets.shards.index import ShardIndex, read_index
from argus.datasets.shards.shard_set import read_members
from argus.datasets.shards.writer import add_member, new_shard
from argus.datasets.transforms.loading import decode_image
from argus.errors import DataError
from argus.files.durable import replacing
from argus.mtv.data import captions
from argus.mtv.data.shard_pairs import PICTURES
from argus.mtv.labelling.claims import Claim
from argus.mtv.labelling.done import done_path, sha256_of, write_record
from argus.mtv.labelling.labeller import Labeller, Labels, Outcome, Picture
from argus.mtv.labelling.stream import labelled
from argus.names.wording import counted

META = "meta.json"
_MAX_LISTED = 100


@dataclass(frozen=True, kw_only=True)
class Labelling:
    """With what shards are labelled.

    Args:
        labellers: Whose members make up a side-car.
        threads: For all but the models.
        max_failed: Share of the samples of a shard that may fail.
    """

    labellers: Sequence[Labeller]
    threads: int = 4
    max_failed: float = 0.1

    def records(self) -> list[dict[str, Any]]:
        """Settings and teachers of the labellers."""
        return [labeller.record() for labeller in self.labellers]

    def settings(self) -> str:
        """Twelve digits that differ where labels may."""
        return hashlib.sha256(_json(self.records())).hexdigest()[:12]


def label_shard(
    shard: Path, out: Path, labelling: Labelling, *, claim: Claim | None = None
) -> dict[str, Any]:
    """Write the side-car of a shard and its record; the same shard gives the same bytes.

    Args:
        shard: A tar file of samples.
        out: Folder of the side-cars; another one than that of the shard.
        labelling: With what.
        claim: On the shard, if others may want to label it too.

    Returns:
        The record.

    Raises:
        DataError: The shard is none, or too many of its samples fail; nothing is left behind.
        ClaimLost: Others have taken it over; likewise.
    """
    writer = None if claim is None else claim.writer
    index = read_index(shard)
    tally = _Tally()
    settings = labelling.settings()
    with replacing(out / shard.name, writer=writer) as partial:
        with new_shard(partial) as tar:
            reads_captions = any(labeller.reads_captions for labeller in labelling.labellers)
            outcomes = labelled(
                lambda place: _picture(shard, index, place, reads_captions=reads_captions),
                len(index),
                labelling.labellers,
                threads=labelling.threads,
                alive=(lambda: None) if claim is None else claim.alive,
            )
            for place, outcome in enumerate(outcomes):
                key = index.key(place)
                for kind, content in _members(outcome, settings).items():
                    add_member(tar, f"{key}.{kind}", content)
                tally.add(key, outcome)
        tally.check(shard, len(index), labelling.max_failed)
        size, digest = partial.stat().st_size, sha256_of(partial)
        if claim is not None:
            claim.check()
    record = dict(
        shard=shard.name,
        source_bytes=shard.stat().st_size,
        source_fault=index.fault,
        samples=len(index),
        failed=dict(sorted(tally.failed.items())),
        failures=tally.failures,
        counts=dict(sorted(tally.counts.items())),
        settings=settings,
        labellers=labelling.records(),
        bytes=size,
        sha256=digest,
    )
    write_record(done_path(out, shard.name), record, writer=writer)
    return record


class _Tally:
    """What came of the samples of a shard."""

    def __init__(self) -> None:
        self.failed: Counter[str] = Counter()
        self.failures: list[list[str]] = []
        self.counts: Counter[str] = Counter()
        self.num_failed = 0

    def add(self, key: str, outcome: Outcome) -> None:
        faults = {name: own for name, own in outcome.items() if isinstance(own, DataError)}
        self.num_failed += bool(faults)
        for name, fault in faults.items():
            self.failed[name] += 1
            if len(self.failures) < _MAX_LISTED:
                self.failures.append([key, name, str(fault)])
        for name, own in outcome.items():
            if isinstance(own, Labels):
                self.counts.update({f"{name}_{what}": n for what, n in own.counts.items()})

    def check(self, shard: Path, number: int, max_failed: float) -> None:
        if self.num_failed > max_failed * number:
            reasons = "; ".join(": ".join(failure) for failure in self.failures[:3])
            raise DataError(
                f"{shard}: {self.num_failed:,} of {counted(number, 'sample')} cannot be labelled, "
                f"more than a share of {max_failed}: {reasons}"
            )


def _picture(shard: Path, index: ShardIndex, place: int, *, reads_captions: bool) -> Picture:
    members = index.members(place)
    kind = next((kind for kind in members if kind in PICTURES), None)
    if kind is None:
        raise DataError(f"it has no picture: expected one of {', '.join(sorted(PICTURES))}")
    wanted = [kind, *(text for text in captions.KINDS if reads_captions and text in members)]
    found = read_members(shard, {kind: members[kind] for kind in wanted})
    texts = captions.usable(captions.captions_in(found)) if reads_captions else ()
    return Picture(pixels=decode_image(found[kind])[..., ::-1], captions=tuple(texts))


def _members(outcome: Outcome, settings: str) -> Mapping[str, bytes]:
    meta: dict[str, Any] = dict(settings=settings)
    failed = {name: str(own) for name, own in outcome.items() if isinstance(own, DataError)}
    if failed:
        meta["failed"] = failed
    members: dict[str, bytes] = {}
    for name, own in outcome.items():
        if isinstance(own, Labels):
            assert not set(own.members) & set(members), name
            members |= own.members
            if own.meta:
                meta[name] = dict(own.meta)
    return members | {META: _json(meta)}


def _json(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":"), sort_keys=True).encode("ascii")
