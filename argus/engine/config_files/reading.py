"""Read config files as settings alone; and where their outputs go."""

import os
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from mmengine.config import Config

from argus.engine.config_files.options import change_config
from argus.errors import ConfigError
from argus.safe_load import tensors_only

_LAZY = os.path.join("mmengine", "config", "lazy.py")
_TOP = "<module>"  # what a traceback calls the code of a file outside functions


def read_config_file(path: str, changes: Mapping[str, Any] = MappingProxyType({})) -> Config:
    """Read a config file; its recipes are expanded.

    Args:
        path: Of the file.
        changes: Options that change it; see :func:`change_config`.

    Raises:
        ConfigError: If it does not parse, or raises; if a recipe or an option is wrong.
    """
    return change_config(_read(path), changes)


def _read(path: str) -> Config:
    try:
        # Unformatted text is as readable; yapf takes seconds at every start and checkpoint.
        with tensors_only():
            config = Config.fromfile(path, format_python_code=False)
    except Exception as error:  # noqa: BLE001 - a config is code and may raise anything
        raise ConfigError(f"config file {path} cannot be read: {_reason(error)}") from error
    # What imports and helpers at the top leave there is no setting: it cannot be copied, or is
    # written to the run's config as a name that nobody imports.
    for name in [n for n, value in config._cfg_dict.items() if _is_no_setting(value)]:
        del config._cfg_dict[name]
    return config


def _reason(error: Exception) -> str:
    """What went wrong in a config, and where in it, as far as its traceback tells."""
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    frames = traceback.extract_tb(error.__traceback__)
    places = [f" ({frame.filename}, line {frame.lineno})" for frame in frames if frame.name == _TOP]
    text += "".join(places[-1:])
    if "Lazy" in str(error) or frames[-1].filename.endswith(_LAZY):
        text += (
            ". What a config imports of packages that are installed is a name there, to be used as "
            "type=...: it is neither called nor computed with. Use Python's own modules for that."
        )
    if "import multiple modules" in str(error):
        text += ": write `import a` and `import b` instead of `import a, b`, in bases too."
    if "'module' object" in str(error):
        text += ". A setting holds a module; give what it is to hold of it."
    return text


def _is_no_setting(value: Any) -> bool:
    if isinstance(value, Mapping) and not isinstance(value, dict):
        return True  # os.environ, whose secrets would be written to the run's config
    return isinstance(value, ModuleType | type) or callable(value)


def default_work_dir(config: str) -> str:
    """``work_dirs/`` and the path of a config below ``configs/``, or its name elsewhere.

    Configs of one name in two folders do not share outputs.
    """
    parts = Path(config).with_suffix("").parts
    if "configs" in parts[:-1]:
        last = len(parts) - 1 - parts[::-1].index("configs")
        return os.path.join("work_dirs", *parts[last + 1 :])
    return os.path.join("work_dirs", parts[-1])
