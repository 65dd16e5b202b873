"""MTV: one ViT and its text encoder, pretrained on captions, pictures, regions and depth at once.

Source: "Revisiting Multi-Task Visual Representation Learning" (arXiv 2601.13886).

Here is what a training of it consists of, on the engine of Argus: the model and the five passes of
a step, the format of its batches, and how it begins from and becomes a folder of ``transformers``.
``decoders`` has one module per task, ``losses`` what they minimise. Nothing else of Argus needs
this package, which needs the extra ``mtv``.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """Import what is heavy when it is asked for: ``MTV``."""
    if name == "MTV":
        from argus.mtv.api import MTV

        return MTV
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
