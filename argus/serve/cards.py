"""The answers as HTML: a card per task, its picture over the input, with a slider and its values.

``viewer.js`` brings the cards to life and ``viewer.css`` dresses them; both find the parts by the
class names that are written here.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from argus.names.wording import counted
from argus.results.base import TaskResult
from argus.results.depth import DepthMap
from argus.results.normals import NormalMap
from argus.serve.hover import Values, values_of
from argus.serve.pictures import data_url, jpeg_url, pick, picked, shrink
from argus.visualization.titles import task_title

if TYPE_CHECKING:
    from argus.results.prediction import Prediction

# Pictures are drawn at most this long: sharp on a screen, and quick to send.
SIDE_PX = 1024

WELCOME = """
<div class="argus-note">
  <strong>Nothing to see yet</strong>
  <p>Choose a picture or an example, tick tasks, and press <em>Predict</em>.</p>
</div>
"""


def message(text: str) -> str:
    """What went wrong, in place of the cards."""
    return f"""
<div class="argus-note argus-error" role="alert">
  <strong>No prediction</strong>
  <p>{escape(text)}</p>
</div>
"""


def draw_all(prediction: "Prediction") -> dict[str, np.ndarray]:
    """The picture of every task, at the size of the page.

    Args:
        prediction: Its image may be larger.

    Returns:
        RGB ``(H, W, 3)`` uint8 by task.
    """
    image = shrink(prediction.image, SIDE_PX)
    return {task: _shrink(result).draw(image) for task, result in prediction.results.items()}


def _shrink(result: TaskResult) -> TaskResult:
    """The maps that take seconds to colour at twelve megapixels, at the size of the page."""
    if not isinstance(result, DepthMap | NormalMap):
        return result
    arrays: dict[str, Any] = {n: pick(v, SIDE_PX) for n, v in result.arrays().items()}
    rows, columns = picked(*result.size, SIDE_PX)
    return replace(result, size=(len(rows), len(columns)), **arrays)


def make_cards(prediction: "Prediction", drawn: Mapping[str, np.ndarray], *, seconds: float) -> str:
    """All cards.

    Args:
        prediction: The answers.
        drawn: Their pictures, see :func:`draw_all`.
        seconds: How long the prediction took.
    """
    height, width = prediction.size
    count = len(prediction.results)
    tasks = counted(count, "task")
    source = escape(prediction.source)
    position: Values = dict(type="position", width=width, height=height)
    stem = escape(Path(prediction.source).stem)
    answers = data_url(prediction.to_json().encode(), "application/json")
    url = jpeg_url(shrink(prediction.image, SIDE_PX))
    cards = [_card("input", "Input", position, f'<img class="argus-picture" src="{url}" alt="">')]
    for task, result in prediction.results.items():
        # Below the image a picture may have a legend, which the slider leaves alone.
        rows = round(height * drawn[task].shape[1] / width)
        picture, legend = drawn[task][:rows], drawn[task][rows:]
        layers = f'<img class="argus-layer" src="{jpeg_url(picture)}" alt="">'
        extra = f'<img class="argus-legend" src="{jpeg_url(legend)}" alt="">' if legend.size else ""
        cards.append(_card(task, task_title(task), values_of(result), layers, extra))
    return f"""
<section class="argus-results" aria-label="Results" data-name="{stem}"
    style="--argus-input: url({url}); --argus-ratio: {width} / {height}">
  <header class="argus-bar">
    <p role="status"><strong>{source}</strong> {width} x {height} px, {tasks}, {seconds:.2f} s</p>
    <label>Opacity of all
      <input class="argus-all" type="range" min="0" max="100" value="100"></label>
    <span>Save <a class="argus-button argus-json" href="{answers}"
        download="{stem}.json">JSON</a>
      <button class="argus-button argus-sheet" type="button">PNG</button></span>
  </header>
  <div class="argus-grid">{"".join(cards)}</div>
</section>
"""


def _card(name: str, title: str, values: Values, layers: str, extra: str = "") -> str:
    """One card.

    Args:
        name: Of the task, which also names the file when the picture is saved.
        title: Heading.
        values: What to say of the point under the mouse.
        layers: What lies over the input.
        extra: What stands below the picture.
    """
    title, name = escape(title), escape(name)
    codes = values.get("map", "")
    hidden = f'<img class="argus-map" src="{codes}" alt="" hidden>' if codes else ""
    words = escape(json.dumps({key: value for key, value in values.items() if key != "map"}))
    slider = (
        f"""
    <label class="argus-slider"><span>Opacity</span>
      <input class="argus-opacity" type="range" min="0" max="100" value="100"
        aria-label="Opacity of {title}"></label>
    <button class="argus-button argus-save" type="button" title="Save the picture as you see it"
      aria-label="Save the picture of {title} as PNG">PNG</button>
"""
        if name != "input"
        else "<small>Arrow keys move the cross, too</small>"
    )
    return f"""
<figure class="argus-card" data-task="{name}" data-values="{words}">
  <figcaption><span class="argus-title">{title}</span>
    <output class="argus-value" aria-live="off"></output></figcaption>
  <div class="argus-stage" tabindex="0" role="group"
    aria-label="{title}: arrow keys read values">{layers}<i class="argus-cross"></i></div>
  {hidden}{extra}
  <div class="argus-tools">{slider}</div>
</figure>
"""
