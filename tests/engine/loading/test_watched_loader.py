"""Loader processes that die, hang or fail: which sample it was, and what comes in its place."""

import contextlib
import ctypes
import errno
import gc
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import Dataset, get_worker_info
from torch.utils.data._utils import signal_handling

from argus.datasets import resilient
from argus.datasets.resilient import REPLACED, ResilientDataset
from argus.datasets.samplers import TaskSampler
from argus.engine.loading import watched_loader
from argus.engine.loading.fixed_order import FixedOrder
from argus.engine.loading.watched_loader import WatchedLoader
from argus.errors import DataError
from tests.forked import forking, start_forked


def crash(index: int) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave(index: int) -> None:
    os._exit(3)


def leave_by_exception(index: int) -> None:
    sys.exit(3)


def hang(index: int) -> None:
    time.sleep(600)


def hang_with_the_lock(index: int) -> None:
    """As a loop in an extension does, which no other thread of the process gets past."""
    time.sleep(0.2)  # in which what was loaded before is sent
    ctypes.PyDLL(None).sleep(600)


class Numbers(Dataset):
    """Samples are their numbers; some call a function in a loader process first."""

    metainfo = dict(classes=())

    def __init__(self, odd: dict[int, Callable[[int], None]]) -> None:
        self.odd = odd

    def __len__(self) -> int:
        return 50

    def get_data_info(self, index: int) -> dict[str, Any]:
        return dict(img_path=f"pictures/{index}.jpg")

    def __getitem__(self, index: int) -> dict[str, Any]:
        if index in self.odd and get_worker_info() is not None:
            self.odd[index](index)
        return dict(inputs=index, data_samples=torch.rand(()))


class Frozen(Numbers):
    """Samples are how many objects the search for garbage leaves alone."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        return dict(inputs=gc.get_freeze_count(), data_samples=torch.rand(()))


@pytest.fixture(autouse=True)
def short_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched_loader, "_POLL_SECONDS", 0.3)


def loader(
    odd: dict[int, Callable[[int], None]],
    *,
    timeout: float = 60,
    strict: bool = False,
    kind: type[Numbers] = Numbers,
    num_workers: int = 2,
) -> WatchedLoader:
    dataset = ResilientDataset(kind(odd), task="numbers", seed=3, strict=strict)
    sampler = TaskSampler(len(dataset), 4, seed=7, rank=0, world_size=1)

    def begin_at(step: int) -> Any:
        if strict:
            return FixedOrder(range(len(dataset)))
        sampler.set_start(step)
        return sampler

    return WatchedLoader(
        dataset, batch_size=4, num_workers=num_workers, timeout=timeout, make_sampler=begin_at
    )


def first_batches(watched: WatchedLoader, *, start: int = 0, num: int = 8) -> list[dict[str, Any]]:
    batches = watched.iterate(start)
    found = [next(batches) for _ in range(num)]
    batches.close()
    return found


@pytest.mark.parametrize(
    ("fault", "timeout", "words"),
    [
        (crash, 60, "ended the loader process by SIGSEGV"),
        (leave, 60, "ended the loader process with status 3"),
        (leave_by_exception, 60, "ended the loader process with status 3"),
        (hang, 2, r"took more than 2 s \(the key timeout\)"),
        (hang_with_the_lock, 2, r"took more than 2 s \(the key timeout\)"),
    ],
)
def test_training__one_sample_is_replaced_and_all_others_stay(
    fault: Callable[[int], None], timeout: float, words: str
) -> None:
    whole = first_batches(loader({}))
    drawn = [number for batch in whole for number in batch["inputs"]]
    lost = drawn[13]
    found = first_batches(loader({lost: fault}, timeout=timeout))
    assert sum(len(batch[REPLACED]) for batch in found) == 1
    (message,) = found[3][REPLACED]
    assert message.startswith(f"task 'numbers': sample {lost} (pictures/{lost}.jpg): ")
    assert re.search(words, message)
    for number, (expected, batch) in enumerate(zip(whole, found, strict=True)):
        for place in range(4):
            if (number, place) != (3, 1):
                assert batch["inputs"][place] == expected["inputs"][place]
                assert batch["data_samples"][place] == expected["data_samples"][place]
    assert found[3]["inputs"][1] != lost


def test_memory__of_the_training_is_not_written_to_by_a_search_for_garbage() -> None:
    (batch,) = first_batches(loader({}, kind=Frozen), num=1)
    assert min(batch["inputs"]) > gc.get_freeze_count()


def test_training__a_substitute_that_is_bad_too_is_replaced_in_turn() -> None:
    drawn = [n for batch in first_batches(loader({})) for n in batch["inputs"]]
    first = first_batches(loader({drawn[5]: leave}))[1]["inputs"][1]
    found = first_batches(loader({drawn[5]: leave, first: leave}), num=2)[1]
    assert len(found[REPLACED]) == 2
    assert found["inputs"][1] not in (drawn[5], first)


def end_a_process() -> None:
    """As the system does for want of memory; it waits for a batch to be taken."""
    time.sleep(0.5)
    multiprocessing.active_children()[0].kill()


def test_training__a_process_that_ends_between_samples_is_counted_and_replaced() -> None:
    whole = first_batches(loader({}))
    batches = loader({}).iterate()
    found = [next(batches)]
    end_a_process()
    found += [next(batches) for _ in range(7)]
    batches.close()
    messages = [message for batch in found for message in batch[REPLACED]]
    assert messages == ["task 'numbers': no sample: the loader process ended by SIGKILL"]
    assert [batch["inputs"] for batch in found] == [batch["inputs"] for batch in whole]


class Large(Numbers):
    """Samples of more bytes than a pipe holds: a process waits in the midst of sending one."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        return super().__getitem__(index) | dict(data_samples=bytes([index]) * 2**20)


