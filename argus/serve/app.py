"""Starting the page: the server, its limits, and what it is told not to do."""

import functools
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from argus.errors import ConfigError
from argus.serve.examples import write_examples
from argus.serve.service import MAX_WAITING, Service
from argus.serve.uploads import Limits

if TYPE_CHECKING:
    import gradio as gr

    from argus.apis.argus import Argus

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
) -> None:
    """Serve a model until Ctrl-C.

    Args:
        model: The model.
        host: Address to listen at; ``0.0.0.0`` for all of this machine's.
        port: TCP port.
        share: Whether to ask Gradio's servers for a public address. This needs the network, and
            makes the page anybody's who knows the address.
        max_upload_mb: Largest file that is taken, in megabytes of 1024 * 1024 bytes.
        examples: Whether to render pictures to start with.
        open_browser: Whether to open the page.

    Raises:
        ConfigError: Gradio is not installed, or the port is in use.
    """
    page = start(
        model,
        host=host,
        port=port,
        share=share,
        max_upload_mb=max_upload_mb,
        examples=examples,
        open_browser=open_browser,
    )
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


def start(
    model: "Argus",
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    share: bool = False,
    max_upload_mb: float = 20.0,
    examples: bool = True,
    open_browser: bool = False,
) -> "gr.Blocks":
    """Start to serve a model in threads of this process; arguments and errors as :func:`run`.

    Returns:
        The running page; its ``close()`` ends it.
    """
    _prepare_gradio()
    _check_port(host, port)
    root = Path(_folder().name)
    cache = root / "uploads"
    os.environ["GRADIO_TEMP_DIR"] = str(cache)

    from argus.serve.page import CSS_FILE, make_page
    from argus.serve.rest import make_routes
    from argus.serve.theme import make_theme

    service = Service(model, Limits(max_upload_mb=max_upload_mb))
    kinds = {task.kind for task in model.tasks.values()}
    pictures = write_examples(root, kinds, side_px=EXAMPLE_SIDE_PX) if examples else []
    page = make_page(service, pictures, cache=cache)
    page.queue(max_size=MAX_WAITING)
    page.launch(
        server_name=host,
        server_port=port,
        share=share,
        inbrowser=open_browser,
        prevent_thread_lock=True,
        quiet=True,
        theme=make_theme(),
        css_paths=CSS_FILE,
        max_file_size=service.limits.max_bytes,
        footer_links=["api", "settings"],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        app_kwargs=dict(routes=make_routes(service)),
    )
    return page


@functools.cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    """Where uploads and examples lie until this process ends.

    Gradio's default is a folder that all users of a machine share; it has one for all pages of a
    process.
    """
    folder = tempfile.TemporaryDirectory(prefix="argus-page-", ignore_cleanup_errors=True)
    (Path(folder.name) / "uploads").mkdir()
    return folder


def _prepare_gradio() -> None:
    # Read by Gradio when it is imported: no message to its makers, no look for a newer version.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
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
