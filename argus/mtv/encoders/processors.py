"""The preparation that lies beside a model of ``transformers``."""

from pathlib import Path
from typing import Any

from transformers import AutoImageProcessor

from argus.mtv.encoders.preparation import Preparation, of_processor
from argus.mtv.quiet_transformers import quiet_transformers


def read_preparation(source: str, *, text: str, default: Any) -> Preparation:
    """What the image processor beside a model does.

    Args:
        source: Folder or name on the Hub.
        text: Form of texts.
        default: The image processor of this kind of model, where there is none beside it; the
            preparation says so.

    Raises:
        CheckpointError: If the processor does something that is not known here.
    """
    try:
        with quiet_transformers():
            processor = AutoImageProcessor.from_pretrained(
                source, local_files_only=Path(source).is_dir(), trust_remote_code=False
            )
    except OSError:
        return of_processor(default, text=text, source="the kind's usual one: the model has none")
    return of_processor(processor, text=text)