def within(seconds: float, function: Callable[[], Any]) -> Any:
    """The result of a function that may hang; then the test fails."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(function()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert found, "it hangs"
    return found[0]


@pytest.mark.parametrize("num_workers", [1, 2])
def test_training__processes_killed_while_they_send_are_replaced(num_workers: int) -> None:
    whole = first_batches(loader({}, kind=Large), num=4)
    batches = loader({}, kind=Large, num_workers=num_workers).iterate()
    found = [next(batches)]
    time.sleep(0.5)  # until the pipe is full
    for process in multiprocessing.active_children():
        process.kill()
    found += within(60, lambda: [next(batches) for _ in range(3)])
    batches.close()
    messages = [message for batch in found for message in batch[REPLACED]]
    assert len(messages) == 1 and "by SIGKILL" in messages[0]
    lost = int(re.findall(r"sample (\d+) ", messages[0])[0]) if "pictures" in messages[0] else None
    for expected, batch in zip(whole, found, strict=True):
        for place, number in enumerate(expected["inputs"]):
            if number != lost:
                assert batch["inputs"][place] == number
                assert batch["data_samples"][place] == bytes([number]) * 2**20


def test_training__process_that_hangs_before_its_tensors_were_fetched() -> None:
    whole = first_batches(loader({}), num=4)
    lost = whole[2]["inputs"][0]  # of the process that has sent the first batch by then
    batches = loader({lost: hang_with_the_lock}, timeout=2).iterate()
    time.sleep(0.5)
    found = within(60, lambda: [next(batches) for _ in range(4)])
    batches.close()
    messages = [message for batch in found for message in batch[REPLACED]]
    assert len(messages) == 1 and f"sample {lost} " in messages[0]
    assert "took more than 2 s" in messages[0]
    for number in (0, 1, 3):
        assert found[number] == whole[number]


def test_evaluation__with_a_process_killed_while_it_sends_ends_with_a_sentence() -> None:
    batches = loader({}, kind=Large, num_workers=1, strict=True).iterate()
    next(batches)
    time.sleep(0.5)
    multiprocessing.active_children()[0].kill()

    def fails() -> DataError:
        with pytest.raises(DataError) as caught:
            list(batches)
        return caught.value

    assert "SIGKILL" in str(within(60, fails))


def end_with_the_event(index: int) -> None:
    """As a process that is killed in the moment in which it looks whether the loader has ended."""
    frame = sys._getframe()
    while frame.f_code.co_name != "_worker_loop":
        assert frame.f_back is not None
        frame = frame.f_back
    frame.f_locals["done_event"]._cond.acquire()
    crash(index)


def test_training__process_killed_with_the_lock_of_the_loaders_end() -> None:
    drawn = [number for batch in first_batches(loader({})) for number in batch["inputs"]]
    watched = loader({drawn[5]: end_with_the_event})
    found = within(60, lambda: first_batches(watched))
    messages = [message for batch in found for message in batch[REPLACED]]
    assert len(messages) == 1 and f"sample {drawn[5]} " in messages[0]


def test_training__processes_that_always_end_are_not_started_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watched_loader._Start, "__call__", lambda self, worker: os._exit(1))
    with pytest.raises(DataError, match=r"task 'numbers': .* no sample \(.* status 1\).*num_work"):
        next(loader({}).iterate())


def test_training__that_waits_can_be_ended() -> None:
    def end() -> None:
        raise KeyboardInterrupt

    drawn = [n for batch in first_batches(loader({})) for n in batch["inputs"]]
    with pytest.raises(KeyboardInterrupt):
        next(loader({drawn[0]: hang}).iterate(while_waiting=end))
    assert not multiprocessing.active_children()


def test_processes__leave_no_folders_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = multiprocessing.process.current_process()
    config = {key: value for key, value in process._config.items() if key != "tempdir"}
    monkeypatch.setattr(process, "_config", config)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for _ in range(2):
        first_batches(loader({}), num=3)
    assert len(list(tmp_path.glob("pymp-*"))) == 1, "that of the training, which it removes"


def test_training__in_a_thread() -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.extend(first_batches(loader({}))))
    thread.start()
    thread.join()
    assert found == first_batches(loader({}))


def test_training__begins_at_any_batch() -> None:
    whole = first_batches(loader({}))
    assert first_batches(loader({}), start=3, num=5) == whole[3:]


@pytest.mark.parametrize(("fault", "timeout"), [(crash, 60), (hang, 1)])
def test_evaluation__ends_with_the_name_of_the_sample(
    fault: Callable[[int], None], timeout: float
) -> None:
    batches = loader({6: fault}, timeout=timeout, strict=True).iterate()
    assert next(batches)["inputs"] == [0, 1, 2, 3]
    with pytest.raises(DataError, match=r"sample 6 \(pictures/6.jpg\): loading it .*\n.*left out"):
        next(batches)


def test_evaluation__error_of_a_process_has_no_traceback_in_its_text() -> None:
    def broken(index: int) -> None:
        raise DataError("a bad file")

    with pytest.raises(DataError) as caught:
        list(loader({9: broken}, strict=True).iterate())
    first, second = str(caught.value).splitlines()
    assert first == "task 'numbers': sample 9 (pictures/9.jpg): a bad file"
    assert "Traceback" not in second


class Unsteady(Numbers):
    """A file system that refuses some reads."""

    def __init__(self, error: Exception, num_failures: int) -> None:
        super().__init__({})
        self.error = error
        self.failures = num_failures
        self.num_tries = 0

    def __getitem__(self, index: int) -> dict[str, Any]:
        self.num_tries += 1
        if index == 0 and self.failures:
            self.failures -= 1
            raise self.error
        return super().__getitem__(index)


def wrapped(error: OSError) -> DataError:
    """As the transforms of Argus raise it."""
    outer = DataError("pictures/0.jpg: cannot be read")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize("wrap", [lambda error: error, wrapped])
def test_read__that_fails_for_a_moment_is_tried_again(
    wrap: Callable[[OSError], Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(resilient.time, "sleep", waits.append)
    steady = Unsteady(wrap(OSError(errno.ESTALE, "Stale file handle")), 2)
    sample = ResilientDataset(steady, task="a", seed=0)[0]
    assert sample["inputs"] == 0 and not sample[REPLACED]
    assert waits == [0.5, 1.0]


def test_read__that_goes_on_failing_is_a_bad_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(resilient.time, "sleep", waits.append)
    dataset = Unsteady(OSError(errno.EIO, "Input/output error"), 100)
    sample = ResilientDataset(dataset, task="a", seed=0)[0]
    assert "Input/output error" in sample[REPLACED][0]
    assert waits == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file"),
        PermissionError(errno.EACCES, "Permission denied"),
        OSError("image file is truncated"),  # Pillow's
        ValueError("bad"),
    ],
)
def test_read__that_can_never_succeed_is_not_tried_again(error: Exception) -> None:
    dataset = Unsteady(error, 100)
    assert len(ResilientDataset(dataset, task="a", seed=0)[0][REPLACED]) == 1
    assert dataset.num_tries == 2  # the sample and its substitute


def read_and_wait(pipe: Connection) -> None:
    """Send the numbers of the loader processes after a batch, and wait for the end."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has all that it starts ignore it
    dataset = ResilientDataset(Large({}), task="a", seed=0)
    sampler = TaskSampler(10, 2, seed=0, rank=0, world_size=1)
    batches = WatchedLoader(
        dataset, batch_size=2, num_workers=2, timeout=9, make_sampler=lambda start: sampler
    ).iterate()
    next(batches)
    pipe.send([process.pid for process in multiprocessing.active_children()])
    time.sleep(60)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread of the process looks")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP])
