"""Convert DINOv2 weights between the official, timm and Hugging Face layouts, and SigLIP's.

    python tools/checkpoints/convert.py SOURCE TARGET --to official
    python tools/checkpoints/convert.py MODEL/model.safetensors TARGET --to siglip_timm

Both files may be ``.pth`` or ``.safetensors``; the layout of SOURCE is detected. SOURCE may also be
an ``.onnx`` file, of which the weights alone are read. Nothing is written unless every expected
parameter is there and every parameter found was used.
"""

import argparse
import math
import sys
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.config_options import add_unsafe_pickle  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.errors import CheckpointError  # noqa: E402
from argus.model_files.converted_weights import check_target, write_weights  # noqa: E402
from argus.models.backbones.onnx_weights import onnx_to_official  # noqa: E402
from argus.models.backbones.siglip_layouts import SIGLIP_LAYOUTS  # noqa: E402
from argus.models.backbones.weight_layouts import (  # noqa: E402
    LAYOUTS,
    detect_layout,
    from_official,
    to_official,
)
from argus.models.backbones.weights import read_weight_file  # noqa: E402
from argus.names.printable import printable  # noqa: E402
from argus.safe_load import allow_unpickling  # noqa: E402


def convert(source: Path, target: Path, layout: str, *, allow_unused: bool = False) -> list[str]:
    """Convert one file.

    Args:
        source: File to read.
        target: File to write; its suffix chooses the format.
        layout: Layout to write.
        allow_unused: Write although the source holds parameters that are no part of the ViT.

    Returns:
        The report, line by line.

    Raises:
        CheckpointError: If the source cannot be read, a parameter is missing, or one is left over
            and that was not allowed. Nothing is written then.
    """
    check_target(target)
    if source.suffix == ".onnx":
        found, official = onnx_to_official(source)
    else:
        state = read_weight_file(source)
        found = detect_layout(state)
        official = to_official(state, found)
    family = next(layouts for layouts in (LAYOUTS, SIGLIP_LAYOUTS) if found in layouts)
    if layout not in family:
        raise CheckpointError(
            f"{source} has the layout {found}, expected --to {' or '.join(family)}, found {layout}."
        )
    report = [
        f"{source}: {found} layout, {len(official.state)} tensors of the ViT",
        _line("missing", official.missing),
        _line("unused", official.unused),
        _line("not in this layout, written as zeros", official.filled),
        f"  positions: {_positions(official.state)}",
    ]
    if official.missing or (official.unused and not allow_unused):
        advice = "" if official.missing else "\nGive --allow-unused to leave the unused ones out."
        raise CheckpointError("\n".join(report) + "\nNothing was written." + advice)
    result = from_official(official.state, layout)
    report.append(_line(f"no place in the {layout} layout, left out", result.dropped))
    write_weights(result.state, target)
    report.append(f"{target}: {layout} layout, {len(result.state)} tensors")
    return report


def _positions(state: Mapping[str, Tensor]) -> str:
    """Of which size the pictures are that the table of positions is for."""
    if not {"pos_embed", "patch_embed.proj.weight"} <= set(state):
        return "none"
    side = math.isqrt(state["pos_embed"].shape[1] - ("cls_token" in state))
    patch_size = state["patch_embed.proj.weight"].shape[-1]
    return f"{side} x {side} patches, img_size={side * patch_size}, patch_size={patch_size}"


def _line(label: str, names: list[str]) -> str:
    return f"  {label}: {', '.join(names) if names else 'none'}"


def main(arguments: list[str] | None = None) -> None:
    """Convert and print the report.

    Raises:
        CheckpointError: As :func:`convert`.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path, help="file to read (.pth, .safetensors or .onnx)")
    parser.add_argument("target", type=Path, help="file to write (.pth or .safetensors)")
    parser.add_argument(
        "--to", choices=(*LAYOUTS, *SIGLIP_LAYOUTS), required=True, help="layout to write"
    )
    parser.add_argument(
        "--allow-unused", action="store_true", help="leave out parameters that are not the ViT's"
    )
    add_unsafe_pickle(parser)
    options = parser.parse_args(arguments)
    allow_unpickling(options.unsafe_pickle)
    report = convert(options.source, options.target, options.to, allow_unused=options.allow_unused)
    print(printable("\n".join(report), lines=True))


if __name__ == "__main__":
    with user_errors():
        main()
