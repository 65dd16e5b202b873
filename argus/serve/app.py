"""Starting the page: the server, its limits, and what it is told not to do."""

import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argus.errors import ConfigError
from argus.serve.examples import write_examples
from argus.serve.folder import make_folder
from argus.serve.service import MAX_RUN_SECONDS, MAX_WAITING, Service
from argus.serve.uploads import Limits

if TYPE_CHECKING:
    import gradio as gr

    from argus.api import Argus

_LOCAL = ("127.0.0.1", "localhost", "::1")
# As large as those that the demo's model is trained on.
EXAMPLE_SIDE_PX = 128


def run(
    model: "Argus",
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    share: bool = False,
    max_upload_mb: float = 20.0,
    examples: bool = True,
    open_browser: bool = False,
    allow_hosts: Sequence[str] = (),
    max_run_seconds: float = MAX_RUN_SECONDS,
) -> None:
    """Serve a model until Ctrl-C or SIGTERM; both delete the uploads.

    Args:
        model: The model.
        host: Address to listen at; ``0.0.0.0`` for all of this machine's.
        port: TCP port.
        share: Whether to ask Gradio's servers for a public address. This needs the network, and
            makes the page anybody's who knows the address.
        max_upload_mb: Largest file that is taken, in megabytes of 1024 * 1024 bytes.
        examples: Whether to render pictures to start with.
        open_browser: Whether to open the page.
        allow_hosts: Names that a proxy reaches the page by, beside this machine's own and
            addresses in digits; ``*.NAME`` for all below one.
        max_run_seconds: A prediction that takes longer is ended.

    Raises:
        ConfigError: Gradio is not installed, or the port is in use.
    """
    # As Ctrl-C: the finaliser of the folder runs only if this process ends by itself.
    signal.signal(signal.SIGTERM, _interrupt)
    page = start(
        model,
        host=host,
        port=port,
        share=share,
        max_upload_mb=max_upload_mb,
        examples=examples,
        open_browser=open_browser,
        allow_hosts=allow_hosts,
        max_run_seconds=max_run_seconds,
    )
    try:
        shown = f"[{host}]" if ":" in host else host
        print(f"Argus is at http://{shown}:{port}  (REST: POST /api/predict)  Ctrl-C ends it.")
        if share:
            print(f"and, for everybody who knows the address, at {page.share_url}")
        elif host not in _LOCAL:
            print(
                "Everybody who can reach this machine can use it: there is no password.",
                file=sys.stderr,
            )
        page.block_thread()
    except KeyboardInterrupt:  # before Gradio waits for it
        page.close()
    finally:
        make_folder().cleanup()


def start(
    model: "Argus",
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    share: bool = False,
    max_upload_mb: float = 20.0,
    examples: bool = True,
    open_browser: bool = False,
    allow_hosts: Sequence[str] = (),
    max_run_seconds: float = MAX_RUN_SECONDS,
) -> "gr.Blocks":
    """Start to serve a model in threads of this process; arguments and errors as :func:`run`.

    Returns:
        The running page; its ``close()`` ends it.
    """
    _prepare_gradio()
    _check_port(host, port)
    root = Path(make_folder().name)
    cache = root / "uploads"
    os.environ["GRADIO_TEMP_DIR"] = str(cache)

    from starlette.middleware import Middleware

    from argus.serve.intake import LimitIntake
    from argus.serve.origins import CheckOrigin
    from argus.serve.page import CSS_FILE, make_page
    from argus.serve.rest import make_routes
    from argus.serve.server_logging import logging_left_alone
    from argus.serve.theme import make_theme

    limits = Limits(max_upload_mb=max_upload_mb)
    service = Service(model, limits, max_run_seconds=max_run_seconds)
    kinds = {task.kind for task in model.tasks.values()}
    pictures = write_examples(root, kinds, side_px=EXAMPLE_SIDE_PX) if examples else []
    names = [host, *allow_hosts, *(["*.gradio.live"] if share else [])]
    page = make_page(service, pictures, cache=cache)
    page.queue(max_size=MAX_WAITING)
    with logging_left_alone():
        page.launch(
            server_name=host,
            server_port=port,
            share=share,
            inbrowser=open_browser,
            prevent_thread_lock=True,
            quiet=True,
            theme=make_theme(),
            css_paths=CSS_FILE,
            max_file_size=limits.max_bytes,
            footer_links=["api", "settings"],
            run_history=False,
            enable_monitoring=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            app_kwargs=dict(
                routes=make_routes(service),
                middleware=[
                    Middleware(CheckOrigin, names=names),
                    Middleware(LimitIntake, max_bytes=limits.max_bytes, folder=cache),
                ],
            ),
        )
    return page


def _interrupt(signum: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _prepare_gradio() -> None:
    # Read by Gradio when it is imported: no message to its makers, no look for a newer version.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    # Of Gradio's Python client, which sees only then that it has been closed.
    os.environ.setdefault("GRADIO_HEARTBEAT_INTERVAL", "5")
    try:
        import gradio  # noqa: F401
    except ModuleNotFoundError as error:
        raise ConfigError(
            "the page needs Gradio, which is not installed: pip install 'argus-multitask[serve]'."
        ) from error


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise ConfigError(
                f"cannot listen at {host}, port {port}: {error}. Choose another, e.g. --port "
                f"{port + 1 if port < 65535 else 7860}."
            ) from error
