"""``argus merge CHECKPOINT ... --out MODEL``: the folder of a model that predicts."""

import argparse
import json
from pathlib import Path
from typing import Any

from argus.commands.config_options import add_unsafe_pickle
from argus.commands.model_options import add_trust, add_weights
from argus.errors import ConfigError, DataError
from argus.libraries.importing import import_libraries
from argus.names.wording import counted

EPILOG = """\
examples:
  argus merge work_dirs/plates/iter_600.pth --out plates_model      what `argus train` has left
  argus merge work_dirs/stage1/iter_300000.pth work_dirs/depth/iter_38400.pth --out MODEL
  argus merge MODEL work_dirs/plates/iter_600.pth --out LARGER_MODEL    one more task

MODEL is a folder: model.safetensors, config.json, manifest.json, a model card. `argus test MODEL`
measures all its tasks.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "base",
        metavar="CHECKPOINT|MODEL",
        help="checkpoint of stage 1, or of tasks on a frozen backbone; or a model to add to",
    )
    parser.add_argument(
        "decoders",
        nargs="*",
        metavar="CHECKPOINT",
        help="of stage 2, trained on that backbone",
    )
    parser.add_argument("--out", required=True, type=Path, help="folder of the model")
    add_weights(parser)
    parser.add_argument(
        "--rename",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE:OLD=NEW",
        help="other names for tasks",
    )
    parser.add_argument(
        "--results",
        nargs="+",
        action="extend",
        default=[],
        type=Path,
        help="results.json files for the manifest",
    )
    add_trust(parser, what="configs")
    add_unsafe_pickle(parser)


def run(args: argparse.Namespace) -> int:
    """Merge and write the folder."""
    import_libraries()
    from argus.model_files.merge import merge
    from argus.safe_load import allow_unpickling

    allow_unpickling(args.unsafe_pickle)
    metrics: dict[str, Any] = {}
    for path in args.results:
        metrics |= _results(path)
    model = merge(
        args.base,
        args.decoders,
        weights=args.weights,
        renames=renames_of(args.rename),
        metrics=metrics,
        trusted=args.trust,
    )
    model.write(args.out)
    size = (args.out / "model.safetensors").stat().st_size / 2**20
    tasks = model.manifest["tasks"]
    print(f"{args.out}: {counted(len(tasks), 'task')} ({', '.join(tasks)}), {size:.1f} MiB")
    return 0


def _results(path: Path) -> dict[str, Any]:
    """Metrics by ``task/name``, as a test writes them.

    Raises:
        DataError: There is no such file, or it is another.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"--results {path}: no such file.") from error
    except (OSError, ValueError) as error:
        raise DataError(f"--results {path}: not the results.json of a test: {error}.") from error
    if not isinstance(found, dict):
        raise DataError(
            f"--results {path}: not the results.json of a test: expected names and numbers, found "
            f"a {type(found).__name__}."
        )
    return found


def renames_of(options: list[str]) -> dict[tuple[str, str], str]:
    """(file, old name) to new name."""
    renames = {}
    for option in options:
        file, colon, names = option.rpartition(":")
        old, equals, new = names.partition("=")
        if not (colon and equals and file and old and new):
            raise ConfigError(f"--rename: expected FILE:OLD=NEW, found {option!r}.")
        renames[file, old] = new
    return renames
