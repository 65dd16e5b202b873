"""Read weight files, safely, and load those of DINOv2 strictly.

Nothing is unpickled beyond tensors (:mod:`argus.safe_load`).
"""

import re
import shlex
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from argus.errors import CheckpointError
from argus.files.foreign import foreign_kind
from argus.models.backbones.conversion import Conversion
from argus.models.backbones.weight_layouts import LAYOUTS, detect_layout, to_official
from argus.names.wording import counted
from argus.safe_load import read_tensors

DOWNLOAD_ROOT = "https://dl.fbaipublicfiles.com/dinov2"
_WRAPPERS = ("model", "state_dict")  # keys under which some tools put the parameters
_MAX_LISTED = 5


def official_file_name(architecture_name: str) -> str:
    """Return the released file of an architecture, ``dinov2_vitb14_reg4_pretrain.pth`` for Base."""
    return f"{architecture_name}_pretrain.pth"


def official_url(architecture_name: str) -> str:
    """Return where the released file of an architecture can be downloaded."""
    folder = architecture_name.removesuffix("_reg4")
    return f"{DOWNLOAD_ROOT}/{folder}/{official_file_name(architecture_name)}"


def read_weight_file(path: str | Path) -> dict[str, Tensor]:
    """Read a ``.safetensors`` or PyTorch file of tensors.

    Returns:
        Name to tensor, on the CPU; possibly mapped from the file, so not to be written to.

    Raises:
        CheckpointError: If the file is missing, damaged, not a weight file, or holds Python
            objects that would have to be unpickled.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"Weight file not found: {path.absolute()}.")
    with path.open("rb") as file:
        head = file.read(64)
    start = head.lstrip()
    if not start:
        raise CheckpointError(f"The weight file {path} is empty. Download it again.")
    if start.startswith(b"<"):
        raise CheckpointError(
            f"Expected weights in {path}, found an HTML or XML page: the download gave a web page "
            "(an error or a login) instead of the file. Download it again."
        )
    kind = foreign_kind(path)
    if kind is not None:
        raise CheckpointError(f"{path}: {kind}")
    if path.suffix == ".onnx":
        raise CheckpointError(
            f"{path} is an ONNX file. Take the weights out of it first: "
            f"python tools/checkpoints/convert.py {path} weights.pth --to official"
        )
    try:
        if path.suffix == ".safetensors" or _is_safetensors(head):
            content: object = load_file(path)
        else:
            content = read_tensors(path, mmap=zipfile.is_zipfile(path) or None)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} is no file of tensors, or is truncated or damaged ({error}): found "
            f"{path.stat().st_size:,} bytes. Download it again."
        ) from error
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not content:
        raise CheckpointError(
            f"Expected a dict of tensors in {path}, found {type(content).__name__}."
        )
    wrong = [str(name) for name, tensor in content.items() if not isinstance(tensor, Tensor)]
    if wrong:
        raise CheckpointError(
            f"Expected a dict of tensors in {path}, found other objects under {_some(wrong)}."
        )
    return dict(content)


def _is_safetensors(head: bytes) -> bool:
    # The length of a JSON header in eight bytes, and the header; a file may have been renamed.
    return head[8:10] == b'{"' and not head.startswith((b"PK", b"\x80"))


def load_official_weights(vit: nn.Module, path: str, *, name: str) -> None:
    """Load a weight file in any of the three layouts into a ViT, strictly.

    Args:
        vit: The model, with official parameter names.
        path: The file.
        name: Architecture name of the model, for example ``dinov2_vitb14_reg4``.

    Raises:
        CheckpointError: If the file is missing or unreadable, lacks a parameter, holds one too
            many, or holds one of another shape.
    """
    if not Path(path).is_file():
        raise CheckpointError(missing_weights_message(path, name))
    remedy = (
        f"Expected {official_file_name(name)} or its equal; check arch, num_registers, patch_size "
        "and img_size of DinoVisionTransformer against the file."
    )
    load_family_weights(vit, Path(path), LAYOUTS, name=name, remedy=remedy)


def load_family_weights(
    vit: nn.Module, path: Path, layouts: Sequence[str], *, name: str, remedy: str
) -> None:
    """Load a weight file in one of the layouts of a family of ViTs, strictly.

    Args:
        vit: The model.
        path: The file.
        layouts: Of the family.
        name: Architecture name of the model, for messages.
        remedy: What to do if the file does not fit.

    Raises:
        CheckpointError: If the file is unreadable, of another family, lacks a parameter, holds one
            too many, or holds one of another shape.
    """
    state = read_weight_file(path)
    try:
        layout = detect_layout(state)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    check_family(layout, layouts, path)
    conversion = to_official(state, layout)
    problems = problems_of(conversion, vit.state_dict())
    if problems:
        raise CheckpointError(
            f"The weight file {path} ({layout} layout) does not fit {name}: {problems}. {remedy}"
        )
    vit.load_state_dict(conversion.state, strict=True)


def check_family(layout: str, wanted: Sequence[str], path: str | Path) -> None:
    """Refuse the weights of another family of ViTs.

    Args:
        layout: Of the file.
        wanted: The layouts of the family.
        path: The file, for the message.

    Raises:
        CheckpointError: Naming the class that reads it.
    """
    if layout not in wanted:
        found, kind = (
            ("DINOv2", "DinoVisionTransformer")
            if layout in LAYOUTS
            else ("SigLIP", "SiglipVisionTransformer")
        )
        raise CheckpointError(
            f"{path} holds a {found} ViT ({layout} layout): backbone.vit has to be "
            f"dict(type={kind}, ...), and the decoders' mean and std its own."
        )


def misfits(path: Path, expected: Mapping[str, Tensor]) -> str:
    """What is wrong with a file that is to hold an official state; nothing if it is right.

    Args:
        path: The file.
        expected: Tensors of its names and shapes.
    """
    try:
        state = read_weight_file(path)
        layout = detect_layout(state)
    except CheckpointError as error:
        return str(error).rstrip(".")
    if layout != "official" and set(state) != set(expected):
        return f"it has the layout of {layout}"
    return problems_of(to_official(state, "official"), expected)


def problems_of(conversion: Conversion, expected: Mapping[str, Tensor]) -> str:
    """Why a converted state is not loaded: missing, unused and misshapen parameters; or nothing.

    Args:
        conversion: In the names of the model.
        expected: State of the model.
    """
    found = conversion.state
    missing = sorted(set(expected) - set(found))
    unused = sorted({*conversion.unused, *(set(found) - set(expected))})
    shapes = [
        f"{name} expected {tuple(tensor.shape)}, found {tuple(found[name].shape)}"
        for name, tensor in expected.items()
        if name in found and found[name].shape != tensor.shape
    ]
    problems = []
    if missing:
        problems.append(f"{counted(len(missing), 'missing parameter')}: {_some(missing)}")
    if unused:
        problems.append(f"{counted(len(unused), 'unused parameter')}: {_some(unused)}")
    if shapes:
        problems.append(f"{counted(len(shapes), 'parameter')} of another shape: {_some(shapes)}")
    return "; ".join(problems)


def missing_weights_message(path: str, name: str) -> str:
    """What to do where the weight file of an architecture is not there."""
    lines = [f"DINOv2 weight file not found: {Path(path).absolute()}."]
    if re.fullmatch(r"dinov2_vit[sblg]14(_reg4)?", name):
        lines += [
            f"Expected the official file {official_file_name(name)}. Download it with",
            f"  argus download {name} --out {shlex.quote(str(Path(path).parent))}",
            f"or from {official_url(name)}",
            f"and save it as {path}. A timm or Hugging Face file is read too, or converted with",
            f"  python tools/checkpoints/convert.py SOURCE {path} --to official",
        ]
    else:
        lines.append(f"There is no released file for {name}; give the path of your own.")
    lines.append('For tests and generated scenes, weights="random" asks for random weights.')
    return "\n".join(lines)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return ", ".join(names[:_MAX_LISTED]) + more
