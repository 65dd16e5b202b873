"""A short mark of a data set: another one if its annotations or its list of images is another.

The cost is bounded. Annotation files are hashed whole up to 64 MiB, beyond by their size, their
first and their last 32 MiB. Without such files up to 10,000 samples, evenly spaced, are hashed by
path and size. Pixels are not read.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argus.datasets.checks.paths import annotation_paths

_MAX_WHOLE = 64 * 2**20
_MAX_LISTED = 10_000


def fingerprint(config: Mapping[str, Any], dataset: Any) -> dict[str, Any]:
    """Number of samples and hashes of what names them.

    Args:
        config: Of the data set.
        dataset: Built from it, with ``__len__`` and ``get_data_info``.

    Returns:
        ``samples``; ``annotations``, SHA-256 by path; and without annotation files ``images``,
        SHA-256 over the list of images, or ``None`` if the samples name no file.
    """
    files = [Path(path) for path in annotation_paths(config)]
    marks = {str(path): _hash_of(path) for path in files if path.is_file()}
    found: dict[str, Any] = {"samples": len(dataset), "annotations": marks}
    return found if marks else found | {"images": _hash_of_images(dataset)}


def _hash_of(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= _MAX_WHOLE:
            return hashlib.sha256(file.read()).hexdigest()
        digest = hashlib.sha256(f"{size}\n".encode())
        digest.update(file.read(_MAX_WHOLE // 2))
        file.seek(-_MAX_WHOLE // 2, os.SEEK_END)
        digest.update(file.read())
        return digest.hexdigest()


def _hash_of_images(dataset: Any) -> str | None:
    lines = []
    stride = max(1, -(-len(dataset) // _MAX_LISTED))
    for index in range(0, len(dataset), stride):
        try:
            path = dataset.get_data_info(index)["img_path"]
            lines.append(f"{path} {os.path.getsize(path)}")
        except Exception:  # noqa: BLE001 - any data set, any entry: what is broken shows later
            continue
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() if lines else None
