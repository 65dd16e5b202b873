"""MTV as folders: SigLIP's own layout, which ``transformers`` reads, and the heads beside it.

``model.safetensors`` and ``config.json`` are written by ``save_pretrained``. In the file of a
vision tower by itself, names begin with ``vision_model.``, as in that of a whole model: release 5
of ``transformers`` reads both forms and writes the bare one; release 4, which LLaVA's descendants
stand on, reads this one alone, and would begin with random weights. What the tasks have of their
own lies in ``mtv_heads.safetensors``, which a reader of SigLIP does not look at.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from argus.errors import CheckpointError
from argus.files.durable import replacing, write_json
from argus.files.records import read_record
from argus.mtv.decoders import Contrastive, Depth, Grounding, SelfSupervised
from argus.mtv.decoders.decoder import Decoder
from argus.mtv.model import MTVModel
from argus.mtv.processor import save_image_processor, save_processor
from argus.mtv.quiet_transformers import quiet_transformers
from argus.mtv.tokenizer import Tokenizer
from argus.storage.config_values import to_plain

HEADS = "mtv_heads.safetensors"
HEADS_CONFIG = "mtv_heads.json"
FORMAT = "argus-mtv-heads-1"
_TOWER = "vision_model."
KINDS: dict[str, type[Decoder]] = {
    kind.__name__: kind for kind in (Contrastive, Depth, Grounding, SelfSupervised)
}


def save_mtv(
    model: MTVModel, folder: str | Path, *, heads: bool = True, tokenizer: Tokenizer | None = None
) -> None:
    """Write the student as a ``SiglipModel``, and what the tasks have of their own.

    Args:
        model: After a training, or before.
        folder: Made if it is missing.
        heads: Whether to write the decoders, without the teacher, which is of no use later.
        tokenizer: Of the texts that it was trained on; with it the folder can be used, by
            ``MTV.from_pretrained`` or with the ``AutoProcessor`` of ``transformers``.
    """
    folder = Path(folder)
    with quiet_transformers():
        model.backbone.save_pretrained(str(folder))
    if tokenizer is not None:
        side = model.backbone.config.vision_config.image_size
        save_processor(folder, tokenizer, side=side)
    if heads:
        tensors = _own_tensors(model.decoders)
        decoders = {
            name: dict(kind=type(decoder).__name__, settings=to_plain(model.settings[name]))
            for name, decoder in model.decoders.items()
            if type(decoder).__name__ in KINDS  # others are measured, and have nothing
        }
        save_file({name: value.contiguous() for name, value in tensors.items()}, folder / HEADS)
        write_json(folder / HEADS_CONFIG, dict(format=FORMAT, decoders=decoders))


def save_vision(model: Any, folder: str | Path) -> None:
    """Write the vision tower by itself, as a ``SiglipVisionModel`` with its image processor.

    Args:
        model: An :class:`MTVModel` or ``SiglipModel``.
        folder: Made if it is missing.
    """
    siglip = getattr(model, "backbone", model)
    _save_tower(siglip.vision_model, folder)


def save_teacher(model: MTVModel, folder: str | Path) -> None:
    """Write the teacher's vision tower by itself, as :func:`save_vision` does the student's.

    Args:
        model: With self-supervision.
        folder: Made if it is missing.

    Raises:
        CheckpointError: If it has no teacher.
    """
    for decoder in model.decoders.values():
        if isinstance(decoder, SelfSupervised):
            _save_tower(decoder.teacher.vision, folder)
            return
    raise CheckpointError(
        "there is no teacher: it belongs to the task of self-supervision, which this model has not."
    )


def _save_tower(tower: Any, folder: str | Path) -> None:
    with quiet_transformers():
        tower.save_pretrained(str(folder))
    path = Path(folder) / "model.safetensors"
    tensors = {f"{_TOWER}{n.removeprefix(_TOWER)}": v for n, v in load_file(path).items()}
    with replacing(path) as partial:
        save_file(tensors, partial, metadata={"format": "pt"})
        partial.chmod(0o644)  # safetensors writes for the owner alone
    save_image_processor(folder, side=tower.config.image_size)


def load_heads(model: MTVModel, folder: str | Path) -> list[str]:
    """Take what the tasks of a model have of their own from a folder, as far as it is there.

    Returns:
        Names of the tasks that the folder has nothing of.

    Raises:
        CheckpointError: If a tensor of a task is missing, left over or of another shape.
    """
    path = Path(folder) / HEADS
    if not path.is_file():
        return [name for name, decoder in model.decoders.items() if _own_tensors(decoder)]
    stored = _read(path)
    absent = []
    for name, decoder in model.decoders.items():
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
    problems = [f"missing {name}" for name in own if name not in found]
    problems += [f"left over {name}" for name in found if name not in own]
    problems += [
        f"{name}: {tuple(value.shape)} in the model, {tuple(found[name].shape)} in the file"
        for name, value in own.items()
        if name in found and found[name].shape != value.shape
    ]
    if problems:
        raise CheckpointError(
            f"{where} does not fit the model: {'; '.join(problems[:5])}. Build it with the sizes "
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
