"""Convert pixel encoder and decoder of a published Mask DINO checkpoint.

    python tools/checkpoints/convert_mask_dino.py SOURCE TARGET --without-inputs

SOURCE is a file of https://github.com/IDEA-Research/MaskDINO with two-stage queries and focal class
scores. A task's decoder starts from TARGET (``.pth``) with
``init_cfg=dict(type="Pretrained", checkpoint=TARGET)``; the report says which sizes it needs. The
layers that read the backbone's maps fit the published backbone alone, so another one takes
``--without-inputs``. Nothing is written unless every weight is there, has its shape, and was used.
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.config_options import add_unsafe_pickle  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.errors import CheckpointError  # noqa: E402
from argus.libraries.importing import import_libraries  # noqa: E402
from argus.model_files.converted_weights import check_target, write_weights  # noqa: E402
from argus.models.backbones.weights import read_weight_file  # noqa: E402
from argus.names.printable import printable  # noqa: E402
from argus.safe_load import allow_unpickling  # noqa: E402


def convert(
    source: Path, target: Path, *, feature_order: str | None = None, without_inputs: bool = False
) -> list[str]:
    """Convert one file.

    Args:
        source: File to read.
        target: File to write; its suffix chooses the format.
        feature_order: See :func:`argus.models.decoders.mask_dino.published_weights.from_published`.
        without_inputs: Leave out the layers that read the backbone's maps.

    Returns:
        The report, line by line.

    Raises:
        CheckpointError: If the source cannot be read, or is no such model. Nothing is written then.
    """
    import_libraries()
    from argus.models.decoders.mask_dino.published_weights import from_published

    check_target(target)
    try:
        found = from_published(read_weight_file(source), feature_order=feature_order)
    except CheckpointError as error:
        raise CheckpointError(f"{source}: {error}\nNothing was written.") from error
    state = found.without_inputs() if without_inputs else found.state
    write_weights(state, target)
    left_out = {**found.left_out, "layers that read the backbone": len(found.state) - len(state)}
    head = {key: value for key, value in found.head.items() if key != "num_classes"}
    return [
        f"{source}: {sum(found.left_out.values()) + len(found.state)} tensors; left out: "
        + ", ".join(f"{count} of {part}" for part, count in left_out.items() if count),
        f"{target}: {len(state)} tensors for",
        f"  num_things_classes + num_stuff_classes = {found.head['num_classes']}",
        f"  pixel_encoder={_shown(found.pixel_encoder)}",
        f"  head={_shown(head)}",
    ]


def _shown(settings: dict[str, object]) -> str:
    return f"dict({', '.join(f'{key}={value!r}' for key, value in settings.items())})"


def main(arguments: list[str] | None = None) -> None:
    """Convert and print the report.

    Raises:
        CheckpointError: As :func:`convert`.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path, help="file to read")
    parser.add_argument("target", type=Path, help="file to write (.pth or .safetensors)")
    parser.add_argument(
        "--feature-order",
        choices=("high2low", "low2high"),
        help="FEATURE_ORDER of the source's config; needed if all maps have one width",
    )
    parser.add_argument(
        "--without-inputs",
        action="store_true",
        help="leave out the layers that read the backbone's maps",
    )
    add_unsafe_pickle(parser)
    options = parser.parse_args(arguments)
    allow_unpickling(options.unsafe_pickle)
    report = convert(
        options.source,
        options.target,
        feature_order=options.feature_order,
        without_inputs=options.without_inputs,
    )
    print(printable("\n".join(report), lines=True))


if __name__ == "__main__":
    with user_errors():
        main()
