"""Checkpoint files: tensors and plain values, read without running code, written in one move.

Loading takes tensors and plain values only (``torch.load(weights_only=True)``), and compares all
of them with the checksums in the file. Files are written beside their place and moved there, so
that an interrupted save leaves the previous one.
"""

import contextlib
import hashlib
import pickle
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from argus.errors import CheckpointError
from argus.files.checksums import check, checksums, damage
from argus.files.durable import forget_cached, replacing
from argus.files.foreign import foreign_kind
from argus.storage.forms import CHECKPOINT as CHECKPOINT_FORM

FORMAT = "argus-checkpoint-2"
# Without checksums, and with an optimizer by position: good for its weights.
OLD_FORMAT = "argus-checkpoint-1"
PARTS = ("meta", "base", "state_dict")
_CHECKSUMS = "checksums"
_ZIP = b"PK\x03\x04"  # how a file of torch.save begins
_FOUND = "WeightsUnpickler error: "


def tensor_hash(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and bytes, independent of order and device."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}|{value.dtype}|{tuple(value.shape)}|".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def write_checkpoint(path: str | Path, checkpoint: Mapping[str, Any]) -> None:
    """Write a checkpoint in one move.

    Raises:
        CheckpointError: If the disk is full or the folder not writable; nothing is left behind.
    """
    path = Path(path)
    content = {"format": FORMAT, **checkpoint}
    content[_CHECKSUMS] = checksums(content)
    try:
        with replacing(path) as partial:
            torch.save(content, partial)
    # torch's archive writer turns errors of the disk into RuntimeError.
    except (OSError, RuntimeError) as error:
        raise CheckpointError(
            f"checkpoint {path} cannot be written: {_first_line(error)}{_room(path.parent)}. "
            "Make room on the disk (see max_keep_ckpts of the checkpoint hook), then go on with "
            "--resume: earlier checkpoints are whole."
        ) from error


def verify_checkpoint(path: str | Path) -> None:
    """Read a checkpoint back from the disk, not from memory, and compare it with its checksums.

    Raises:
        CheckpointError: As :func:`read_checkpoint`.
    """
    forget_cached(Path(path))
    read_checkpoint(path, in_place=True)


def check_is_file(path: Path) -> None:
    """Refuse the path of a checkpoint that is not there.

    Raises:
        CheckpointError: Naming the checkpoints that are in the folder.
    """
    if path.is_dir():
        kept = sorted(p.name for p in path.glob("*.pth"))
        found = f"name one of its files: {', '.join(kept)}" if kept else "it holds no *.pth"
        raise CheckpointError(f"checkpoint {path} is a folder; {found}.")
    if not path.is_file():
        kept = sorted(p.name for p in path.parent.glob("*.pth")) if path.parent.is_dir() else []
        found = f"that folder holds {', '.join(kept)}" if kept else "that folder holds none"
        raise CheckpointError(f"checkpoint {path} does not exist ({found}).")


def read_checkpoint(
    path: str | Path, *, needs: Sequence[str] = (), in_place: bool = False
) -> dict[str, Any]:
    """Read a checkpoint without running any code in it.

    Args:
        path: The file.
        needs: The parts that it must have.
        in_place: Map the file into memory instead of copying it there; it has to stay as it is.

    Raises:
        CheckpointError: If the file is missing, damaged, of another format, or holds objects other
            than tensors and plain values; a field has another form than it should, or what is
            needed is not there.
    """
    path = Path(path)
    check_is_file(path)
    kind = foreign_kind(path)
    if kind is not None:
        raise CheckpointError(f"{path}: {kind}")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=in_place)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"checkpoint {path} is not a file of tensors and plain values (or is damaged), so it "
            f"is not opened: {_reason(path, error)}"
        ) from error
    except Exception as error:  # noqa: BLE001 - damaged bytes may provoke anything
        raise CheckpointError(
            f"checkpoint {path} cannot be read, it may be truncated or empty: "
            f"{_reason(path, error)}"
        ) from error
    known = (FORMAT, OLD_FORMAT)
    if not isinstance(checkpoint, dict) or checkpoint.get("format") not in known:
        raise CheckpointError(
            f"{path} is not an Argus checkpoint: expected format {FORMAT!r}, found "
            f"{checkpoint.get('format') if isinstance(checkpoint, dict) else type(checkpoint)!r}. "
            "Backbone weights go into backbone.vit.weights; tools/checkpoints/convert.py converts "
            "other layouts."
        )
    if checkpoint["format"] == OLD_FORMAT:
        _check_archive(path)
    else:
        check(checkpoint, checkpoint.pop(_CHECKSUMS, None), path=path)
    CHECKPOINT_FORM(checkpoint, str(path))
    missing = [name for name in needs if name not in checkpoint]
    if missing:
        raise CheckpointError(
            f"{path} lacks {', '.join(missing)}, which every checkpoint of a training has; take "
            "one that tools/train.py wrote."
        )
    return checkpoint


def _check_archive(path: Path) -> None:
    """Check the CRC-32 of the archive's files, which torch writes and does not look at."""
    try:
        with zipfile.ZipFile(path) as archive:
            wrong = archive.testzip()
    except Exception as error:  # noqa: BLE001 - damaged bytes may provoke anything
        raise CheckpointError(
            f"checkpoint {path} is no whole archive: {_first_line(error)}. Copy the file again "
            "from where it came, or take another one."
        ) from error
    if wrong is not None:
        raise CheckpointError(damage(path, [wrong]))


def _reason(path: Path, error: Exception) -> str:
    """What is wrong with a file, without torch's words on how it reads and how to make it."""
    with path.open("rb") as file:
        if file.read(len(_ZIP)) != _ZIP:
            return "it does not begin as one"
    _, _, found = str(error).partition(_FOUND)
    return found.splitlines()[0] if found else _first_line(error)


def _room(folder: Path) -> str:
    """How full the disk is: torch's archive writer does not say that it is."""
    with contextlib.suppress(OSError):
        return f", with {shutil.disk_usage(folder).free / 2**20:.1f} MiB free"
    return ""


def _first_line(error: Exception) -> str:
    """The message without the hints torch adds below it; the kind of error if there is none."""
    return next(iter(str(error).splitlines()), type(error).__name__)
