"""Messages in a pipe: as multiprocessing reads them, and no wait for one that stops half-way."""

import multiprocessing
import os
import random
import struct
import threading
import time
from multiprocessing.connection import Connection
from queue import Empty

import pytest

from argus.engine.loading.message_reader import MessageReader

SIZES = [0, 1, 3, 16_384, 16_385, 65_535, 65_536, 65_537, 300_000]


@pytest.fixture
def pipe() -> tuple[Connection, Connection]:
    return multiprocessing.Pipe(duplex=False)


@pytest.mark.parametrize("size", SIZES)
def test_message__of_any_size(pipe: tuple[Connection, Connection], size: int) -> None:
    reader, writer = pipe
    sent = [random.Random(size).randbytes(size), b"the next one"]
    sending = threading.Thread(target=lambda: [writer.send_bytes(message) for message in sent])
    sending.start()
    read = MessageReader(reader, 5.0)
    assert [bytes(read()), bytes(read())] == sent
    sending.join()


def test_message__of_more_than_two_gigabytes_has_a_longer_head(
    pipe: tuple[Connection, Connection],
) -> None:
    reader, writer = pipe
    os.write(writer.fileno(), struct.pack("!i", -1) + struct.pack("!Q", 5) + b"01234" + b"rest")
    assert bytes(MessageReader(reader, 5.0)()) == b"01234"
    assert os.read(reader.fileno(), 100) == b"rest", "nothing of the next one is taken"


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 9])
def test_message__that_stops_half_way_is_gone_on_with(
    pipe: tuple[Connection, Connection], cut: int
) -> None:
    reader, writer = pipe
    whole = struct.pack("!i", 6) + b"012345"
    read = MessageReader(reader, 0.05)
    os.write(writer.fileno(), whole[:cut])
    start = time.monotonic()
    for _ in range(2):
        with pytest.raises(Empty):
            read()
    assert time.monotonic() - start < 2
    os.write(writer.fileno(), whole[cut:])
    assert bytes(read()) == b"012345"


def test_message__whose_sender_has_closed(pipe: tuple[Connection, Connection]) -> None:
    reader, writer = pipe
    os.write(writer.fileno(), struct.pack("!i", 6) + b"01")
    writer.close()
    with pytest.raises(EOFError):
        MessageReader(reader, 5.0)()
