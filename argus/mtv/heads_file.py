"""What the tasks of MTV have of their own, as a file beside the encoders.

``mtv_heads.safetensors`` has the tensors, ``mtv_heads.json`` how each decoder was built.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from argus.errors import CheckpointError
from argus.files.durable import write_json
from argus.files.records import read_record
from argus.mtv.decoders import Contrastive, Depth, Grounding, SelfSupervised
from argus.mtv.decoders.decoder import Decoder
from argus.storage.config_values import to_plain
from argus.storage.tensor_problems import tensor_problems

HEADS = "mtv_heads.safetensors"
HEADS_CONFIG = "mtv_heads.json"
FORMAT = "argus-mtv-heads-1"
KINDS: dict[str, type[Decoder]] = {
    kind.__name__: kind for kind in (Contrastive, Depth, Grounding, SelfSupervised)
}


def save_heads(
    decoders: nn.ModuleDict, settings: Mapping[str, Mapping[str, Any]], folder: Path
) -> None:
    """Write decoders, without the teacher, which is of no use later.

    Args:
        decoders: By task.
        settings: Arguments that each was built with.
        folder: Must exist.
    """
    entries = {
        name: dict(kind=type(decoder).__name__, settings=to_plain(settings[name]))
        for name, decoder in decoders.items()
        if type(decoder).__name__ in KINDS  # others are measured, and have nothing
    }
    tensors = _own_tensors(decoders)
    save_file({name: value.contiguous() for name, value in tensors.items()}, folder / HEADS)
    write_json(folder / HEADS_CONFIG, dict(format=FORMAT, decoders=entries))


def load_heads(decoders: nn.ModuleDict, folder: str | Path) -> list[str]:
    """Take what decoders have of their own from a folder, as far as it is there.

    Returns:
        Names of the tasks that the folder has nothing of.

    Raises:
        CheckpointError: If the folder has no heads, or a tensor of a task is missing, left over or
            of another shape.
    """
    path = Path(folder) / HEADS
    if not path.is_file():
        raise CheckpointError(
            f"{folder} has no {HEADS}: expected a folder that tools/checkpoints/export_mtv.py "
            "wrote; released SigLIP and MTV folders have no heads."
        )
    stored = _read(path)
    absent = []
    for name, decoder in decoders.items():
        prefix = f"{name}."
        state = {n.removeprefix(prefix): v for n, v in stored.items() if n.startswith(prefix)}
        own = _own_tensors(decoder)
        if own and not state:
            absent.append(name)
            continue
        _check_fit(own, state, where=f"{path}: {name}")
        decoder.load_state_dict(state, strict=False)
    return absent


def _own_tensors(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and centres, but for the teacher's copies."""
    state = module.state_dict()
    return {name: value for name, value in state.items() if "teacher" not in name.split(".")}


def _check_fit(own: Mapping[str, Tensor], found: Mapping[str, Tensor], *, where: str) -> None:
    problems = tensor_problems(own, found)
    if problems:
        raise CheckpointError(
            f"{where} does not fit the model: {'; '.join(problems)}. Build it with the sizes "
            "that the folder was written with."
        )


def read_decoder(folder: str | Path, kind: type[Decoder], backbone: Any) -> Decoder | None:
    """The first decoder of a kind that a folder holds, with its weights; ``None`` if it has none.

    It is built without memory and given the tensors of the file, so that no number in a folder can
    ask for more memory than the folder itself has.

    Args:
        folder: Written by :func:`save_mtv`.
        kind: Class of the decoder.
        backbone: The ``SiglipModel`` that it belongs to.

    Raises:
        CheckpointError: If the folder is no such one, or the weights do not fit.
    """
    path = Path(folder) / HEADS_CONFIG
    if not path.is_file():
        return None
    try:
        found = read_record(path, form=FORMAT, what="the heads of MTV").get("decoders", {})
        name, entry = next((n, e) for n, e in found.items() if KINDS.get(e["kind"]) is kind)
        with torch.device("meta"):
            decoder = kind(**entry["settings"])
            decoder.bind(backbone)
    except StopIteration:
        return None
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{path} does not say how to build a {kind.__name__}: {error}"
        ) from error
    stored = _read(Path(folder) / HEADS)
    state = {n.removeprefix(f"{name}."): v for n, v in stored.items() if n.startswith(f"{name}.")}
    _check_fit(_own_tensors(decoder), state, where=f"{Path(folder) / HEADS}: {name}")
    decoder.load_state_dict(state, strict=False, assign=True)
    return decoder


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return dict(load_file(path))
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
