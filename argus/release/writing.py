"""Write a model for distribution, once it has given the answers of the original."""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from argus.api import Argus
from argus.errors import CheckpointError, ConfigError
from argus.export.check import Differences
from argus.model_files.hub import save_model
from argus.model_files.model_card import measured
from argus.model_files.weight_file import part_of
from argus.models.backbones.released import NAMES
from argus.release.compare import compare
from argus.release.half import STORED, in_half
from argus.storage.checkpoint import tensor_hash
from argus.storage.model_folder import ModelFolder

MEGABYTE = 10**6
_NUM_LARGEST = 4


@dataclass(frozen=True, kw_only=True)
class Released:
    """What was written.

    Args:
        num_bytes: Of the tensors in it.
        num_half: Tensors in 16 bits.
        num_kept: Tensors as they were.
        vit: What it says of the ViT that it does not hold; none if nothing was frozen.
        differences: Of its answers from those of the original, by task and measure.
        unmeasured: Tasks without a value in the card.
    """

    num_bytes: int
    num_half: int
    num_kept: int
    vit: Mapping[str, Any] | None
    differences: Differences
    unmeasured: Sequence[str]


def release(
    model: ModelFolder,
    out: str | Path,
    images: Sequence[np.ndarray],
    *,
    max_bytes: int = 100 * MEGABYTE,
    licence: str = "",
    vit_source: str = "",
    trust: Sequence[str] = (),
) -> Released:
    """Write the folder of a released model, with its card.

    Args:
        model: Whole, with its measured values.
        out: Where to; files of a model there are replaced.
        images: RGB (H, W, 3) uint8, on which both models are compared.
        max_bytes: More are refused.
        licence: The Hub's name of the model's licence, for the card.
        vit_source: Where the ViT's file comes from, for the card, if it is no official one.
        trust: As for :class:`~argus.api.Argus`.

    Raises:
        ConfigError: A task says nothing of the terms of its data, or none has been measured.
        CheckpointError: It would be too large, or its answers are others.
    """
    tasks = model.manifest["tasks"]
    silent = [name for name, task in tasks.items() if not task.get("licence")]
    if silent:
        raise ConfigError(
            f"nothing is said of the terms of the data of {', '.join(silent)}: set tasks.NAME."
            "licence in the training's config, as the configs of configs/small do."
        )
    unmeasured = [name for name, task in tasks.items() if not measured(task)]
    if len(unmeasured) == len(tasks):
        raise ConfigError(
            "none of the tasks has a measured value, which the card is to state: name the "
            "results.json of an evaluation by --results."
        )
    original = Argus(model, device="cpu", dtype="fp32", trust=trust)
    parameters = {name for name, _ in original.model.named_parameters()}
    prefix = model.manifest["backbone"].get("frozen", "")
    frozen = {n: v for n, v in model.state.items() if prefix and n.startswith(prefix)}
    state = in_half({n: v for n, v in model.state.items() if n not in frozen}, parameters)
    num_bytes = _check_size(state, max_bytes)
    vit = _vit_of(model, frozen, vit_source) if frozen else None
    rounded = ModelFolder(
        config=model.config, state=state, manifest=_manifest(model, state, frozen, vit)
    )
    with tempfile.TemporaryDirectory() as folder:
        rounded.write(folder)
        again = ModelFolder.read(folder, separate=lambda vit, prefix: frozen)
    released = Argus(again, device="cpu", dtype="fp32", trust=trust)
    differences = compare(original, released, images)
    rounded.manifest["release"]["differences"] = differences
    save_model(rounded, out, licence=licence)
    num_half = sum(tensor.dtype == torch.float16 for tensor in state.values())
    return Released(
        num_bytes=num_bytes,
        num_half=num_half,
        num_kept=len(state) - num_half,
        vit=vit,
        differences=differences,
        unmeasured=unmeasured,
    )


def _check_size(state: Mapping[str, Tensor], max_bytes: int) -> int:
    sizes: Counter[str] = Counter()
    for name, tensor in state.items():
        sizes[part_of(name)] += tensor.numel() * tensor.element_size()
    total = sum(sizes.values())
    if total > max_bytes:
        largest = ", ".join(
            f"{part} {size / MEGABYTE:.1f}" for part, size in sizes.most_common(_NUM_LARGEST)
        )
        raise CheckpointError(
            f"the release would have {total / MEGABYTE:.1f} MB, at most {max_bytes / MEGABYTE:g} "
            f"are allowed; its largest parts, in MB: {largest}. Release fewer decoders, or allow "
            "more by --max-mb."
        )
    return total


def _vit_of(model: ModelFolder, frozen: Mapping[str, Tensor], source: str) -> dict[str, Any]:
    """How a release names what it does not hold."""
    sources = model.manifest.get("sources", [])
    name = next((s["base"].get("name", "") for s in sources if s["stage"] == 1), "")
    num_values = sum(tensor.numel() for tensor in frozen.values() if tensor.is_floating_point())
    return dict(
        name=name if name in NAMES and not source else "",
        sha256=tensor_hash(frozen),
        num_values=num_values,
        source=source,
    )


def _manifest(
    model: ModelFolder,
    state: Mapping[str, Tensor],
    frozen: Mapping[str, Tensor],
    vit: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Of the release: its backbone is another one than the original's, for it is rounded."""
    whole = {n: v.float() if v.is_floating_point() else v for n, v in state.items()} | dict(frozen)
    backbone = {n: v for n, v in whole.items() if n.startswith("backbone.")}
    said: dict[str, Any] = dict(stored=STORED)
    if vit is not None:
        said["vit"] = dict(vit)
    return {
        **model.manifest,
        "backbone": {**model.manifest["backbone"], "sha256": tensor_hash(backbone)},
        "release": said,
    }
