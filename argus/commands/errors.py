"""How a command ends: mistakes as one message, its exit status, the way out of a process group."""

import contextlib
import errno
import gc
import importlib.util
import io
import logging
import os
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import argus
from argus.env import MMPOSE
from argus.errors import TrainingStopped
from argus.names.printable import printable
from argus.processes.stop_signals import STOPPED

_PACKAGE = str(Path(argus.__file__).resolve().parent)
_PIPE_CLOSED = 141  # the shell's number for SIGPIPE
_LAUNCHER_SECONDS = 5  # within which a launcher ends the processes that are left
_FULL = (errno.ENOSPC, errno.EDQUOT)
_BUILD = os.path.join("mmengine", "registry", "build_functions.py")


@contextlib.contextmanager
def user_errors(*, saved: str = "checkpoints") -> Iterator[None]:
    """Show the errors that a user can mend as one message, without a traceback; exit with 2.

    Ctrl-C ends with the shell's 130, a training that was asked to stop with :data:`STOPPED`. Other
    errors keep their traceback and end with 1. The process group, if there is one, is left at the
    end.

    Args:
        saved: What the command saves as it goes, for who interrupts it.
    """
    rank = os.environ.get("RANK", "0")
    prefix = "" if rank == "0" else f"[rank {rank}] "
    _print_any_letter()
    try:
        yield
    except KeyboardInterrupt as error:
        if rank == "0":
            print(f"\ninterrupted; {saved} that were saved are whole", file=sys.stderr)
        _exit_at_once_in_group(130)
        raise SystemExit(130) from error
    except BrokenPipeError as error:
        # Who reads the output, such as `head`, has enough of it. The interpreter would write the
        # rest of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _exit_at_once_in_group(_PIPE_CLOSED)
        raise SystemExit(_PIPE_CLOSED) from error
    except TrainingStopped as stopped:
        if rank == "0":
            print(f"\n{stopped}", file=sys.stderr)
        _exit_at_once_in_group(STOPPED)
        raise SystemExit(STOPPED) from stopped
    except Exception as error:
        message = _message(error, saved)
        if message is None:
            if _in_process_group():
                _await_the_end(error)
                print(f"\n{prefix}{traceback.format_exc()}", file=sys.stderr)
            _exit_at_once_in_group(1)
            raise
        _leave_it_to_the_first()
        print(f"\n{prefix}{printable(message, lines=True)}", file=sys.stderr)
        _exit_at_once_in_group(2)
        raise SystemExit(2) from error
    _leave_process_group()


def _print_any_letter() -> None:
    """Let names with letters that the terminal has not be written as codes: errors are anyway."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _message(error: Exception, saved: str) -> str | None:
    """What to tell the user; ``None`` for an error that only its traceback explains."""
    if isinstance(error, OSError) and error.errno in _FULL:
        place = f" ({error.filename})" if error.filename else ""
        return (
            f"the disk is full{place}: {error.strerror}. Make room there and call it again; "
            f"{saved} that were saved are whole."
        )
    if isinstance(error, ModuleNotFoundError):
        return _missing_package(error)
    if isinstance(error, (ValueError, TypeError)) and _is_users(error):
        kind = type(error).__name__
        name = kind if type(error).__module__.startswith("argus") else "ConfigError"
        return f"{name}: {error}"
    return None


def _missing_package(error: ModuleNotFoundError) -> str | None:
    """A package that is not installed; one that is and lacks a module is another matter."""
    package = (error.name or "").split(".")[0]
    if not package or importlib.util.find_spec(package) is not None:
        return None
    root = Path(_PACKAGE).parent
    activate = root / ".venv" / "bin" / "activate"
    remedy = f"run `make install` in {root}"
    if not (root / "Makefile").is_file():
        # Not a clone but an installed package, whose metadata asks for all others.
        wanted = f"--no-deps {MMPOSE}" if package == "mmpose" else package
        return (
            f"the package {package!r} is not installed for {sys.executable}: run "
            f"`{sys.executable} -m pip install {wanted}`."
        )
    if Path(sys.prefix) == root / ".venv":
        remedy += " again, or install the package there"
    elif activate.is_file():
        remedy = f"run `source {activate}` first"
    else:
        remedy += " and `source .venv/bin/activate` after it"
    return f"the package {package!r} is not installed for {sys.executable}: {remedy}."


def _is_users(error: BaseException) -> bool:
    """Whether Argus raised it, or it is a wrong argument of a part that a config names.

    ``argus.layers`` raises plain ValueErrors; a wrong keyword fails where mmengine's registry calls
    the constructor.
    """
    if type(error).__module__.startswith("argus"):
        return True
    frames = traceback.extract_tb(error.__traceback__)
    file = frames[-1].filename if frames else ""
    if isinstance(error, TypeError):
        return file.endswith(_BUILD) and "unexpected keyword argument" in str(error)
    return file.startswith(_PACKAGE)


def _in_process_group() -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and torch.distributed.is_initialized()


def _leave_process_group() -> None:
    """Wait for the others, then end the group and this process.

    What holds the group or worker processes (DDP, loaders) has to go first; the caller has no
    reference to it any more.
    """
    if _in_process_group():
        import torch.distributed as dist

        from argus.engine.loading.watched_loader import end_loader_processes

        # Collected with its queues, a loader could not tell its processes to end, and would wait
        # five seconds for each.
        end_loader_processes()
        gc.collect()
        dist.barrier()
        dist.destroy_process_group()
        _exit_at_once(0)


def _exit_at_once_in_group(status: int) -> None:
    """End a process of a group after an error: the others may wait in a collective."""
    if _in_process_group():
        _exit_at_once(status)


def _leave_it_to_the_first() -> None:
    """Wait to be ended by the launcher, if this is not the first process of its machine.

    A mistake in a config is met by all of them, and one message is enough: the first one says it.
    Only if that is still at work afterwards, the mistake is of this process alone.
    """
    names = ("LOCAL_RANK", "SLURM_LOCALID", "OMPI_COMM_WORLD_LOCAL_RANK")
    if next((os.environ[name] for name in names if name in os.environ), "0") != "0":
        time.sleep(_LAUNCHER_SECONDS)


def _await_the_end(error: Exception) -> None:
    """Wait to be ended by the launcher if another process has ended and so broke this one's call.

    That process says why itself; this one's traceback would bury its message.
    """
    import torch.distributed as dist

    if isinstance(error, dist.DistBackendError) or "/gloo/" in str(error):
        time.sleep(_LAUNCHER_SECONDS)


def _exit_at_once(status: int) -> None:
    """End the process without the interpreter's tear-down.

    Threads of the group's native code may still run there, and the tear-down aborts on them now and
    then: a run that has finished would be reported as failed. Loader processes would hold the
    console for some seconds.
    """
    from argus.engine.loading.watched_loader import end_loader_processes

    end_loader_processes()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