def test_processes__end_with_the_training_whatever_ends_it(number: signal.Signals) -> None:
    ours, theirs = forking().Pipe()
    training = start_forked(read_and_wait, theirs)
    assert ours.poll(120)
    workers = ours.recv()
    assert len(workers) == 2 and training.pid is not None
    os.kill(training.pid, number)
    training.join(60)
    assert training.exitcode == -number
    deadline = time.monotonic() + 30  # of a busy machine
    while any(Path(f"/proc/{worker}/status").exists() for worker in workers):
        assert time.monotonic() < deadline, "a loader process stayed"
        time.sleep(0.05)


@pytest.fixture
def handler_of_torch() -> Iterator[None]:
    """A loader of somebody else has installed torch's handler of dying children."""
    before = signal.getsignal(signal.SIGCHLD)
    signal_handling._SIGCHLD_handler_set = False
    signal_handling._set_SIGCHLD_handler()
    assert signal.getsignal(signal.SIGCHLD) is not before
    yield
    signal.signal(signal.SIGCHLD, before)
    signal_handling._SIGCHLD_handler_set = False


@pytest.mark.usefixtures("handler_of_torch")
def test_end__beside_a_loader_of_torch() -> None:
    """Its handler raises in the midst of anything when a process dies that torch knows of."""
    for _ in range(3):
        first_batches(loader({}), num=1)


