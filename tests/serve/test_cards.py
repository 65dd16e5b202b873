import json
from html.parser import HTMLParser

import numpy as np

from argus.results.prediction import Prediction
from argus.serve.cards import SIDE_PX, draw_all, make_cards, message
from argus.serve.pictures import shrink
from tests.serve.fake_model import answer

IMAGE = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
NASTY = "<script>\"'`${1}{{2}}.png"


class Reader(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def cards(self) -> dict[str | None, dict[str, str | None]]:
        return {a["data-task"]: a for t, a in self.tags if t == "figure"}


def predict(image: np.ndarray, *tasks: str) -> Prediction:
    results = {task: answer(task, image) for task in tasks}
    return Prediction(source=NASTY, image=image, results=results)


def test_cards__names_are_no_html() -> None:
    prediction = predict(IMAGE, "saliency", "depth")
    object.__setattr__(prediction.results["depth"], "classes", (NASTY,))
    page = Reader(make_cards(prediction, draw_all(prediction), seconds=1))
    assert {tag for tag, _ in page.tags} & {"script", "b"} == set()
    assert NASTY in page.text
    assert ("download", NASTY.removesuffix(".png") + ".json") in [
        item for _, attributes in page.tags for item in attributes.items()
    ]
    assert NASTY in Reader(message(NASTY)).text


def test_cards__values_and_layers_of_every_task() -> None:
    prediction = predict(IMAGE, "saliency", "depth", "normals", "anomaly")
    page = Reader(make_cards(prediction, draw_all(prediction), seconds=1))
    cards = page.cards()
    assert list(cards) == ["input", "saliency", "depth", "normals", "anomaly"]
    kinds = [json.loads(card["data-values"] or "")["type"] for card in cards.values()]
    assert kinds == ["position", "number", "number", "vector", "number"]
    count = {name: 0 for name in ("argus-layer", "argus-map", "argus-legend", "argus-picture")}
    for tag, attributes in page.tags:
        if tag == "img":
            count[attributes["class"] or ""] += 1
            assert (attributes["src"] or "").startswith("data:image/")
    assert count["argus-layer"] == count["argus-map"] == 4 and count["argus-picture"] == 1
    assert count["argus-legend"] == 3  # depth, normals, anomaly; saliency explains itself


def test_draw_all__is_not_larger_than_the_page() -> None:
    image = np.zeros((1200, 1800, 3), np.uint8)
    prediction = predict(image, "saliency", "depth", "normals")
    for task, picture in draw_all(prediction).items():
        assert picture.shape[1] == SIDE_PX and picture.shape[0] >= 683
        # The same as drawing everything, but for the pixels that are picked.
        small = shrink(prediction.results[task].draw(image), SIDE_PX)
        assert np.median(np.abs(small[:683].astype(int) - picture[:683])) <= 1
