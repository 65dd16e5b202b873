"""Values in a model's config: what is left out, and what is refused.

The constructors of the libraries do more with their arguments than build: they read a file that one
names, look a word up among everything that can be imported, or evaluate it. So what builds a model
is numbers, words and classes, and no argument of it names a place.
"""

import re
from pathlib import PurePath
from typing import Any

from argus.errors import CheckpointError

MAX_DEPTH = 40
MAX_LENGTH = 100_000
MAX_NUMBER = 1_000_000
# How weights begin; those of the file come after, so it is None.
INITIALISATION = "init_cfg"
_WORD = re.compile(r"\w[\w +-]{0,99}|", re.ASCII)
_SCOPE = re.compile(r"_\w*|lazy_import|custom_imports")
_PLACE = re.compile(
    r"(\w+_)?(path|file|filename|url|dir|checkpoint|ckpt|pretrained|download|hub|cmd|command"
    r"|teacher_config|student_cfg|backend_args|file_client_args)"
)
_SWITCH = re.compile(r"(\w+_)?(pretrained|download)")
# Of data sets and metrics, which read by right, but write and fetch nothing.
_OUTPUT = re.compile(
    r"format_only|(\w+_)?(outfile|out_file|output|out)_(prefix|path|file|dir)|collect_dir|from_file"
    r"|dump\w*|save\w*|download|log_file|backend_args|file_client_args"
)
_PROGRAM = re.compile(r"\.(pkl|pickle|py[cdo]?|ya?ml|np[yz]|pth?|ckpt|so)$", re.IGNORECASE)
# A preprocessor pads pictures to it.
_SIDE = re.compile(r"(\w+_)?(size|divisor|shape)")
MAX_SIDE = 8_192
_LIMITS = {"num_workers": 64, "batch_size": 4_096}


def check_key(key: Any, *, where: str) -> None:
    """Refuse a key that is no name, or that tells a registry where else to look.

    Raises:
        CheckpointError: Naming the place.
    """
    if not isinstance(key, str) or len(key) > 200:
        raise CheckpointError(f"{where}: expected names as keys, found {_short(key)}.")
    if _SCOPE.fullmatch(key):
        raise CheckpointError(f"{where}: the key {key!r} has no place in the config of a model.")


def check_number(value: float, *, where: str) -> None:
    """Refuse a number beyond all sizes that models have: it would be allocated, or counted to.

    Raises:
        CheckpointError: Naming the place.
    """
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        found = f"{value:,}" if abs(value) < 10**15 else "a longer one"
        raise CheckpointError(
            f"{where}: expected a number of at most {MAX_NUMBER:,}, found {found}."
        )


def check_word(value: str, *, where: str) -> None:
    """Refuse a text that could be a path, an address, a name to import or an expression.

    Raises:
        CheckpointError: Naming the place.
    """
    if not _WORD.fullmatch(value):
        raise CheckpointError(
            f"{where}: expected a word, found {_short(value)}. What builds a model must name no "
            "file, address or code; the weights come with the model."
        )


def check_part_argument(key: str, value: Any, *, where: str) -> None:
    """Refuse an argument of a part of a model that would make it read, fetch or run something.

    Raises:
        CheckpointError: Naming the place.
    """
    is_place = isinstance(value, (str, dict, list, tuple)) and _PLACE.fullmatch(key)
    if value and (is_place or (value is True and _SWITCH.fullmatch(key))):
        raise CheckpointError(
            f"{where}: a part of a model must name no file, address or weights of its own, found "
            f"{_short(value)}: those of the model come with it. Remove the key."
        )
    if isinstance(value, int) and value > MAX_SIDE and _SIDE.fullmatch(key):
        raise CheckpointError(f"{where}: expected at most {MAX_SIDE:,} pixels, found {value:,}.")


def check_data_argument(key: str, value: Any, *, where: str) -> None:
    """Refuse an argument of a data set, transform or metric that would write, fetch or run.

    Raises:
        CheckpointError: Naming the place.
    """
    if value and _OUTPUT.fullmatch(key):
        raise CheckpointError(
            f"{where}: the data of a model must write, download or execute nothing, found "
            f"{_short(value)}. Remove the key."
        )
    limit = _LIMITS.get(key, MAX_NUMBER)
    if isinstance(value, int) and value > limit:
        raise CheckpointError(f"{where}: expected at most {limit:,}, found {value:,}.")
    if isinstance(value, str) and ("://" in value or _PROGRAM.search(value)):
        raise CheckpointError(
            f"{where}: the data of a model are files of this machine that run no code, found "
            f"{_short(value)}."
        )


def check_data_path(key: str, value: Any, *, where: str) -> None:
    """Refuse a path of a test's data that leaves the folder the command is called in.

    Raises:
        CheckpointError: Naming the place and the option that gives another path.
    """
    if not isinstance(value, str) or not value:
        return
    path = PurePath(value)
    if path.is_absolute() or ".." in path.parts or value.startswith("~"):
        raise CheckpointError(
            f"{where}: the model may name data below the present folder alone, found "
            f"{_short(value)}. Name the place yourself: --cfg-options {where}=PATH."
        )


def _short(value: Any) -> str:
    text = repr(value) if not isinstance(value, int) else str(type(value).__name__)
    return text if len(text) <= 80 else f"{text[:77]}..."
