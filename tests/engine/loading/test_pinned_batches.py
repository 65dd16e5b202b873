"""The thread that copies batches to pinned memory, without a GPU: it ends, and may die.

Pinning is the work of the driver; what is tried here is everything around it.
"""

import multiprocessing
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch.utils.data._utils import pin_memory

from argus.datasets.resilient import REPLACED
from argus.engine.loading import watched_loader
from tests.engine.loading.test_watched_loader import (
    Large,
    crash,
    first_batches,
    hang_with_the_lock,
    loader,
    within,
)

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
_pinned: list[torch.Tensor] = []


def threads() -> set[threading.Thread]:
    """Of the loaders, whatever they are called."""
    return {
        thread
        for thread in threading.enumerate()
        if getattr(thread, "_target", None) is not None
        and getattr(thread._target, "__module__", "") == pin_memory.__name__  # type: ignore[attr-defined]
    }


@pytest.fixture(autouse=True)
def with_pinning(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with a GPU, as far as torch's loader asks; pinned is what was copied."""
    monkeypatch.setattr(watched_loader, "_POLL_SECONDS", 0.3)
    monkeypatch.setattr(watched_loader, "_END_SECONDS", 1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch.accelerator, "current_device_index", lambda: 0)
    monkeypatch.setattr(torch.accelerator, "set_device_index", lambda index: None)

    def pin(tensor: torch.Tensor) -> torch.Tensor:
        _pinned.append(tensor.clone())
        return _pinned[-1]

    monkeypatch.setattr(torch.Tensor, "pin_memory", pin)
    _pinned.clear()
    yield
    deadline = time.monotonic() + 20
    while threads():
        assert time.monotonic() < deadline, "a thread stayed"
        time.sleep(0.05)
    assert not multiprocessing.active_children()


@pytest.fixture(scope="module")
def whole() -> list[dict[str, Any]]:
    """The batches, loaded in this process and not pinned."""
    return first_batches(loader({}, num_workers=0))


@pytest.mark.parametrize("num_workers", [0, 2])
def test_batches__are_pinned_and_the_same(whole: list[dict[str, Any]], num_workers: int) -> None:
    assert not _pinned
    assert first_batches(loader({}, num_workers=num_workers)) == whole
    assert len(_pinned) >= 8 * 4


@pytest.mark.parametrize(
    ("fault", "timeout", "words"),
    [
        (crash, 60, "ended the loader process by SIGSEGV"),
        (hang_with_the_lock, 2, r"took more than 2 s \(the key timeout\)"),
    ],
)
def test_training__sample_that_ends_or_stops_its_process(
    whole: list[dict[str, Any]], fault: Callable[[int], None], timeout: float, words: str
) -> None:
    lost = whole[3]["inputs"][1]
    watched = loader({lost: fault}, timeout=timeout)
    found = within(60, lambda: first_batches(watched))
    (message,) = [text for batch in found for text in batch[REPLACED]]
    assert f"sample {lost} " in message and re.search(words, message)
    for expected, batch in zip(whole, found, strict=True):
        for place, number in enumerate(expected["inputs"]):
            assert number == lost or batch["inputs"][place] == number


def test_training__processes_killed_while_they_send(whole: list[dict[str, Any]]) -> None:
    batches = loader({}, kind=Large).iterate()
    found = [next(batches)]
    time.sleep(0.5)
    for process in multiprocessing.active_children():
        process.kill()
    found += within(60, lambda: [next(batches) for _ in range(7)])
    batches.close()
    messages = [message for batch in found for message in batch[REPLACED]]
    assert len(messages) == 1 and "by SIGKILL" in messages[0]
    wrong = sum(a["inputs"] != b["inputs"] for a, b in zip(whole, found, strict=True))
    assert wrong <= 1


@pytest.mark.parametrize("timeout", [60, 0])
def test_training__thread_that_dies_is_started_anew(
    whole: list[dict[str, Any]], timeout: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by the end of a connection, which torch does not look after there."""
    pin = torch.Tensor.pin_memory
    num_calls = []

    def fail_once(tensor: torch.Tensor) -> torch.Tensor:
        num_calls.append(1)
        if len(num_calls) == 10:
            raise KeyboardInterrupt("as a connection that ends")  # which torch lets through
        return pin(tensor)

    monkeypatch.setattr(torch.Tensor, "pin_memory", fail_once)
    watched = loader({}, timeout=timeout)
    started = time.monotonic()
    found = within(60, lambda: first_batches(watched))
    assert time.monotonic() - started < 30, "nobody waits for a thread that is gone"
    (message,) = [text for batch in found for text in batch[REPLACED]]
    assert message == (
        "task 'numbers': no sample: the thread that copies batches to pinned memory ended "
        "(KeyboardInterrupt: as a connection that ends)"
    )
    assert [batch["inputs"] for batch in found] == [batch["inputs"] for batch in whole]


def test_end__does_not_wait_for_the_thread_to_look_up() -> None:
    """It looks for its end every five seconds, unless it is sent something."""
    batches = loader({}).iterate()
    next(batches)
    time.sleep(1)  # until all that is asked for has been sent
    started = time.monotonic()
    batches.close()
    assert time.monotonic() - started < 0.9
    assert not threads()


def test_training__memory_that_cannot_be_pinned_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(tensor: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("CUDA error: out of memory")

    monkeypatch.setattr(torch.Tensor, "pin_memory", fail)
    with pytest.raises(RuntimeError, match="CUDA error: out of memory"):
        first_batches(loader({}))
