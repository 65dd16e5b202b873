"""The second wall around a model from a file: what its build may not do, whatever it is told.

:mod:`resolve` decides what is built. The libraries' constructors are many, though, and change; so
while one of them runs for a file, registries import nothing, the interpreter refuses to write,
delete, start a process or connect, memory is bounded by the size of the file's tensors, and
whatever goes wrong becomes one sentence.
"""

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import mmengine.registry.registry as mmengine_registry
from mmengine.registry import Registry

from argus.errors import CheckpointError, ConfigError, DataError
from argus.model_config.kinds import KINDS
from argus.model_config.memory import ROOM, bounded_memory, bounded_parameters

# Audit events of the interpreter, or the first part of their names.
_FORBIDDEN = frozenset(
    "os.chmod os.chown os.exec os.fork os.forkpty os.kill os.killpg os.link os.mkdir os.posix_spawn"
    " os.putenv os.remove os.removexattr os.rename os.rmdir os.setxattr os.spawn os.symlink"
    " os.system os.truncate os.unsetenv os.utime os.startfile pickle.find_class pty.spawn"
    " socket.bind socket.connect socket.getaddrinfo socket.gethostbyname socket.sendto"
    " subprocess.Popen webbrowser.open".split()
)
_FORBIDDEN_BELOW = ("shutil.", "ftplib.", "smtplib.", "urllib.", "http.client.", "tempfile.")
_MODEL_REGISTRIES = frozenset(root.name for kind in KINDS for root in kind.registries)

_state = threading.local()
_lock = threading.Lock()
_one_build = threading.RLock()  # the bound on memory is one for all threads
_installed: list[Any] = []


@contextmanager
def names_only() -> Iterator[None]:
    """Within it, registries of this thread find what is registered, and import nothing for a name.

    Of models and their data they find only the classes that a model from a file may name.
    """
    _install()
    before = getattr(_state, "names_only", False)
    _state.names_only = True
    try:
        yield
    finally:
        _state.names_only = before


@contextmanager
def build_enclosed(
    tensors: Mapping[str, Any], *, what: str = "the model", room: int = ROOM
) -> Iterator[None]:
    """Around the build of a model whose config comes from a file.

    Args:
        tensors: Those of the file; they bound the memory.
        room: Bytes beyond three times theirs.
        what: Of what the config is, for messages.

    Raises:
        CheckpointError: For anything that goes wrong, but for messages of Argus's own.
    """
    num_bytes = sum(value.numel() * value.element_size() for value in tensors.values())
    try:
        with (
            _one_build,
            read_config(what),
            _no_effects(),
            bounded_parameters(len(tensors), num_bytes, room=room),
            bounded_memory(num_bytes, room=room),
        ):
            yield
    except (MemoryError, RuntimeError) as error:
        if not _is_of_memory(error):
            raise
        raise CheckpointError(
            f"{what} does not fit its config: building it needs far more memory than its "
            f"{len(tensors)} tensors ({num_bytes / 2**20:.0f} MiB) account for."
        ) from error


@contextmanager
def read_config(what: str = "the model") -> Iterator[None]:
    """Around whatever is read off a config from a file: one sentence if it does not make sense.

    Args:
        what: Of what the config is, for messages.

    Raises:
        CheckpointError: For anything that goes wrong, but for messages of Argus's own, and for want
            of memory.
    """
    try:
        with names_only():
            yield
    except (CheckpointError, ConfigError, DataError):
        raise
    except Exception as error:  # a constructor may raise anything when it gets what does not fit
        if _is_of_memory(error):
            raise
        raise CheckpointError(f"{what} does not fit its config: {_reason(error)}.") from error


@contextmanager
def _no_effects() -> Iterator[None]:
    """Refuse what would change anything outside this process, in this thread."""
    _install()
    refused: list[str] = []
    before, compiled = getattr(_state, "refused", None), sys.dont_write_bytecode
    _state.refused, sys.dont_write_bytecode = refused, True
    try:
        yield
    finally:
        _state.refused, sys.dont_write_bytecode = before, compiled
    # A library may have caught the refusal and gone on.
    if refused:
        raise CheckpointError(_message(refused[0]))


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    refused = getattr(_state, "refused", None)
    if refused is None:
        return
    if event == "open":
        path, mode, flags = arguments
        is_write = any(c in mode for c in "wax+") if isinstance(mode, str) else bool(flags & 0o3)
        if not is_write:
            return
        found = f"writing {path!r:.80}"
    elif event in _FORBIDDEN or event.startswith(_FORBIDDEN_BELOW):
        found = f"{event} {arguments!r:.80}"
    else:
        return
    refused.append(found)
    raise CheckpointError(_message(found))


def _is_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or "memory" in str(error)


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__


def _message(found: str) -> str:
    return f"the model's config would not only build a model, so it is not loaded: {found}."


def _install() -> None:
    """Put the hooks in place, once; they do nothing outside the contexts above."""
    with _lock:
        if _installed:
            return
        original_get, original_import = Registry.get, mmengine_registry.get_object_from_string

        def get(self: Registry, key: str) -> Any:
            found = original_get(self, key)
            is_free = not getattr(_state, "names_only", False)
            if is_free or found is None or self.name not in _MODEL_REGISTRIES:
                return found
            if any(kind.holds(found, ()) for kind in KINDS):
                return found
            raise CheckpointError(f"a model from a file may not use {key!r:.80}.")

        def get_object_from_string(name: str) -> Any:
            return None if getattr(_state, "names_only", False) else original_import(name)

        Registry.get = get
        mmengine_registry.get_object_from_string = get_object_from_string
        sys.addaudithook(_audit)
        _installed.append(True)
