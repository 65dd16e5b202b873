"""The search in a process of its own, whose memory is free again whatever became of it."""

import multiprocessing
import pickle
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from argus.engine.auto_batch.find import Found, find
from argus.errors import CheckpointError, ConfigError, DataError
from argus.libraries.importing import import_libraries
from argus.safe_load import allow_unpickling

_OF_USER = (ConfigError, DataError, CheckpointError)


def find_in_process(config: Config, *, unsafe_pickle: Sequence[str] = ()) -> Found:
    """As :func:`~argus.engine.auto_batch.find.find`.

    Args:
        config: Of the training.
        unsafe_pickle: Files that may be unpickled.

    Raises:
        ConfigError: As there; or the process ended without an answer.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    words = (pickle.dumps(config), list(unsafe_pickle), there)
    process = context.Process(target=_answer, args=words)
    process.start()
    there.close()
    try:
        answer = here.recv()
    except EOFError:
        answer = None
    process.join()
    if isinstance(answer, Found):
        return answer
    if isinstance(answer, BaseException):
        raise answer
    raise ConfigError(
        f"--auto-batch: the process that tried batches ended (status {process.exitcode}), as if "
        "the machine had no memory left. Set batch_size yourself, and leave out --auto-batch."
    )


def _answer(pickled: bytes, unsafe_pickle: Sequence[str], connection: Connection) -> None:
    try:
        import_libraries()
        allow_unpickling(unsafe_pickle)
        config = pickle.loads(pickled)  # noqa: S301 - of the process that started this one
        import_modules_from_strings(**(config.get("custom_imports") or dict(imports=[])))
        answer: Any = find(config)
    except _OF_USER as error:
        answer = type(error)(str(error))
    except Exception as error:  # noqa: BLE001 - it is raised in the other process
        answer = RuntimeError(f"--auto-batch: {type(error).__name__}: {error}")
    connection.send(answer)
    connection.close()
