"""The frozen ViT of a released model, which its folder names by hash and does not hold.

Nothing in the folder chooses a file or an address: the name of the ViT picks one of the eight
official files, whose places are fixed here, and whatever file it is has to hold the tensors of the
hash. They are hashed by name, type, shape and bytes
(:func:`argus.storage.checkpoint.tensor_hash`), so the kind of file and its layout do not count.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from argus.errors import CheckpointError, DataError
from argus.files.cache_folder import cache_folder
from argus.files.download_progress import progress_line
from argus.files.downloads import discard, fetch
from argus.files.durable import replacing
from argus.models.backbones.released import NAMES, most_bytes_of, released_shapes
from argus.models.backbones.weight_layouts import detect_layout, to_official
from argus.models.backbones.weights import official_file_name, official_url, read_weight_file
from argus.storage.checkpoint import tensor_hash
from argus.storage.model_folder import ModelFolder

VARIABLE = "ARGUS_VIT"
"""Names a file of the ViT that is at hand."""
WEIGHTS = Path("data/weights")
"""Where ``tools/checkpoints/download.py`` puts the official files."""


def read_model(path: str | Path) -> ModelFolder:
    """Read the folder of a model, whole: a ViT that it only names is found or fetched.

    Raises:
        CheckpointError: A file is missing or damaged, or the ViT cannot be had.
    """
    return ModelFolder.read(path, separate=lambda vit, prefix: find_vit(vit, prefix, str(path)))


def find_vit(vit: Mapping[str, Any], prefix: str, model: str) -> dict[str, Tensor]:
    """Tensors of a ViT by its hash: of the file that ``ARGUS_VIT`` names, or the official one.

    Args:
        vit: ``sha256`` of the tensors and ``name``, empty if it is none of the official ones.
        prefix: Of their names in the model.
        model: For messages.

    Raises:
        CheckpointError: There is none, or the file that ``ARGUS_VIT`` names is another.
    """
    digest, name = vit["sha256"], vit.get("name", "")
    named = os.environ.get(VARIABLE)
    if named:
        state, found = _read(Path(named), prefix)
        if found != digest:
            raise CheckpointError(
                f"{VARIABLE}: {named} is not the ViT of {model}: expected tensors of SHA-256 "
                f"{digest}, found {found}. Name the file that the model was trained on."
            )
        return state
    others = []
    for path in _places(name):
        state, found = _read(path, prefix)
        if found == digest:
            return state
        others.append(f"{path} ({found[:12]}...)")
    if name in NAMES and not others:
        return _fetched(name, digest, prefix, model)
    reason = (
        f"{', '.join(others)} is another" if others else "it is none of the official DINOv2 files"
    )
    raise CheckpointError(
        f"{model} holds no ViT; it stands on {name or 'one'} with tensors of SHA-256 {digest}, but "
        f"{reason}. Name a file of it by the environment variable {VARIABLE}."
    )


def _places(name: str) -> Iterator[Path]:
    """Where the official file may be already."""
    if name in NAMES:
        for folder in (WEIGHTS, _cache()):
            if (folder / official_file_name(name)).is_file():
                yield folder / official_file_name(name)


def _cache() -> Path:
    return cache_folder() / "weights"


def _fetched(name: str, digest: str, prefix: str, model: str) -> dict[str, Tensor]:
    """The official file, brought into the cache."""
    target = _cache() / official_file_name(name)
    partial = target.with_name(target.name + ".part")
    url = official_url(name)
    most_bytes = most_bytes_of(released_shapes(name))
    try:
        fetch(url, partial, most_bytes=most_bytes, progress=progress_line(target.name))
        state, found = _read(partial, prefix)
        if found == digest:
            with replacing(target) as temporary:
                partial.rename(temporary)
    except (DataError, CheckpointError, OSError) as error:
        if isinstance(error, CheckpointError):
            discard(partial)
        raise CheckpointError(
            f"{model} holds no ViT and needs {name}, which did not come: {error} Name a file of it "
            f"by the environment variable {VARIABLE}, or save {url} as {target}."
        ) from error
    discard(partial)
    if found != digest:
        raise CheckpointError(
            f"{url} holds tensors of SHA-256 {found}, but {model} stands on {digest}: name the "
            f"file that it was trained on by the environment variable {VARIABLE}."
        )
    return state


def _read(path: Path, prefix: str) -> tuple[dict[str, Tensor], str]:
    """Tensors of a file by their names in the model, and their hash."""
    state = read_weight_file(path)
    try:
        state = to_official(state, detect_layout(state)).state
    except CheckpointError:
        pass  # another network than these; its hash says whether it is the right one
    named = {f"{prefix}{name}": tensor for name, tensor in state.items()}
    return named, tensor_hash(named)
