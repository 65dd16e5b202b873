"""Say in one sentence which place of a config is wrong when a part cannot be built from it.

Registries and constructors of the OpenMMLab libraries name the word they do not know, but neither
where it stands in the config nor what may have been meant.
"""

import difflib
import inspect
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import mmengine.registry
from mmengine.registry import Registry

from argus.errors import CheckpointError, ConfigError, DataError

T = TypeVar("T")

_PACKAGE = str(Path(__file__).resolve().parent)
_CONFIG_ERRORS = (AssertionError, AttributeError, KeyError, RuntimeError, TypeError, ValueError)
# Messages of mmengine's registries, mmcv's layers and Python's calls.
_UNKNOWN_TYPE = re.compile(r"(\S+) is not in the (\w+)::([\w ]+) registry")
_UNKNOWN_LAYER = re.compile(r"^Cannot find \S+ in registry under scope")
_UNKNOWN_KEY = re.compile(r"(\w+?)(?:\.__init__)?\(\) got an unexpected keyword argument '(\w+)'")
_MISSING_KEY = re.compile(r"(\w+?)(?:\.__init__)?\(\) missing \d+ required [\w-]+ arguments?: (.+)")


@contextmanager
def building(config: Any, *, where: str) -> Iterator[None]:
    """Around the build of a config: what the config causes is raised as a ConfigError.

    Args:
        config: The config that is built.
        where: Its place, for messages, e.g. ``tasks['depth'].decoder``.

    Raises:
        ConfigError: Naming the place and what is wrong there. An error that Argus itself raises in
            its own words goes on as it is.
    """
    try:
        yield
    except (ConfigError, DataError, CheckpointError):
        raise
    except _CONFIG_ERRORS as error:
        message = explain(error, config, where=where) or _by_source(error, where)
        if message is None:
            raise
        raise ConfigError(message) from error


def build_one_of(registry: Registry, base: type[T], config: Any, *, where: str, example: str) -> T:
    """Build an object of a registry of Argus's own.

    Args:
        registry: Has the classes.
        base: What they derive from.
        config: ``dict(type=..., ...)``, with a class or a name.
        where: Its place, for messages.
        example: How the config may look, likewise.

    Raises:
        ConfigError: It is no such config.
    """
    if not isinstance(config, Mapping) or "type" not in config:
        raise ConfigError(f"{where}: expected {example}, or None, found {config!r}.")
    kind = config["type"]
    found = registry.get(kind) if isinstance(kind, str) else kind
    is_one = inspect.isclass(found) and issubclass(found, base)
    if not is_one or inspect.isabstract(found):
        names = ", ".join(sorted(registry.module_dict))
        raise ConfigError(f"{where}.type: expected one of {names}, found {kind!r}.")
    with building({**config, "type": found}, where=where):
        return found(**{key: value for key, value in config.items() if key != "type"})


def explain(error: Exception, config: Any, *, where: str) -> str | None:
    """The sentence for a name or key that is unknown, or a key that is missing; else ``None``."""
    text = str(error.args[0]) if error.args else ""
    if isinstance(error, KeyError):
        if found := _UNKNOWN_TYPE.search(text):
            return _unknown_type(found[1], found[2], found[3], config, where)
        if _UNKNOWN_LAYER.search(text):
            return _unknown_layer(config, where)
    if isinstance(error, TypeError):
        if found := _UNKNOWN_KEY.search(text):
            return _unknown_key(found[1], found[2], config, where)
        if found := _MISSING_KEY.search(text):
            return _missing_key(found[1], found[2], config, where)
    return None


def _by_source(error: Exception, where: str) -> str | None:
    """The error and the line that raised it, if that is not a line of Argus: then it is a defect.

    Many an assertion of the libraries has no text but itself.
    """
    frame = traceback.extract_tb(error.__traceback__)[-1]
    if frame.filename.startswith(_PACKAGE):
        return None
    text = str(error.args[0]) if error.args else frame.line
    source = "/".join(Path(frame.filename).parts[-3:])
    return f"{where} cannot be built: {type(error).__name__}: {text} ({source}:{frame.lineno})."


