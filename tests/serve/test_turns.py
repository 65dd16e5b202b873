"""Waiting for a turn: in which order, how long, and for whom."""

import threading
import time
from collections.abc import Iterator

import pytest

from argus.serve.turns import BusyError, GoneError, Turns


def stays() -> bool:
    return False


@pytest.fixture
def turns() -> Turns:
    return Turns(max_waiting=4, max_wait_seconds=10)


@pytest.fixture
def busy(turns: Turns) -> Iterator[None]:
    """Somebody else's turn lasts for the whole test."""
    with turns.place() as wait:
        wait(stays)
        yield


def test_wait__in_the_order_of_arrival(turns: Turns) -> None:
    running, order = threading.Semaphore(), []

    def ask(number: int) -> None:
        with turns.place() as wait:
            wait(stays)
            assert running.acquire(blocking=False)  # one at a time
            order.append(number)
            running.release()

    with turns.place() as wait:
        wait(stays)
        threads = [threading.Thread(target=ask, args=[number]) for number in range(3)]
        for place, thread in enumerate(threads, 2):
            thread.start()
            while len(turns) < place:
                time.sleep(0.001)
        with pytest.raises(BusyError, match="4 requests wait already"), turns.place():
            pass
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2] and len(turns) == 0


@pytest.mark.usefixtures("busy")
def test_wait__turn_does_not_come(turns: Turns) -> None:
    turns.max_wait_seconds = 0.05
    with pytest.raises(BusyError, match=r"did not come within 0\.05 s"), turns.place() as wait:
        wait(stays)
    assert len(turns) == 1


@pytest.mark.usefixtures("busy")
def test_wait__client_leaves_the_line(turns: Turns) -> None:
    with pytest.raises(GoneError, match="left while it waited"), turns.place() as wait:
        wait(lambda: True)
    assert len(turns) == 1


def test_wait__client_left_before_its_turn(turns: Turns) -> None:
    with pytest.raises(GoneError, match="left before its turn"), turns.place() as wait:
        wait(lambda: True)
    assert len(turns) == 0
