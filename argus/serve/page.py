"""The page: a picture and a choice of tasks on the left, the answers on the right."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio_client.utils import is_http_url_like

from argus.serve import cards
from argus.serve.handlers import Handlers
from argus.serve.service import DEFAULT_THRESHOLD, MAX_WAITING, Service
from argus.serve.uploads import FORMATS, Limits
from argus.visualization.titles import task_title

_HERE = Path(__file__).parent
CSS_FILE = _HERE / "viewer.css"
_JS_FILE = _HERE / "viewer.js"
_DELETE_UPLOADS_S = (600, 3600)  # every, older than
_SIZES = (("One size for all tasks", "common"), ("Every task at its own size", "task"))
_HEAD = """
<header class="argus-head"><h1>Argus</h1><p>{} tasks on one backbone</p></header>
"""
# Gradio gives the thumbnails no names.
_NAME_EXAMPLES = """() => document.querySelectorAll(".gallery-item").forEach(
  (button, i) => button.setAttribute("aria-label", `Example ${i + 1}`))"""


def make_page(service: Service, examples: Sequence[Path], *, cache: Path) -> gr.Blocks:
    """Lay out the page and connect its parts.

    Args:
        service: The model.
        examples: Pictures to start with.
        cache: Folder of Gradio's uploads.
    """
    tasks = service.model.tasks
    with gr.Blocks(
        title="Argus", analytics_enabled=False, delete_cache=_DELETE_UPLOADS_S, fill_width=True
    ) as page:
        gr.HTML(_HEAD.format(len(tasks)), apply_default_css=False, elem_classes="argus-bare")
        with gr.Row():
            with gr.Column(scale=1, min_width=320):
                picture = gr.Image(
                    label="Picture",
                    type="filepath",
                    sources=["upload", "clipboard"],
                    height=260,
                    elem_id="argus-picture",
                )
                _refuse_addresses(picture)
                gr.HTML(_hint(service.limits), elem_classes="argus-bare")
                chosen = gr.CheckboxGroup(
                    choices=[(task_title(name), name) for name in tasks],
                    value=list(tasks),
                    label="Tasks",
                    show_select_all=True,
                    elem_id="argus-tasks",
                )
                start = gr.Button("Predict", variant="primary", elem_id="argus-predict")
                if examples:
                    paths = [[str(path)] for path in examples]
                    gr.Examples(paths, inputs=[picture], elem_id="argus-examples")
                with gr.Accordion("Options", open=False):
                    options = _make_options(service)
            with gr.Column(scale=3, min_width=320):
                results = gr.HTML(
                    cards.WELCOME,
                    js_on_load=_JS_FILE.read_text(encoding="ascii"),
                    apply_default_css=False,
                    elem_id="argus-results",
                    elem_classes="argus-bare",
                )
        # What the Gradio client calls needs an event; nobody sees this one.
        client, answer = gr.Button(visible=False), gr.JSON(visible=False)

        handlers = Handlers(service, cache)
        inputs = [picture, chosen, *options]
        # Predictions wait in the line that the REST endpoint has, too, which has a deadline and
        # leaves out who has left; see Handlers for why Gradio decodes nothing.
        queued: dict[str, Any] = dict(
            preprocess=False, concurrency_id="model", concurrency_limit=MAX_WAITING
        )
        private: dict[str, Any] = dict(api_visibility="private")
        start.click(handlers.show, inputs, results, scroll_to_output=True, **queued, **private)
        client.click(handlers.answer, inputs, answer, api_name="predict", **queued)
        picture.upload(
            handlers.check,
            picture,
            [picture, results],
            preprocess=False,
            show_progress="hidden",
            **private,
        )
        page.unload(handlers.sessions.leave)
        page.load(None, None, None, js=_NAME_EXAMPLES, **private)
    return page


def _make_options(service: Service) -> list[Any]:
    """Least score, size, category: in the order of the handlers' arguments."""
    categories = [name for task in service.model.tasks.values() for name in task.categories]
    return [
        gr.Slider(0, 1, value=DEFAULT_THRESHOLD, step=0.05, label="Least score of an object"),
        gr.Dropdown(
            _SIZES,
            value="common",
            allow_custom_value=True,
            label="Size of the model's input, or a short side in pixels",
        ),
        gr.Dropdown(
            categories or [""],
            value=categories[0] if categories else "",
            label="Kind of object, for anomalies",
            visible=bool(categories),
        ),
    ]


def _refuse_addresses(picture: gr.Image) -> None:
    """Keep Gradio from downloading what a client names instead of uploading it."""
    move_file = picture.async_move_resource_to_block_cache

    async def move(path: Any) -> str | None:
        if is_http_url_like(str(path)):
            text = "Upload the picture: addresses are not read."
            raise gr.Error(text, print_exception=False)
        return await move_file(path)

    picture.async_move_resource_to_block_cache = move  # type: ignore


def _hint(limits: Limits) -> str:
    most = f"up to {limits.max_upload_mb:g} MB and {limits.max_megapixels:g} megapixels"
    return f'<p class="argus-hint">{", ".join(FORMATS)}; {most}</p>'
