"""``argus serve``: a page in the browser to try a model on, and a REST endpoint."""

import argparse

from argus.commands.model_options import MODEL, add_model_options, load_model
from argus.commands.notes import warnings_as_notes

EPILOG = """\
examples:
  argus serve MODEL                        http://127.0.0.1:7860, for this machine alone
  argus serve MODEL --open --port 8000     and open it in the browser
  argus serve MODEL --host 0.0.0.0         for everybody who can reach this machine: no password

Needs the extra `serve`: pip install "argus-multitask[serve]". Ctrl-C ends it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("model", metavar="MODEL", help=MODEL)
    page = parser.add_argument_group("the page")
    page.add_argument(
        "--host", default="127.0.0.1", help="address to listen at; default: this machine alone"
    )
    page.add_argument("--port", type=int, default=7860, help="default 7860")
    page.add_argument("--open", action="store_true", help="open the page in the browser")
    page.add_argument(
        "--max-upload-mb", type=float, default=20.0, metavar="MB", help="largest file; default 20"
    )
    page.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="name that a proxy reaches the page by; may be given several times",
    )
    page.add_argument(
        "--max-seconds",
        type=float,
        default=300.0,
        metavar="S",
        help="a prediction that takes longer is ended; default 300",
    )
    page.add_argument("--no-examples", action="store_true", help="no pictures to start with")
    page.add_argument(
        "--share",
        action="store_true",
        help="a public address by Gradio's servers, for everybody who knows it",
    )
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    with warnings_as_notes():
        model = load_model(args)
    from argus.serve import run as serve

    serve(
        model,
        host=args.host,
        port=args.port,
        share=args.share,
        max_upload_mb=args.max_upload_mb,
        examples=not args.no_examples,
        open_browser=args.open,
        allow_hosts=args.allow_host,
        max_run_seconds=args.max_seconds,
    )
    return 0