@pytest.mark.usefixtures("handler_of_torch")
def test_training__a_crash_beside_a_loader_of_torch() -> None:
    lost = first_batches(loader({}), num=2)[1]["inputs"][2]
    (message,) = first_batches(loader({lost: crash}), num=2)[1][REPLACED]
    assert f"pictures/{lost}.jpg" in message


@pytest.mark.usefixtures("handler_of_torch")
def test_training__a_process_that_ends_while_the_others_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Torch knows of it by then, and asks it for batches."""
    original = signal_handling._set_worker_pids

    def set_and_wait(key: int, pids: tuple[int, ...]) -> None:
        original(key, pids)
        for process in multiprocessing.active_children():
            process.join(10)

    monkeypatch.setattr(signal_handling, "_set_worker_pids", set_and_wait)
    monkeypatch.setattr(watched_loader._Start, "__call__", lambda self, worker: os._exit(1))
    with pytest.raises(DataError, match="no sample"):
        next(loader({}).iterate())
    assert signal_handling._SIGCHLD_handler_set


def test_iterator_of_torch__is_gone_when_its_processes_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process forked later would end it, and say that it cannot."""
    made: list[weakref.ref[Any]] = []
    original = WatchedLoader._start

    def start(self: WatchedLoader, number: int) -> Any:
        batches = original(self, number)
        made.append(weakref.ref(batches))
        return batches

    monkeypatch.setattr(WatchedLoader, "_start", start)
    gc.disable()
    try:
        numbers = loader({}, num_workers=1)
        with contextlib.closing(numbers.iterate()) as batches:
            next(batches)
        assert len(made) == 1 and made[0]() is None
    finally:
        gc.enable()
