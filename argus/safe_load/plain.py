"""Unpickle plain values: containers, numbers, texts, bytes and arrays; no class of a file is made.

What data sets keep in pickles needs no more. NumPy's own reconstruction is not used: the state of a
``dtype`` may claim that bytes are pointers. The unpickler in Python is the one whose instructions
can be replaced, several times slower than that in C.
"""

import math
import pickle
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

# A text of no length takes the memory of one of a letter, and has no bytes to compare with.
_NUMBERS = re.compile(r"[<>|=]?([biufc]\d{1,2}|[SU][1-9]\d{0,5}|[?bBhHiIlLqQefdgFD])")
_OBJECT = ("O", "O8", "|O", "|O8")


class NotPlain(Exception):
    """A pickle that holds something else; the text says what."""


class _Dtype:
    """What a pickle says of the type of an array, before it is one."""

    def __init__(self, name: Any, *_: Any) -> None:
        self.name = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)
        self.order = ""

    def real(self) -> np.dtype[Any]:
        if self.name in _OBJECT:
            return np.dtype(object)
        if not _NUMBERS.fullmatch(self.order + self.name):
            raise NotPlain(f"an array of {self.name[:40]!r}")
        return np.dtype(self.order + self.name)

    def set_state(self, state: Any) -> None:
        """Take the byte order of ``(version, order, subtype, names, fields, ...)``."""
        if not isinstance(state, tuple) or len(state) < 5 or any(state[2:5]):
            raise NotPlain("an array of records")
        order = state[1].decode("ascii") if isinstance(state[1], bytes) else state[1]
        self.order = order if order in ("<", ">") and self.name[:1] not in "<>|=" else ""


def _array(shape: Any, dtype: Any, values: Any, *, fortran: bool) -> np.ndarray:
    """An array of its bytes, or of a list of its objects."""
    kind = dtype.real() if isinstance(dtype, _Dtype) else None
    if kind is None or not isinstance(shape, tuple):
        raise NotPlain("an array that is none")
    if isinstance(values, str):  # bytes of Python 2
        values = values.encode("latin1")
    flat: np.ndarray
    if kind.hasobject and isinstance(values, list):
        flat = np.empty(len(values), object)
        flat[:] = values
    elif not kind.hasobject and isinstance(values, (bytes, bytearray)):
        if len(values) != math.prod(shape) * kind.itemsize:
            raise NotPlain("an array whose shape and bytes differ")
        flat = np.frombuffer(bytearray(values), kind)
    else:
        raise NotPlain("an array whose type and values differ")
    return flat.reshape(shape, order="F" if fortran else "C")


class _NewArray:
    """``numpy.core.multiarray._reconstruct``: the array is made when its state follows."""

    def __init__(self, *_: Any) -> None:
        self.array: np.ndarray | None = None


def _from_buffer(buffer: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    return _array(shape, dtype, buffer, fortran=order == "F")


def _scalar(dtype: Any, value: Any = b"") -> Any:
    return _array((), dtype, value, fortran=False)[()]


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    """``_codecs.encode``, by which protocol 2 writes bytes."""
    if not isinstance(text, str) or encoding != "latin1":
        raise NotPlain(f"a text in the encoding {encoding!r:.40}")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    """``bytes``, by which protocol 2 writes none of them; of a number it would take the memory."""
    return b""


def _class_of_arrays() -> Any:
    raise NotPlain("a class where a value belongs")


_NUMPY: dict[str, Callable[..., Any]] = {
    "dtype": _Dtype,
    "ndarray": _class_of_arrays,
    **dict.fromkeys(("core.multiarray._reconstruct", "_core.multiarray._reconstruct"), _NewArray),
    **dict.fromkeys(("core.multiarray.scalar", "_core.multiarray.scalar"), _scalar),
    **dict.fromkeys(("core.numeric._frombuffer", "_core.numeric._frombuffer"), _from_buffer),
}
_ALLOWED: dict[str, Callable[..., Any]] = {
    **{f"numpy.{name}": value for name, value in _NUMPY.items()},
    "_codecs.encode": _encode,
    "builtins.bytes": _no_bytes,
    "builtins.complex": complex,
    "builtins.frozenset": frozenset,
    "builtins.set": set,
    "collections.OrderedDict": OrderedDict,
}


def _array_of(get: Callable[[Any], None]) -> Callable[[Any], None]:
    """An instruction that takes a value from the memo: the array in place of its announcement."""

    def load(unpickler: Any) -> None:
        get(unpickler)
        if isinstance(unpickler.stack[-1], _NewArray):
            unpickler.stack[-1] = unpickler.stack[-1].array

    return load


# Private, but there since Python 3.0; it is what the C code falls back to.
_Unpickler: Any = pickle._Unpickler  # type: ignore[attr-defined]


class _PlainUnpickler(_Unpickler):
    dispatch = dict(_Unpickler.dispatch)

    def find_class(self, module: str, name: str) -> Any:
        module = {"__builtin__": "builtins"}.get(module, module)
        if f"{module}.{name}" not in _ALLOWED:
            raise NotPlain(f"{module}.{name}"[:200])
        return _ALLOWED[f"{module}.{name}"]

    def get_extension(self, code: int) -> Any:
        raise NotPlain("a class by its number")

    def load_build(self) -> None:
        """Give the object before it on the stack its state: that of arrays alone."""
        state = self.stack.pop()
        made = self.stack[-1]
        if isinstance(made, _Dtype):
            made.set_state(state)
        elif isinstance(made, _NewArray) and isinstance(state, tuple) and len(state) == 5:
            _, shape, dtype, fortran, values = state
            made.array = self.stack[-1] = _array(shape, dtype, values, fortran=bool(fortran))
        else:
            raise NotPlain(f"an object with a state ({type(made).__name__})")

    dispatch[pickle.BUILD[0]] = load_build
    for code in (pickle.GET, pickle.BINGET, pickle.LONG_BINGET):
        dispatch[code[0]] = _array_of(dispatch[code[0]])
    # It would take the memory that a file names before it reads.
    dispatch[pickle.BYTEARRAY8[0]] = _Unpickler.load_binbytes8


def read_plain(file: BinaryIO, **options: Any) -> Any:
    """Unpickle plain values from where a file is read next; it is left behind them.

    Args:
        file: Open for reading.
        options: As of ``pickle.load``.

    Raises:
        NotPlain: It holds something else, or is no pickle; nothing of it has been called.
    """
    try:
        return _PlainUnpickler(file, **options).load()
    except (NotPlain, OSError):
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything in the unpickler
        raise NotPlain(f"no whole pickle ({type(error).__name__})") from error
