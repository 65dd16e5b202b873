"""A worker: labels the shards of a list that are not labelled yet, beside any number of others."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from argus.errors import ConfigError, DataError
from argus.mtv.labelling.claims import Claim, ClaimLost, Claims
from argus.mtv.labelling.done import failed_path, read_done, read_fault, write_record
from argus.mtv.labelling.shard import Labelling, label_shard
from argus.names.wording import counted

_PAUSES = (0.1, 10.0)  # seconds between looks at what others do: at first, and at most


def label_shards(
    shards: Sequence[Path],
    out: Path,
    labelling: Labelling,
    *,
    claims: Claims,
    tell: Callable[[str], None] = lambda text: None,
) -> list[str]:
    """Label shards until each has a side-car, whoever wrote it.

    A shard that another worker has claimed is waited for; if that ends without a side-car, this
    one takes it over.

    Args:
        shards: Of different names.
        out: Folder of the side-cars.
        labelling: With what.
        claims: Of that folder.
        tell: Takes a line for each shard.

    Returns:
        What is wrong with the shards that cannot be labelled, a sentence each.

    Raises:
        ConfigError: Side-cars of other settings are there, or it would overwrite the shards.
        DataError: A side-car belongs to another shard.
    """
    check_places(shards, out)
    settings = labelling.settings()
    faults: list[str] = []
    waiting = list(shards)
    pause = _PAUSES[0]
    while waiting:
        left = []
        is_idle = True
        for shard in waiting:
            fault = read_fault(out, shard.name, settings=settings)
            if fault is not None:
                faults.append(fault)
            elif read_done(out, shard, settings=settings) is None:
                with claims.take(shard.name) as claim:
                    if claim is not None:
                        is_idle = False
                        _label(shard, out, labelling, claim, tell)
                left.append(shard)  # a look at it in the next round tells what came of it
        if left and is_idle:
            time.sleep(min(pause, claims.stale / 10))
        pause = min(2 * pause, _PAUSES[1]) if is_idle else _PAUSES[0]
        waiting = left
    return faults


def check_places(shards: Sequence[Path], out: Path) -> None:
    """Refuse shards of one name, and side-cars in the place of the shards.

    Raises:
        ConfigError: Naming them.
    """
    folders: dict[str, Path] = {}
    for shard in shards:
        if shard.name in folders:
            raise ConfigError(
                f"{shard} and {folders[shard.name]} have one name, and so would their side-cars: "
                "label each folder into one of its own."
            )
        folders[shard.name] = shard
        if shard.parent.resolve() == out.resolve():
            raise ConfigError(
                f"--out {out} is the folder of the shards, which would be overwritten: give "
                "another one."
            )


def _label(
    shard: Path, out: Path, labelling: Labelling, claim: Claim, tell: Callable[[str], None]
) -> None:
    settings = labelling.settings()
    # Another worker may have finished it between the look and the claim.
    if read_fault(out, shard.name, settings=settings) is not None:
        return
    if read_done(out, shard, settings=settings) is not None:
        return
    began = time.monotonic()
    try:
        record = label_shard(shard, out, labelling, claim=claim)
    except DataError as error:
        fault = dict(shard=shard.name, settings=settings, fault=str(error))
        write_record(failed_path(out, shard.name), fault, writer=claim.writer)
        tell(f"{shard.name}: failed")
    except ClaimLost:
        tell(f"{shard.name}: taken over by another worker")
    except OSError:
        try:
            claim.check()
        except ClaimLost:
            tell(f"{shard.name}: taken over by another worker")
        else:
            raise
    else:
        failed = sum(record["failed"].values())
        facts = [
            f"{counted(record['samples'], 'sample')} in {time.monotonic() - began:,.0f} s",
            *(f"{name} {number:,}" for name, number in record["counts"].items()),
            *([counted(failed, "failure")] if failed else []),
        ]
        tell(f"{shard.name}: {', '.join(facts)}")
