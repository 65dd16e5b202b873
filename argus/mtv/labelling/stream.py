"""Pictures on their way through labellers: threads decode and encode, models get full batches.

Which pictures are in a batch is a function of the shard and the batch sizes alone, never of which
thread was faster, so that the same shard gets the same labels to the last bit.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar

from argus.errors import DataError
from argus.mtv.labelling.labeller import Labeller, Labels, Outcome, Picture

PICTURE = "picture"
WINDOW = 8
"""Batches of pictures that may be on their way: one of a rare shape waits for others no longer."""
_AHEAD = 2  # pictures that are decoded ahead, for each thread

T = TypeVar("T")
_Answer = Labels | DataError | Future[Labels | DataError]


class _Entry:
    """A picture on its way."""

    def __init__(self, failure: DataError | None, labellers: Sequence[Labeller]) -> None:
        self.failure = failure
        self.names = [labeller.name for labeller in labellers]
        self.answers: list[_Answer | None] = [None] * len(labellers)

    def is_answered(self) -> bool:
        return self.failure is not None or None not in self.answers

    def outcome(self) -> Outcome:
        if self.failure is not None:
            return {PICTURE: self.failure}
        return {
            name: answer.result() if isinstance(answer, Future) else answer  # type: ignore[misc]
            for name, answer in zip(self.names, self.answers, strict=True)
        }


class _Batches:
    """Pictures that wait for their labeller, by bucket."""

    def __init__(
        self, labeller: Labeller, place: int, pool: Executor, alive: Callable[[], None]
    ) -> None:
        self.labeller, self.place, self.pool, self.alive = labeller, place, pool, alive
        self.waiting: dict[Hashable, list[tuple[_Entry, Any]]] = {}
        self.bucket_of: dict[int, Hashable] = {}

    def add(self, entry: _Entry, prepared: Any) -> None:
        if isinstance(prepared, DataError):
            entry.answers[self.place] = prepared
            return
        bucket = self.labeller.bucket(prepared)
        self.bucket_of[id(entry)] = bucket
        own = self.waiting.setdefault(bucket, [])
        own.append((entry, prepared))
        if len(own) == self.labeller.batch_size:
            self._run(bucket)

    def flush(self, entry: _Entry) -> None:
        """Label a picture now, with those that wait in its bucket."""
        if id(entry) in self.bucket_of:
            self._run(self.bucket_of[id(entry)])

    def _run(self, bucket: Hashable) -> None:
        own = self.waiting.pop(bucket)
        answers = self.labeller.label([prepared for _, prepared in own])
        self.alive()
        assert len(answers) == len(own), (self.labeller.name, len(answers), len(own))
        for (entry, _), answer in zip(own, answers, strict=True):
            del self.bucket_of[id(entry)]
            is_fault = isinstance(answer, DataError)
            entry.answers[self.place] = (
                answer if is_fault else self.pool.submit(_or_error, self.labeller.finish, answer)
            )


def labelled(
    read: Callable[[int], Picture],
    number: int,
    labellers: Sequence[Labeller],
    *,
    threads: int,
    alive: Callable[[], None] = lambda: None,
) -> Iterator[Outcome]:
    """What labellers find in pictures, in the order of the pictures.

    Args:
        read: The picture of a number; a ``DataError`` says that it cannot be read. Called in
            several threads at once.
        number: Of pictures.
        labellers: Each sees every picture that can be read.
        threads: For everything but the models.
        alive: Called after every batch.
    """
    window = WINDOW * max((labeller.batch_size for labeller in labellers), default=1)
    with ThreadPoolExecutor(threads) as pool:

        def prepared(index: int) -> DataError | list[Any]:
            picture = _or_error(read, index)
            if isinstance(picture, DataError):
                return picture
            return [_or_error(labeller.prepare, picture) for labeller in labellers]

        batches = [
            _Batches(labeller, place, pool, alive) for place, labeller in enumerate(labellers)
        ]
        waiting: deque[_Entry] = deque()
        for found in _ahead(pool, prepared, number, _AHEAD * threads):
            failure = found if isinstance(found, DataError) else None
            entry = _Entry(failure, labellers)
            waiting.append(entry)
            for own, item in zip(batches, found if isinstance(found, list) else (), strict=False):
                own.add(entry, item)
            if len(waiting) > window:
                _flush(batches, waiting[0])
            while waiting and waiting[0].is_answered():
                yield waiting.popleft().outcome()
        while waiting:
            _flush(batches, waiting[0])
            yield waiting.popleft().outcome()


def _flush(batches: Sequence[_Batches], entry: _Entry) -> None:
    for own in batches:
        own.flush(entry)


def _or_error(function: Callable[[Any], T], argument: Any) -> T | DataError:
    try:
        return function(argument)
    except DataError as error:
        return error
    except (OSError, MemoryError, AssertionError):
        raise
    except Exception as error:  # noqa: BLE001 - one odd picture would end every worker in turn
        return DataError(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")


def _ahead(pool: Executor, function: Callable[[int], T], number: int, most: int) -> Iterator[T]:
    """Values of a function for 0, 1, ..., computed by threads some steps ahead."""
    waiting: deque[Future[T]] = deque()
    try:
        for index in range(number):
            waiting.append(pool.submit(function, index))
            if len(waiting) > most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
