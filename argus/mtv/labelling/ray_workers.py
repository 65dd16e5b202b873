"""Workers as actors of Ray Data, on one machine or many.

Each actor has the teachers in its memory and labels a shard at a time, with the claims that other
workers have: an actor that is lost is replaced by Ray, and what it had begun is taken over.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from argus.errors import CheckpointError, ConfigError, DataError
from argus.mtv.labelling.claims import Claims
from argus.mtv.labelling.run import read_labelling, summary, teachers_text
from argus.mtv.labelling.shard import Labelling
from argus.mtv.labelling.workers import check_places, label_shards

_ERRORS = {kind.__name__: kind for kind in (CheckpointError, ConfigError, DataError)}


class RayWorker:
    """Labels the shards of a batch; what is wrong with each is the answer.

    Of an actor that cannot be made Ray makes another, again and again, and of an exception it
    passes on the text alone: so teachers are read with the first batch, and what a user can mend is
    an answer too.

    Args:
        config: Path of the config, which every machine has to see.
        options: ``KEY=VALUE`` that change it.
        out: Folder of the side-cars, likewise.
        stale: Seconds after which the claim of another worker counts as given up.
    """

    def __init__(self, *, config: str, options: Sequence[str], out: str, stale: float) -> None:
        self.config, self.options = config, options
        self.out, self.stale = Path(out), stale
        self._ready: tuple[Labelling, Claims] | None = None
        self._error: tuple[str, str] | None = None

    def __call__(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Rows ``fault``, empty for none, and ``error`` with the kind of one that ends the run."""
        rows = [self._label(Path(shard)) for shard in batch["shard"].tolist()]
        errors, faults = zip(*rows, strict=True)
        return dict(error=np.array(errors, object), fault=np.array(faults, object))

    def _label(self, shard: Path) -> tuple[str, str]:
        if self._error is None:
            try:
                labelling, claims = self._ready or self._prepare()
                found = label_shards([shard], self.out, labelling, claims=claims, tell=_tell)
                return "", "; ".join(found)
            except tuple(_ERRORS.values()) as error:
                self._error = type(error).__name__, str(error)
        return self._error

    def _prepare(self) -> tuple[Labelling, Claims]:
        labelling = read_labelling(self.config, self.options)
        _tell(teachers_text(labelling))
        self._ready = labelling, Claims(self.out, stale=self.stale)
        return self._ready


def label_with_ray(
    shards: Sequence[Path],
    out: Path,
    config: str,
    *,
    options: Sequence[str] = (),
    workers: int | None = None,
    gpus_per_worker: float | None = None,
    stale: float = 600.0,
    tell: Callable[[str], None] = print,
) -> list[str]:
    """Label shards on a cluster of Ray, or on this machine where there is none.

    Args:
        shards: Of different names, where every machine sees them.
        out: Folder of the side-cars, likewise.
        config: Path of the config, likewise.
        options: ``KEY=VALUE`` that change it.
        workers: Actors; by default as many as the cluster has GPUs, one without any.
        gpus_per_worker: Of each; by default one where there are GPUs.
        stale: As for :class:`RayWorker`.
        tell: Takes lines.

    Returns:
        What is wrong with the shards that failed.

    Raises:
        ConfigError: Ray is not installed, or as :func:`read_labelling` and :func:`label_shards`.
        CheckpointError: A teacher cannot be read.
        DataError: A side-car belongs to another shard.
    """
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ConfigError(
            "--launcher ray needs the extra 'ray': python -m pip install -r requirements/ray.txt, "
            "or 'argus-multitask[ray]'."
        ) from error
    check_places(shards, out)
    out.mkdir(parents=True, exist_ok=True)
    if not ray.is_initialized():
        ray.init(address=os.environ.get("RAY_ADDRESS"))  # without one, a cluster of this machine
    num_gpus = int(ray.cluster_resources().get("GPU", 0))
    gpus = float(num_gpus > 0) if gpus_per_worker is None else gpus_per_worker
    size = max(int(num_gpus / gpus), 1) if workers is None and gpus else workers or 1
    tell(f"Ray: {size} workers with {gpus:g} GPUs each")
    rows = [dict(shard=str(shard.absolute())) for shard in shards]
    labelled = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
        RayWorker,
        fn_constructor_kwargs=dict(
            config=str(Path(config).absolute()),
            options=list(options),
            out=str(out.absolute()),
            stale=stale,
        ),
        batch_size=1,
        num_gpus=gpus or None,
        compute=ray.data.ActorPoolStrategy(size=min(size, len(rows))),
    )
    found = labelled.take_all()
    for row in found:
        if row["error"]:
            raise _ERRORS[row["error"]](row["fault"])
    faults = [row["fault"] for row in found if row["fault"]]
    tell(summary(shards, faults, out))
    return faults


def _tell(text: str) -> None:
    print(text, flush=True)
