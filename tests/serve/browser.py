"""Headless Chromium by the W3C WebDriver protocol over plain HTTP: no package is needed.

https://www.w3.org/TR/webdriver2/; the log of requests and the emulation of devices are
chromedriver's own (``goog:loggingPrefs``, ``goog/cdp/execute``).
"""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def free_port() -> int:
    """A TCP port of this machine that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Browser:
    """One window.

    Args:
        width: Of the page, in CSS pixels.
        height: The same.
        dark: Whether the person prefers dark colours.
    """

    def __init__(self, width: int = 1280, height: int = 900, *, dark: bool = False) -> None:
        assert CHROMIUM and DRIVER
        port = free_port()
        self._driver = subprocess.Popen(
            [DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._root = f"http://127.0.0.1:{port}"
        arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": {
                "binary": CHROMIUM,
                "args": [*arguments, f"--window-size={width},{height}"],
            },
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        try:
            self.wait(self._is_ready, 20)
            session = self._call("POST", "/session", capabilities={"alwaysMatch": wanted})
            self._root += f"/session/{session['sessionId']}"
            self.emulate(width, height, dark=dark)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the window and the driver."""
        try:
            self._call("DELETE", "")
        except (OSError, RuntimeError):
            pass  # it never got so far
        self._driver.terminate()
        self._driver.wait(10)

    def start_anew(self, width: int = 1280, height: int = 900) -> None:
        """Leave the page, and forget what was stored, allowed and logged; a new window is slow."""
        self.open("about:blank")
        self.devtools("Network.clearBrowserCache")
        self.devtools("Storage.clearDataForOrigin", origin="*", storageTypes="all")
        self.devtools("Browser.resetPermissions")
        self.emulate(width, height, dark=False)
        self.requests()
        self.console_errors()

    def emulate(self, width: int, height: int, *, dark: bool) -> None:
        """Be another device; arguments as for the class."""
        size = dict(width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.devtools("Emulation.setDeviceMetricsOverride", **size)
        self.devtools("Emulation.setScrollbarsHidden", hidden=True)
        scheme = dict(name="prefers-color-scheme", value="dark" if dark else "light")
        self.devtools("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> None:
        """Go to a page."""
        self._call("POST", "/url", url=url)

    def run(self, script: str, *arguments: Any) -> Any:
        """The value that JavaScript returns; ``arguments`` are in ``arguments``."""
        return self._call("POST", "/execute/sync", script=script, args=list(arguments))

    def find(self, selector: str, *, seconds: float = 20) -> str:
        """Id of the first element of a CSS selector, once there is one."""

        def look() -> str | None:
            query = {"using": "css selector", "value": selector}
            found = self._call("POST", "/elements", **query)
            return found[0][_ELEMENT] if found else None

        return self.wait(look, seconds, f"no element {selector!r}")

    def click(self, selector: str) -> None:
        """Click an element as a person does: it must be in view and not covered."""
        self._call("POST", f"/element/{self.find(selector)}/click")

    def type(self, selector: str, text: str) -> None:
        """Type into an element; the path of a file into a file input."""
        self._call("POST", f"/element/{self.find(selector)}/value", text=text)

    def move_to(self, selector: str, x: float, y: float) -> None:
        """Move the mouse to a point of an element; ``x`` and ``y`` in [0, 1] of its box."""
        left, top, width, height = self.run(
            "const e = document.querySelector(arguments[0]); e.scrollIntoView({block: 'center'});"
            "const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]",
            selector,
        )
        move = dict(type="pointerMove", duration=0, origin="viewport")
        move |= dict(x=round(left + x * width), y=round(top + y * height))
        self._call("POST", "/actions", actions=[dict(type="pointer", id="mouse", actions=[move])])

    def press(self, key: str, times: int = 1) -> None:
        """Press a key, by its JavaScript name, on what has the focus."""
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                self.devtools("Input.dispatchKeyEvent", type=kind, key=key)

    def set_slider(self, selector: str, value: int) -> None:
        """Drag a slider to a value."""
        self.run(
            "const e = document.querySelector(arguments[0]); e.value = arguments[1];"
            "e.dispatchEvent(new Event('input', {bubbles: true}))",
            selector,
            value,
        )

    def save_downloads_to(self, folder: Path) -> None:
        """Save what is downloaded without a question."""
        self.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def downloaded(self, path: Path) -> bytes:
        """A file, once it is there; Chromium gives it its name when it is whole."""
        self.wait(path.is_file, 10, f"no download {path.name}")
        return path.read_bytes()

    def picture_of(self, element: str) -> bytes:
        """PNG of an element by its id, as far as it is in view."""
        return base64.b64decode(self._call("GET", f"/element/{element}/screenshot"))

    def text(self, selector: str) -> str:
        """Text of an element."""
        return str(self.run("return document.querySelector(arguments[0]).textContent", selector))

    def wait_for_text(self, selector: str, words: str) -> None:
        """Wait until an element, which may not be there yet, says something."""
        script = "return document.querySelector(arguments[0])?.textContent || ''"
        self.wait(lambda: words in self.run(script, selector), 10, f"no {words!r} in {selector}")

    def wait_for_rest(self, seconds: float = 1) -> None:
        """Let pictures fade in and scrolling end."""
        time.sleep(seconds)

    def view(self) -> bytes:
        """PNG of what is seen of the page."""
        return base64.b64decode(self._call("GET", "/screenshot"))

    def screenshot(self, path: Path) -> None:
        """Save the whole page, also what one has to scroll to, as PNG."""
        height = self.run("return document.documentElement.scrollHeight")
        width = self.run("return window.innerWidth")
        clip = dict(x=0, y=0, width=width, height=height, scale=1)
        options = dict(format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(
            base64.b64decode(self.devtools("Page.captureScreenshot", **options)["data"])
        )

    def devtools(self, command: str, **parameters: Any) -> Any:
        """Send a command of the Chrome DevTools protocol."""
        return self._call("POST", "/goog/cdp/execute", cmd=command, params=parameters)

    def requests(self) -> list[str]:
        """Addresses of everything that the page has asked for since the last call."""
        entries = self._call("POST", "/se/log", type="performance")
        messages = [json.loads(entry["message"])["message"] for entry in entries]
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]

    def console_errors(self) -> list[str]:
        """Severe messages of the console since the last call."""
        entries = self._call("POST", "/se/log", type="browser")
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    @staticmethod
    def wait(look: Callable[[], T | None], seconds: float = 20, failure: str = "waited") -> T:
        """What ``look`` finds, asked again and again.

        Raises:
            TimeoutError: It found nothing in time.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := look():
                return found
            time.sleep(0.05)
        raise TimeoutError(f"{failure} after {seconds} s")

    def _is_ready(self) -> bool:
        try:
            return bool(self._call("GET", "/status")["ready"])
        except OSError:
            return False

    def _call(self, method: str, path: str, **body: Any) -> Any:
        data = json.dumps(body).encode() if method == "POST" else None
        request = urllib.request.Request(self._root + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.read().decode()[:500]}") from error
