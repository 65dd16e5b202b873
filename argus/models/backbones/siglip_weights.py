"""Load SigLIP's vision tower from a folder of ``transformers`` or a file of weights, strictly.

What tensors do not show (heads, activation, epsilon of the norms) is compared with the
``config.json`` beside them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argus.errors import CheckpointError
from argus.models.backbones.siglip_layouts import SIGLIP_LAYOUTS
from argus.models.backbones.weights import load_family_weights

if TYPE_CHECKING:
    from argus.models.backbones.vit import VisionTransformer

WEIGHTS, CONFIG = "model.safetensors", "config.json"
MOST_BYTES = 2**20  # of a config.json
# Values of SiglipVisionConfig that a file leaves out.
_DEFAULTS = dict(num_attention_heads=12, hidden_act="gelu_pytorch_tanh", layer_norm_eps=1e-6)


def load_siglip_weights(vit: "VisionTransformer", source: str | Path, *, name: str) -> None:
    """Load a vision tower into a ViT.

    Args:
        vit: The model.
        source: Folder that ``save_pretrained`` wrote, of a tower or of a whole model; or a weight
            file in one of SigLIP's layouts.
        name: Architecture name of the model, for messages.

    Raises:
        CheckpointError: If there is none, or it is of another architecture.
    """
    if not Path(source).exists():
        raise CheckpointError(missing_siglip_message(str(source), name))
    path = weight_file_of(source)
    if path.name == WEIGHTS and (path.parent / CONFIG).is_file():
        _check_settings(path.parent / CONFIG, vit)
    remedy = (
        "Check arch, patch_size and img_size of SiglipVisionTransformer against hidden_size, "
        "num_hidden_layers, intermediate_size, patch_size and image_size of its config.json."
    )
    load_family_weights(vit, path, SIGLIP_LAYOUTS, name=name, remedy=remedy)


def weight_file_of(source: str | Path) -> Path:
    """The weight file itself, or that of a folder.

    Raises:
        CheckpointError: If a folder has none.
    """
    path = Path(source)
    if not path.is_dir():
        return path
    if not (path / WEIGHTS).is_file():
        raise CheckpointError(
            f"{path} has no {WEIGHTS}: expected the folder of a SiglipVisionModel or SiglipModel, "
            "as save_pretrained or tools/checkpoints/export_mtv.py writes it."
        )
    return path / WEIGHTS


def missing_siglip_message(path: str, name: str) -> str:
    """What to do where the weights of a tower are not there."""
    released = "MTV-large-patch16-256" if "large" in name else "MTV-base-patch16-224"
    return (
        f"SigLIP weights of {name} not found: {Path(path).absolute()}.\n"
        "Expected the folder of a vision tower or a whole model of SigLIP or MTV. Export your own "
        "with\n"
        f"  python tools/checkpoints/export_mtv.py CONFIG CHECKPOINT --out {path} --part vision\n"
        "or fetch a released one with\n"
        f"  hf download Becomebright/{released} --local-dir {path}\n"
        'For tests, weights="random" asks for random weights.'
    )


def _check_settings(path: Path, vit: "VisionTransformer") -> None:
    """Compare what no tensor shows."""
    settings = _vision_settings(path)
    expected = _DEFAULTS | dict(num_attention_heads=vit.num_heads)
    wrong = [
        f"{key} expected {value!r}, found {settings.get(key, _DEFAULTS[key])!r:.40}"
        for key, value in expected.items()
        if settings.get(key, _DEFAULTS[key]) != value
    ]
    if wrong:
        raise CheckpointError(
            f"{path} is of another ViT than {vit.architecture_name}: {'; '.join(wrong)}. Set arch "
            "of SiglipVisionTransformer to the sizes of that file; activation and norms are "
            "SigLIP's own."
        )


def _vision_settings(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES:,} bytes")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: expected an object, found {type(content).__name__}.")
    vision = content.get("vision_config", content)
    return vision if isinstance(vision, dict) else {}
