"""The files and folders a data set or metric config names: are they there, and where else to look.

Everything here reads configs alone; no data set is built and no OpenMMLab library imported.
"""

import os.path
from collections.abc import Iterator, Mapping
from typing import Any

from argus.errors import DataError

_FILE_KEYS = ("ann_file", "bbox_file", "proposal_file")


def check_paths(config: Mapping[str, Any], *, where: str) -> None:
    """Raise if a file or folder that a data set or metric config names does not exist.

    Args:
        config: Config of a data set (wrappers are looked through) or of a metric.
        where: Place in the config, for the message, e.g. ``tasks.instance.train.dataset``.

    Raises:
        DataError: Naming every missing path, the layout's description and the option to change.
    """
    check_all_paths({where: config})


def check_all_paths(configs: Mapping[str, Mapping[str, Any]]) -> None:
    """As :func:`check_paths` for several configs by their places: one error names all there is.

    Raises:
        DataError: Naming every missing path with the places that need it.
    """
    needed: dict[str, list[str]] = {}
    for where, config in configs.items():
        for path in missing_paths(config):
            needed.setdefault(path, []).append(where)
    if not needed:
        return
    places = list(dict.fromkeys(where for wheres in needed.values() for where in wheres))
    lines = []
    for path, wheres in needed.items():
        lines.append(path if "://" in path else os.path.abspath(path))
        lines += [f"  for {where}" for where in wheres] if len(places) > 1 else []
    subject = places[0] if len(places) == 1 else f"{len(places)} places of the config"
    raise DataError(
        f"{subject}: the data is not there. Missing:\n  "
        + "\n  ".join(lines)
        + f"\n{_remedy(places[0], configs[places[0]])}."
    )


def _remedy(place: str, config: Mapping[str, Any]) -> str:
    singles = list(flatten(config))
    if any(isinstance(single.get("data"), str) for single in singles):
        task = ".".join(place.split(".")[:2])
        return (
            "A path counts from the folder that the command is called in; call it elsewhere, or "
            f"name the folder as data of the task, e.g. --cfg-options {task}.data=FOLDER"
        )
    root = next((single["data_root"] for single in singles if single.get("data_root")), None)
    remedy = (
        f"or name another root with --cfg-options {place}.data_root=..., found {root!r}"
        if root
        else f"or change the path in {place}"
    )
    return f"Put it there (`argus convert` does that with a published data set), {remedy}"


def missing_paths(config: Mapping[str, Any]) -> list[str]:
    """The paths of a data set or metric config that do not exist, without duplicates.

    Below a root that does not exist only the root is named. Paths on remote storage
    (``scheme://``) are not looked at.
    """
    missing: list[str] = []
    for single in flatten(config):
        root = single.get("data_root") or ""
        if root and not _exists(root):
            missing.append(root)
            continue
        missing += [path for path in _named_paths(single) if not _exists(path)]
    return list(dict.fromkeys(missing))


def annotation_paths(config: Mapping[str, Any]) -> list[str]:
    """The annotation files (``ann_file``) of a data set config, through wrappers."""
    files = [
        os.path.join(single.get("data_root") or "", single["ann_file"])
        for single in flatten(config)
        if isinstance(single.get("ann_file"), str) and single["ann_file"]
    ]
    return list(dict.fromkeys(files))


def annotation_files(config: Mapping[str, Any]) -> list[str]:
    """Those of :func:`annotation_paths` that are JSON."""
    return [path for path in annotation_paths(config) if path.endswith(".json")]


def flatten(config: Any) -> Iterator[Any]:
    """A config and, of a wrapper, the configs of the data sets inside."""
    if not isinstance(config, Mapping):
        return
    inner = [config.get("dataset"), *(config.get("datasets") or ())]
    inner = [item for item in inner if isinstance(item, Mapping)]
    if not inner:
        yield config
    for item in inner:
        yield from flatten(item)


def _named_paths(config: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(config.get("data"), str):  # own data, of which ``split`` is a part
        yield config["data"]
        return
    root = config.get("data_root") or ""
    for key in _FILE_KEYS:
        value = config.get(key)
        if not isinstance(value, str) or not value:
            continue
        # mmpose joins the root to ann_file alone.
        yield value if key == "bbox_file" else os.path.join(root, value)
    prefix = config.get("data_prefix") or _folder_of_split(config)
    for value in prefix.values() if isinstance(prefix, Mapping) else [prefix]:
        if isinstance(value, str) and value:
            yield os.path.join(root, value)


def _folder_of_split(config: Mapping[str, Any]) -> str:
    """The folder that mmpretrain's ImageNet takes ``split`` for; to others it is a word alone."""
    kind, split = config.get("type"), config.get("split")
    names = [base.__name__ for base in getattr(kind, "__mro__", ())]
    is_folder = any(name.rpartition(".")[2].startswith("ImageNet") for name in names or [str(kind)])
    return split if is_folder and isinstance(split, str) else ""


def _exists(path: str) -> bool:
    return "://" in path or os.path.exists(path)