def _unknown_type(name: str, scope: str, registry: str, config: Any, where: str) -> str:
    place = next((f"{p}.type" for p, n in _places(config, where) if n.get("type") == name), where)
    names = _registered(scope, registry)
    folded = {bare.lower(): written for bare, written in reversed(names.items())}
    prefix, _, bare = name.rpartition(".")
    close = [folded[n] for n in difflib.get_close_matches(bare.lower(), folded, n=2, cutoff=0.7)]
    # One of mmcv's is found without a prefix alone, also if that is the library that asks.
    own = _modules(prefix, registry)
    close = [f"{prefix}.{written}" if written in own else written for written in close]
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return (
        f"{place}: there is no {registry} {name!r} in {scope}.{hint} A name of another library "
        "needs its prefix, as in 'mmseg.FCNHead'; a class that the config imports can be given "
        "itself."
    )


def _unknown_layer(config: Any, where: str) -> str | None:
    """Look for the layer that mmcv has not found, since its message does not name it."""
    names = _registered("mmengine", "model")
    for place, node in _places(config, where):
        kind = node.get("type")
        if place.endswith("_cfg") and isinstance(kind, str) and kind not in names:
            close = difflib.get_close_matches(kind, names, n=1, cutoff=0.5)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            return f"{place}.type: there is no layer {kind!r}.{hint}"
    return None


def _unknown_key(owner: str, key: str, config: Any, where: str) -> str | None:
    for place, node in _places(config, where):
        for kind in _classes(node.get("type"), owner) if key in node else ():
            known = _keys(kind)
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known keys: {', '.join(known)}."
            return f"{place}: unknown key {key!r} of {kind.__name__}. {hint}"
    return None


def _missing_key(owner: str, keys: str, config: Any, where: str) -> str | None:
    for place, node in _places(config, where):
        for kind in _classes(node.get("type"), owner):
            return f"{place}: {keys} missing, which {kind.__name__} needs."
    return None


def _places(config: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every dict of a config with its place."""
    if isinstance(config, Mapping):
        yield where, config
        for key, value in config.items():
            yield from _places(value, f"{where}.{key}")
    elif isinstance(config, (list, tuple)):
        for index, value in enumerate(config):
            yield from _places(value, f"{where}[{index}]")


def _families() -> Iterator[list[Registry]]:
    """Each of mmengine's registries with those of the libraries below it."""
    for root in vars(mmengine.registry).values():
        if isinstance(root, Registry):
            yield [root, *root.children.values()]


def _registered(scope: str, name: str) -> dict[str, str]:
    """How to write every name of a registry's family within ``scope``, by the bare name."""
    written: dict[str, str] = {}
    for family in _families():
        own = [member for member in family if (member.scope, member.name) == (scope, name)]
        for member in [*own, *family] if own else ():
            visible = member in own or member is family[0]
            for bare in member.module_dict:
                written.setdefault(bare, bare if visible else f"{member.scope}.{bare}")
    return written


def _modules(scope: str, name: str) -> set[str]:
    """The bare names in a library's own registry, without those above it."""
    registries = [member for family in _families() for member in family]
    return {
        bare
        for member in registries
        if (member.scope, member.name) == (scope, name)
        for bare in member.module_dict
    }


def _classes(kind: Any, owner: str) -> Iterator[Any]:
    """The class that ``type`` is or names, if it is, or derives from, the class ``owner``."""
    candidates = [kind]
    if isinstance(kind, str):
        bare = kind.rpartition(".")[2]
        candidates = [m.module_dict.get(bare) for family in _families() for m in family]
    for candidate in candidates:
        bases = getattr(candidate, "__mro__", (candidate,))
        if owner in [getattr(base, "__name__", "") for base in bases]:
            yield candidate


def _keys(kind: Any) -> list[str]:
    """Arguments of a class and its bases, or of a function."""
    calls = [vars(b).get("__init__") for b in kind.__mro__] if inspect.isclass(kind) else [kind]
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = [p for call in calls if call for p in inspect.signature(call).parameters.values()]
    return list(dict.fromkeys(p.name for p in parameters if p.kind in named and p.name != "self"))
