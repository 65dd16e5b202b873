"""Checksums of tensors, which tell a damaged file from a whole one.

CRC-32 finds every single flipped bit and every damaged run of up to 32 bits; of any other damage it
misses one case in four billion. It is no protection against who wants to deceive: the frozen base
has a SHA-256 of its own (:func:`argus.storage.checkpoint.tensor_hash`).
"""

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from argus.errors import CheckpointError

VALUES = "(values)"
_MAX_LISTED = 3
# A buffer may be one number seen many times; this much of it is copied out to be compared.
_MAX_EXPANDED = 64 * 2**20


def checksums(content: Mapping[str, Any]) -> dict[str, int]:
    """CRC-32 of every tensor in nested dicts and lists, and of all that is no tensor.

    Returns:
        By the keys that lead to a tensor, with ``/`` between them; under ``VALUES`` that of keys,
        numbers and texts.
    """
    found = {name: _of_tensor(tensor) for name, tensor in named_tensors(content)}
    found[VALUES] = zlib.crc32(repr(_without_tensors(content)).encode())
    return found


def check(content: Mapping[str, Any], expected: Any, *, path: str | Path) -> None:
    """Compare what was read with the checksums of what was written.

    Args:
        content: As :func:`checksums` took it.
        expected: What :func:`checksums` gave, as found in the file.
        path: For the message.

    Raises:
        CheckpointError: Naming what differs.
    """
    if not isinstance(expected, Mapping):
        raise CheckpointError(damage(path, ["its list of checksums"]))
    for name, tensor in named_tensors(content):
        _check_storage(name, tensor, path)
    found = checksums(content)
    differ = [name for name in {**expected, **found} if found.get(name) != expected.get(name)]
    if differ:
        raise CheckpointError(damage(path, differ))


def damage(path: str | Path, names: list[str]) -> str:
    """The message about a file in which ``names`` are not what was written."""
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return (
        f"{path} is damaged: {', '.join(names[:_MAX_LISTED])}{more} not as written, by checksum. "
        "Copy the file again from where it came, or take another one; have a look at the disk."
    )


def named_tensors(content: Any, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """The tensors in nested dicts and lists, and the keys that lead to them, with ``/`` between."""
    if isinstance(content, Tensor):
        yield prefix, content
    elif isinstance(content, (Mapping, list, tuple)):
        items = content.items() if isinstance(content, Mapping) else enumerate(content)
        for key, value in items:
            yield from named_tensors(value, f"{prefix}/{key}" if prefix else str(key))


def _check_storage(name: str, tensor: Tensor, path: str | Path) -> None:
    """Refuse what cannot be compared: a few bytes that claim to be gigabytes, or no plain array."""
    is_plain = tensor.layout is torch.strided and not tensor.is_quantized and not tensor.is_meta
    size = tensor.numel() * tensor.element_size()
    if not is_plain or size > max(tensor.untyped_storage().nbytes(), _MAX_EXPANDED):
        kind = f"{tuple(tensor.shape)} of {tensor.dtype}, {tensor.layout}"
        raise CheckpointError(
            f"{path}: {name} is no plain array with all its numbers in the file ({kind}). Take "
            "the file as Argus wrote it."
        )


def _of_tensor(tensor: Tensor) -> int:
    value = tensor.detach().cpu().contiguous()
    kind = zlib.crc32(f"{value.dtype}|{tuple(value.shape)}|".encode())
    return zlib.crc32(value.reshape(-1).view(torch.uint8).numpy().data, kind)


def _without_tensors(content: Any) -> Any:
    """Plain values in a form whose text is the same before writing and after reading.

    The order of keys does not count: safetensors has one of its own.
    """
    if isinstance(content, Mapping):
        return sorted((repr(key), _without_tensors(value)) for key, value in content.items())
    if isinstance(content, (list, tuple)):
        return [_without_tensors(value) for value in content]
    return None if isinstance(content, Tensor) else content
