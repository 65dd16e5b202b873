"""Which of the page's visitors have left: nothing is computed for an empty chair."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr

from argus.serve.turns import IsGone


class Sessions:
    """Requests that wait or run, by Gradio's session, which ends with the tab or the client."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, list[threading.Event]] = {}

    @contextmanager
    def watch(self, request: gr.Request) -> Iterator[IsGone]:
        """Around the work for a request.

        Args:
            request: Gradio's; one without a session (a bare POST) is never seen to leave.

        Yields:
            Whether its client has left.
        """
        session, left = str(request.session_hash), threading.Event()
        with self._lock:
            self._running.setdefault(session, []).append(left)
        try:
            yield left.is_set
        finally:
            with self._lock:
                self._running[session].remove(left)
                if not self._running[session]:
                    del self._running[session]

    def leave(self, request: gr.Request) -> None:
        """What Gradio calls when a tab is closed or a client ends."""
        with self._lock:
            for left in self._running.get(str(request.session_hash), ()):
                left.set()
