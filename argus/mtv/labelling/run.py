"""From the config of a labelling to workers at work."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from argus.engine.config_files.options import parse_options
from argus.engine.config_files.reading import read_config_file
from argus.errors import ConfigError, DataError
from argus.mtv.labelling.claims import Claims
from argus.mtv.labelling.done import failed_path, verify
from argus.mtv.labelling.registry import build_labellers
from argus.mtv.labelling.shard import Labelling
from argus.mtv.labelling.workers import check_places, label_shards
from argus.names.wording import counted

KEYS = ("labellers", "threads", "max_failed")


def read_labelling(config: str, options: Sequence[str] = ()) -> Labelling:
    """The labelling of a config, with its teachers in memory.

    Args:
        config: Path of the file.
        options: ``KEY=VALUE`` that change it.

    Raises:
        ConfigError: It cannot be read, or a key is unknown or wrong.
        CheckpointError: A teacher cannot be read.
    """
    if not Path(config).is_file():
        raise ConfigError(f"config file {config} does not exist.")
    found: Mapping[str, Any] = read_config_file(config, parse_options(options)).to_dict()
    unknown = sorted(set(found) - {*KEYS, "default_scope"})
    if unknown or "labellers" not in found:
        raise ConfigError(
            f"{config}: expected the keys {', '.join(KEYS)}, found {', '.join(sorted(found))}."
        )
    threads, max_failed = found.get("threads", 4), found.get("max_failed", 0.1)
    if not isinstance(threads, int) or threads < 1 or not 0 <= max_failed <= 1:
        raise ConfigError(
            f"{config}: expected threads >= 1 and max_failed in [0, 1], found {threads!r} and "
            f"{max_failed!r}."
        )
    labellers = build_labellers(found["labellers"])
    return Labelling(labellers=labellers, threads=threads, max_failed=max_failed)


def teachers_text(labelling: Labelling) -> str:
    """Teachers with revisions and licences, a line each."""
    records = [teacher for labeller in labelling.labellers for teacher in labeller.teachers]
    return "\n".join(["teachers:", *(f"  {record}" for record in records)])


def work(
    shards: Sequence[Path],
    out: Path,
    labelling: Labelling,
    *,
    stale: float = 600.0,
    tell: Callable[[str], None] = print,
) -> list[str]:
    """Label shards as one worker of maybe many; see :func:`label_shards`.

    Args:
        shards: Of this worker.
        out: Folder of the side-cars.
        labelling: With what.
        stale: Seconds after which the claim of another worker counts as given up.
        tell: Takes lines.

    Returns:
        What is wrong with the shards that failed.
    """
    check_places(shards, out)
    faults = label_shards(shards, out, labelling, claims=Claims(out, stale=stale), tell=tell)
    tell(summary(shards, faults, out))
    return faults


def summary(shards: Sequence[Path], faults: Sequence[str], out: Path) -> str:
    """What came of it, in a line."""
    done = len(shards) - len(faults)
    return f"{counted(done, 'shard')} of {len(shards):,} with side-cars in {out}"


def retry(shards: Sequence[Path], out: Path) -> None:
    """Forget that shards failed."""
    for shard in shards:
        failed_path(out, shard.name).unlink(missing_ok=True)


def verify_all(shards: Sequence[Path], out: Path) -> list[str]:
    """Compare side-cars with their hashes; what is wrong with them, or that there is none."""
    faults = []
    for shard in shards:
        try:
            verify(out, shard.name)
        except DataError as error:
            faults.append(str(error))
    return faults
