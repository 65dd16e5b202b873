"""MTV as folders: SigLIP's own layout, which ``transformers`` reads, and the heads beside it.

``model.safetensors`` and ``config.json`` are written by ``save_pretrained``. In the file of a
vision tower by itself, names begin with ``vision_model.``, as in that of a whole model: release 5
of ``transformers`` reads both forms and writes the bare one; release 4, which LLaVA's descendants
stand on, reads this one alone, and would begin with random weights. A reader of SigLIP does not
look at the files of the heads.
"""

from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from argus.errors import CheckpointError
from argus.files.durable import replacing
from argus.mtv.decoders import SelfSupervised
from argus.mtv.heads_file import save_heads
from argus.mtv.model import MTVModel
from argus.mtv.processor import save_image_processor, save_processor
from argus.mtv.quiet_transformers import quiet_transformers
from argus.mtv.tokenizer import Tokenizer

_TOWER = "vision_model."


def save_mtv(
    model: MTVModel, folder: str | Path, *, heads: bool = True, tokenizer: Tokenizer | None = None
) -> None:
    """Write the student as a ``SiglipModel``, and what the tasks have of their own.

    Args:
        model: After a training, or before.
        folder: Made if it is missing.
        heads: Whether to write the decoders, too; see ``argus.mtv.heads_file``.
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
        save_heads(model.decoders, model.settings, folder)


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
