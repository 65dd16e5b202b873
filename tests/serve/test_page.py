"""The page as a person meets it, in headless Chromium."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.serve.browser import Browser
from tests.serve.conftest import TASKS
from tests.serve.forms import post

FILE = "#argus-picture input[type=file]"


def upload(browser: Browser, path: Path) -> None:
    browser.type(FILE, str(path))
    browser.find("#argus-picture img")


def predict(browser: Browser, *, count: int) -> None:
    """Click, and wait for this number of cards, and for the end of their fading in."""
    browser.click("#argus-predict")
    settled = (
        "const cards = document.querySelectorAll('.argus-card'); let e = cards[0], opacity = 1;"
        "for (; e; e = e.parentElement) opacity *= getComputedStyle(e).opacity;"
        "return cards.length === arguments[0] && opacity === 1"
    )
    browser.wait(lambda: browser.run(settled, count), 20, f"no {count} cards")


def value(browser: Browser, task: str) -> str:
    return browser.text(f".argus-card[data-task={task}] .argus-value")


def pixels(browser: Browser, selector: str) -> np.ndarray:
    """What is seen of an element, RGB."""
    browser.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector)
    element = browser.find(selector)
    return np.array(Image.open(io.BytesIO(browser.picture_of(element))).convert("RGB"))


def is_near(picture: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.median(np.abs(picture - other.astype(float))) < 2)


def test_page__from_upload_to_download(
    browser: Browser, url: str, photo: Path, contacted: list[Any], tmp_path: Path
) -> None:
    contacted.clear()  # Gradio's client, in other tests, looks around
    browser.save_downloads_to(tmp_path)
    browser.open(url)
    upload(browser, photo)
    browser.click("#argus-tasks input[name=anomaly]")
    predict(browser, count=4)
    shown = browser.run(
        "return [...document.querySelectorAll('.argus-card')].map(c => c.dataset.task)"
    )
    assert shown == ["input", "depth", "saliency", "normals"]

    # The picture is that of the depth, from yellow to violet, and not that of the input.
    stage = ".argus-card[data-task=depth] .argus-stage"
    depth = pixels(browser, stage)
    assert depth.std(axis=(0, 1)).min() > 20
    assert depth[50, 10, 2] < 100 < depth[50, 10, 0]

    # Values under the mouse, of all tasks at once.
    for x in (0.25, 0.75):
        browser.move_to(stage, x, 0.5)
        assert float(value(browser, "depth").removesuffix(" m")) == pytest.approx(
            1 + 2 * x, abs=0.05
        )
        assert float(value(browser, "saliency")) == pytest.approx(x, abs=0.05)
        assert value(browser, "normals") == "x 0.00, y 1.00, z 0.00"
        column = int(value(browser, "input").split(",")[0].removeprefix("x "))
        assert column == pytest.approx(200 * x, abs=3)

    # Keys move the point, too.
    browser.run("document.querySelector(arguments[0]).focus()", stage)
    before = float(value(browser, "saliency"))
    browser.press("ArrowLeft", times=10)
    assert float(value(browser, "saliency")) == pytest.approx(before - 0.1, abs=0.02)

    # Half of the opacity is halfway to the input; it stays when a new prediction comes.
    plain = pixels(browser, ".argus-card[data-task=input] .argus-stage")
    browser.set_slider(".argus-card[data-task=depth] .argus-opacity", 50)
    browser.click("#argus-tasks input[name=normals]")
    predict(browser, count=3)
    halfway = depth.astype(float) / 2 + plain / 2
    browser.wait(lambda: is_near(pixels(browser, stage), halfway), 10, "not half of both")
    browser.set_slider(".argus-all", 0)
    browser.wait(lambda: is_near(pixels(browser, stage), plain), 10, "not the input")

    # What is saved is what the API answers, and what is seen.
    browser.click(".argus-json")
    saved = browser.downloaded(tmp_path / "my photo {1}.json")
    fields = dict(tasks=["depth", "saliency"])
    _, body = post(f"{url}/api/predict", photo.read_bytes(), photo.name, **fields)
    assert json.loads(saved) == json.loads(body)
    browser.click(".argus-card[data-task=depth] .argus-save")
    picture = Image.open(io.BytesIO(browser.downloaded(tmp_path / "my photo {1}_depth.png")))
    assert (
        picture.width == 1024 and np.array(picture)[:500, 20, :3].max() < 40
    )  # the input's dark left
    browser.click(".argus-sheet")
    sheet = Image.open(io.BytesIO(browser.downloaded(tmp_path / "my photo {1}_sheet.png")))
    assert sheet.size[0] == 1024 and np.array(sheet).std() > 20

    assert browser.console_errors() == []
    addresses = browser.requests()
    assert len(addresses) > 20 and any("/gradio_api/upload" in a for a in addresses)
    assert [a for a in addresses if not a.startswith((f"{url}/", "data:", "blob:"))] == []
    assert contacted == []


def test_page__picture_from_the_clipboard(browser: Browser, url: str, photo: Path) -> None:
    browser.open(url)
    permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    browser.devtools("Browser.grantPermissions", origin=url, permissions=permissions)
    browser.devtools("Page.bringToFront")
    browser.find("#argus-predict")
    browser.run(
        "const data = Uint8Array.from(atob(arguments[0]), c => c.charCodeAt(0));"
        "const blob = new Blob([data], {type: 'image/png'});"
        "return navigator.clipboard.write([new ClipboardItem({'image/png': blob})])",
        base64.b64encode(photo.read_bytes()).decode(),
    )
    browser.click("button[aria-label='Paste from clipboard']")
    browser.find("#argus-picture img")
    predict(browser, count=5)
    assert "200 x 100 px" in browser.text(".argus-bar")


def test_page__bad_files_get_words(browser: Browser, url: str, photo: Path, tmp_path: Path) -> None:
    browser.open(url)
    browser.find("#argus-predict")
    broken = tmp_path / "broken.png"
    broken.write_bytes(photo.read_bytes()[:300])
    other = tmp_path / "text.jpg"
    other.write_text("no picture")
    for path, words in ((broken, "damaged"), (other, "not a picture that can be read")):
        browser.type(FILE, str(path))
        browser.wait_for_text("[role=alert].argus-error", words)
        assert "Traceback" not in browser.text("body")
        assert browser.run("return document.querySelector('#argus-picture img')") is None
    assert browser.console_errors() == []

    large = tmp_path / "large.jpg"
    large.write_bytes(bytes(600_000))
    browser.type(FILE, str(large))
    browser.wait_for_text("body", "exceed")

    # The page goes on.
    upload(browser, photo)
    predict(browser, count=5)


def test_page__nothing_chosen(browser: Browser, url: str, photo: Path) -> None:
    browser.open(url)
    browser.click("#argus-predict")
    browser.wait_for_text("#argus-results", "Choose a picture first")
    upload(browser, photo)
    for task in TASKS:
        browser.click(f"#argus-tasks input[name={task}]")
    browser.click("#argus-predict")
    browser.wait_for_text("#argus-results", "at least one task")


def test_page__example_on_a_phone_in_the_dark(url: str, browser: Browser) -> None:
    browser.emulate(390, 844, dark=True)
    browser.open(url)
    browser.click("button[aria-label='Example 1']")
    browser.find("#argus-picture img")
    predict(browser, count=5)
    assert browser.run("return document.documentElement.scrollWidth - innerWidth") <= 0
    assert browser.run("return document.querySelector('.argus-card').offsetWidth") > 300
    colour = "return getComputedStyle(document.querySelector('.argus-card')).backgroundColor"
    assert sum(map(int, browser.run(colour).strip("rgb()").split(","))) < 150
    # Whatever can be used has a name.
    unnamed = browser.run(
        "return [...document.querySelectorAll('button, a, input, [tabindex=\"0\"]')].filter(e => !("
        "e.textContent.trim() || e.getAttribute('aria-label') || e.title || e.labels?.length))"
        ".map(e => e.outerHTML)"
    )
    assert unnamed == []
    assert browser.console_errors() == []
