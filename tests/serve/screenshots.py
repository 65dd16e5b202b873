"""Pictures of the page: ``python -m tests.serve.screenshots MODEL docs/images``."""

import argparse
import io
from pathlib import Path

from PIL import Image

from argus import Argus
from argus.serve import start
from tests.serve.browser import Browser, free_port

JPEG_QUALITY = 75
# Name, width, height, dark, example.
SHOTS = (
    ("page_light", 1280, 1000, False, 1),
    ("page_dark", 1280, 1000, True, 5),
    ("page_phone", 390, 1400, True, 2),
    ("page_phone_light", 390, 1400, False, 4),
)
PUBLISHED = ("page_light", "page_phone")


def main() -> None:
    """Take all pictures, or those of the documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a model")
    parser.add_argument("out", type=Path, help="folder of the pictures")
    parser.add_argument("--all", action="store_true", help="also those no document shows")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    port = free_port()
    page = start(Argus.from_pretrained(args.model), port=port)
    for name, width, height, dark, example in SHOTS:
        if args.all or name in PUBLISHED:
            with Browser(width, height, dark=dark) as browser:
                browser.open(f"http://127.0.0.1:{port}")
                shoot(browser, args.out / f"{name}.jpg", width, height, example)
    page.close()


def shoot(browser: Browser, path: Path, width: int, height: int, example: int) -> None:
    """Predict for an example, point at its middle, and save what is seen first of the page."""
    browser.click(f"button[aria-label='Example {example}']")
    browser.find("#argus-picture img")
    browser.click("#argus-predict")
    browser.find(".argus-card", seconds=120)
    browser.wait_for_rest()
    browser.move_to(".argus-card .argus-stage", 0.5, 0.6)
    if width > 600:
        browser.run("scrollTo(0, 0)")
    picture = Image.open(io.BytesIO(browser.view())).convert("RGB")
    picture.crop((0, 0, width, height)).save(path, quality=JPEG_QUALITY, optimize=True)
    print(f"{path}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
