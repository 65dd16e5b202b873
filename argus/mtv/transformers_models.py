"""Models of ``transformers`` from a folder or the Hub: tensors alone, all in their places."""

from pathlib import Path
from typing import Any

import torch
from huggingface_hub.utils import HFValidationError, validate_repo_id

from argus.errors import CheckpointError
from argus.mtv.quiet_transformers import quiet_transformers

READ_ERRORS = (OSError, ValueError, KeyError, RuntimeError)


def read_pretrained(
    kind: Any, source: str | Path, *, what: str, example: str, **options: Any
) -> Any:
    """A model with its weights, in float32 whatever the file has; of these, safetensors alone.

    Args:
        kind: Class of ``transformers``.
        source: Folder that ``save_pretrained`` wrote, or a name on the Hub.
        what: Its kind in words, for messages.
        example: A name on the Hub, for messages.
        **options: More of ``from_pretrained``, such as ``revision``.

    Raises:
        CheckpointError: If there is none, or tensors are missing, left over or of another shape.
    """
    try:
        with quiet_transformers():
            # Its annotations know nothing of the second value.
            read: Any = kind.from_pretrained(
                str(source),
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
                **options,
            )
            model, notes = read
    except READ_ERRORS as error:
        raise CheckpointError(
            f"{source} is no {what} model that can be read: {_reason(source, error)} Give a folder "
            f"with config.json and model.safetensors, or a name on the Hub such as {example}."
        ) from error
    wrong = {key: sorted(map(str, names)) for key, names in notes.items() if names}
    if wrong:
        lines = [f"{key}: {', '.join(names[:5])}" for key, names in wrong.items()]
        raise CheckpointError(f"{source} does not fit {kind.__name__}:\n  " + "\n  ".join(lines))
    return model


def _reason(source: str | Path, error: Exception) -> str:
    if not Path(source).is_dir():
        try:
            validate_repo_id(str(source))
        except HFValidationError:  # it speaks of the form of names alone
            return f"there is no folder {Path(source).absolute()}."
    return " ".join(str(error).split())[:300]


def read_for_use(kind: Any, source: str | Path, *, what: str, example: str) -> Any:
    """The same to compute features with, in eval mode."""
    model = read_pretrained(kind, source, what=what, example=example)
    return model.eval().requires_grad_(False)
