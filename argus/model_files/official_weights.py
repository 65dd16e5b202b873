"""Get the official DINOv2 files: fetched or copied, checked, and put in place whole."""

import hashlib
import re
import shutil
import zipfile
from pathlib import Path

import torch

from argus.errors import CheckpointError, DataError
from argus.files.addresses import is_address
from argus.files.download_progress import progress_line
from argus.files.downloads import discard, fetch
from argus.files.durable import replacing, write_text
from argus.files.foreign import raise_if_foreign
from argus.models.backbones.released import NAMES, most_bytes_of, released_shapes
from argus.models.backbones.weights import misfits, official_file_name, official_url

FOLDER = Path("data/weights")


def get_official_weights(
    name: str, folder: Path = FOLDER, *, source: str | None = None, sha256: str | None = None
) -> list[str]:
    """Put the official file of a model into a folder.

    Args:
        name: One of :data:`NAMES`.
        folder: Made if it is not there.
        source: Address of a mirror, or a file at hand; None for the publisher's address.
        sha256: 64 hexadecimal digits that the file must have. Without it the hash of the last
            download, if one is stored in the folder.

    Returns:
        The report, line by line.

    Raises:
        CheckpointError: With the reason and what to do. No file is in place then that was not.
    """
    if name not in NAMES:
        raise CheckpointError(f"Expected one of {', '.join(NAMES)}, found {name!r}.")
    if sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise CheckpointError(f"--sha256: expected 64 hexadecimal digits, found {sha256!r}.")
    target = folder / official_file_name(name)
    record = target.with_name(target.name + ".sha256")
    recorded = _recorded(record)
    expected = sha256.lower() if sha256 else recorded
    if target.is_file():
        found = _hash(target)
        if expected not in (None, found):
            raise CheckpointError(
                f"{target} is there, with SHA-256 {found}, expected {expected} "
                f"({_origin(sha256, record)}). Delete the file to get it again."
            )
        report = [f"{target} is there already; delete it to get it again"]
    else:
        try:
            found = _bring(name, target, source, expected, _origin(sha256, record))
        except DataError as error:
            raise CheckpointError(f"{error}\n{_by_hand(name, target)}") from error
        report = [f"{target}: {target.stat().st_size:,} bytes, all tensors of {name}"]
    report.append(f"SHA-256 {found}")
    if sha256:
        report.append("as --sha256 says")
    elif recorded:
        report.append(f"as {record} says, from the first time")
    else:
        report.append(
            "The publisher states no hash to compare it with. This one was computed from what "
            f"came; {record} keeps it, and the next download is compared with it."
        )
    if recorded != found:
        try:
            write_text(record, f"{found}  {target.name}\n")  # as sha256sum writes and reads it
        except OSError as error:
            report.append(f"{record} cannot be written ({error.strerror}): the hash is not kept.")
    return report


def _bring(name: str, target: Path, source: str | None, expected: str | None, origin: str) -> str:
    """Bring a file into place and return its hash."""
    shapes = released_shapes(name)
    most_bytes = most_bytes_of(shapes)
    partial = target.with_name(target.name + ".part")
    source = source or official_url(name)
    if is_address(source):
        fetch(source, partial, most_bytes=most_bytes, progress=progress_line(target.name))
    else:
        _copy(Path(source), partial, most_bytes)
    try:
        found = _hash(partial)
        _check(partial, found, expected, origin, name=name, source=source, shapes=shapes)
        with replacing(target) as temporary:
            partial.rename(temporary)
    except DataError:
        discard(partial)
        raise
    except OSError as error:
        raise DataError(f"{target} cannot be written: {error.strerror}.") from error
    discard(partial)
    return found


def _check(
    partial: Path,
    found: str,
    expected: str | None,
    origin: str,
    *,
    name: str,
    source: str,
    shapes: dict[str, torch.Tensor],
) -> None:
    if expected not in (None, found):
        raise DataError(
            f"{source} has SHA-256 {found}, expected {expected} ({origin}): it is damaged or "
            "another file, and was not put in place."
        )
    problems = misfits(partial, shapes) or _damage(partial)
    if problems:
        raise DataError(
            f"{source} is not the official file of {name}: {problems}. A timm, Hugging Face or "
            "ONNX file is brought into this form by tools/checkpoints/convert.py."
        )


def _damage(path: Path) -> str:
    """What is wrong by the CRC-32 of each tensor, which PyTorch writes into its archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                return "it is compressed, as PyTorch's files are not"
            damaged = archive.testzip()
    except zipfile.BadZipFile as error:
        return f"it is no archive of PyTorch ({error})"
    return f"{damaged} is damaged, by checksum" if damaged else ""


def _copy(source: Path, partial: Path, most_bytes: int) -> None:
    try:
        if not source.is_file():
            raise DataError(f"--from: there is no file {source.absolute()}.")
        if source.stat().st_size > most_bytes:
            raise DataError(
                f"{source}: expected at most {most_bytes:,} bytes, found "
                f"{source.stat().st_size:,}: it is another file."
            )
        with source.open("rb") as file:
            raise_if_foreign(file.read(100), source)
        partial.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, partial)
    except OSError as error:
        discard(partial)
        raise DataError(f"{source} cannot be copied to {partial}: {error.strerror}.") from error


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(2**20):
            digest.update(chunk)
    return digest.hexdigest()


def _recorded(record: Path) -> str | None:
    if not record.is_file():
        return None
    with record.open("rb") as file:
        found = re.match(rb"([0-9a-f]{64})\s", file.read(100))
    if found is None:
        raise CheckpointError(f"{record} holds no SHA-256. Delete it, or write the right one.")
    return found.group(1).decode()


def _origin(sha256: str | None, record: Path) -> str:
    return "--sha256" if sha256 else f"{record}; delete that if the publisher has replaced the file"


def _by_hand(name: str, target: Path) -> str:
    return (
        f"By hand: get {official_url(name)} on any machine, and save it as {target}, or run\n"
        f"  argus download {name} --out {target.parent} --from FILE\n"
        "--from takes the address of a mirror, too."
    )
