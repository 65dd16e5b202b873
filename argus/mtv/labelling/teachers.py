"""What teachers have in common: how they are read, where they compute, what is noted of them."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from argus.errors import CheckpointError, ConfigError
from argus.mtv.labelling.labeller import TeacherRecord
from argus.mtv.labelling.licences import licence_of
from argus.mtv.quiet_transformers import quiet_transformers
from argus.mtv.transformers_models import READ_ERRORS, read_pretrained

PRECISIONS: dict[str, torch.dtype | None] = dict(fp32=None, bf16=torch.bfloat16, fp16=torch.float16)


def read_teacher(kind: Any, source: str, *, revision: str | None, what: str, example: str) -> Any:
    """A model of ``transformers``, in eval mode on the device of this process.

    Args:
        kind: Its class.
        source: Folder that ``save_pretrained`` wrote, or a name on the Hub.
        revision: Commit or branch on the Hub.
        what: Its kind in words, for messages.
        example: A name on the Hub, likewise.

    Raises:
        CheckpointError: There is none, or its weights do not fit.
    """
    options = {} if revision is None else dict(revision=revision)
    model = read_pretrained(kind, source, what=what, example=example, **options)
    return model.to(device()).eval().requires_grad_(False)


def read_beside(kind: Any, source: str, *, revision: str | None, what: str) -> Any:
    """A processor or tokenizer that lies beside a model.

    Args:
        kind: Its class, or the ``Auto`` one.
        source: As for :func:`read_teacher`.
        revision: Likewise.
        what: Its kind in words, for the message.

    Raises:
        CheckpointError: There is none.
    """
    options = {} if revision is None else dict(revision=revision)
    try:
        with quiet_transformers():
            return kind.from_pretrained(
                source,
                local_files_only=Path(source).is_dir(),
                trust_remote_code=False,
                **options,
            )
    except (*READ_ERRORS, TypeError, ImportError) as error:
        raise CheckpointError(
            f"{source} has no {what} that can be read: {' '.join(str(error).split())[:300]} "
            "Download the whole folder of the model, not its weights alone."
        ) from error


def record_of(source: str | Path, *, role: str, model: Any = None) -> TeacherRecord:
    """What is noted of a teacher.

    Args:
        source: Folder, file or name on the Hub.
        role: What it does.
        model: As it was read; it knows its commit on the Hub.
    """
    path = Path(source)
    if path.exists():
        files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
        digest = hashlib.sha256()
        for file in files:
            with file.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
        revision = f"sha256:{digest.hexdigest()}"
    else:
        revision = str(getattr(getattr(model, "config", None), "_commit_hash", None))
    return TeacherRecord(
        role=role, source=str(source), revision=revision, licence=licence_of(source)
    )


def device() -> torch.device:
    """The GPU of this process, by ``LOCAL_RANK``; without any the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())


def check_precision(precision: str, *, where: str) -> None:
    """Refuse an unknown name of a precision.

    Raises:
        ConfigError: Naming the known ones.
    """
    if precision not in PRECISIONS:
        raise ConfigError(
            f"{where}.precision: expected one of {', '.join(PRECISIONS)}, found {precision!r}."
        )


@contextmanager
def computing(precision: str) -> Iterator[None]:
    """Without gradients, matrices in a precision of :data:`PRECISIONS`."""
    dtype = PRECISIONS[precision]
    with torch.inference_mode():
        with torch.autocast(device().type, dtype=dtype, enabled=dtype is not None):
            yield


def on_device(tensors: list[Tensor]) -> Tensor:
    """A batch (B, ...) of tensors of one shape, on the device of this process."""
    return torch.stack(tensors).to(device(), non_blocking=True)
