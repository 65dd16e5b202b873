"""The options of the commands that load a model, and the way from them to it."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argus.api import Argus

MODEL = "folder of a model, or OWNER/NAME on the Hugging Face Hub"


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a model is loaded and runs."""
    how = parser.add_argument_group("how the model runs")
    how.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1; default auto")
    how.add_argument(
        "--dtype",
        default="auto",
        choices=("auto", "bf16", "fp32"),
        help="default auto: bf16 where the device has it, fp32 elsewhere",
    )
    how.add_argument("--compile", action="store_true", help="compile the backbone: slow to start")
    how.add_argument("--revision", help="branch, tag or commit of the repository on the Hub")
    add_trust(how)


def add_trust(parser: "argparse._ActionsContainer", *, what: str = "the model") -> None:
    """Add the option that lets a model's config name classes of other packages.

    Args:
        parser: Or a group of one.
        what: Who uses them.
    """
    parser.add_argument(
        "--trust",
        nargs="+",
        action="extend",
        default=[],
        metavar="PACKAGE",
        help=f"let {what} use classes of PACKAGE, whose code then runs",
    )


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Add the choice between the weights of a checkpoint."""
    parser.add_argument(
        "--weights",
        choices=("auto", "ema", "raw"),
        default="auto",
        help="averaged or trained weights; auto takes the averages where a file has them",
    )


def add_weights_of_gradients(parser: argparse.ArgumentParser) -> None:
    """Add the choice between the weights of a checkpoint at which gradients are taken."""
    parser.add_argument(
        "--weights",
        choices=("raw", "ema"),
        default="raw",
        help="trained weights, where training takes its gradients (default), or their average",
    )


def load_model(args: argparse.Namespace) -> "Argus":
    """The model of ``args.model``, with its own tasks.

    Raises:
        CheckpointError: There is no model, or it is damaged.
        ConfigError: An unknown device or dtype.
    """
    from argus.commands.progress import progress
    from argus.libraries.importing import import_libraries
    from argus.model_files.hub import resolve_model
    from argus.storage.model_folder import read_manifest

    folder = resolve_model(args.model, args.revision)
    read_manifest(folder)  # what can be wrong with it is said before the slow imports
    with progress("loading the model"):
        import_libraries()
        from argus.api import Argus

        return Argus.from_pretrained(
            folder,
            device=args.device,
            dtype=args.dtype,
            compile=args.compile,
            trust=args.trust,
        )
