"""The processor of a folder: how pictures and texts become what the encoders take.

``transformers`` reads it by ``AutoProcessor``, so that a folder is used as any SigLIP on the Hub.
"""

from pathlib import Path

from transformers import SiglipProcessor
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from argus.mtv.quiet_transformers import quiet_transformers
from argus.mtv.tokenizer import Tokenizer


def save_processor(folder: str | Path, tokenizer: Tokenizer, *, side: int) -> None:
    """Write the tokenizer, and the way of a picture to a square, beside a model.

    Args:
        folder: Of the model.
        tokenizer: Of the texts that it was trained on.
        side: Height and width of the pictures, pixels.
    """
    with quiet_transformers():
        SiglipProcessor(_pictures(side), tokenizer.of_library).save_pretrained(str(folder))
    save_image_processor(folder, side=side)  # release 4 of transformers looks for it


def save_image_processor(folder: str | Path, *, side: int) -> None:
    """Write the way of a picture to a square beside a vision tower.

    Args:
        folder: Of the tower.
        side: Height and width of the pictures, pixels.
    """
    with quiet_transformers():
        _pictures(side).save_pretrained(str(folder))


def _pictures(side: int) -> SiglipImageProcessorPil:
    # Pillow's resize is the one that the model was trained and is used with here.
    return SiglipImageProcessorPil(size=dict(height=side, width=side))
