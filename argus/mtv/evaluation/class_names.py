"""What classes are called, and the sentences about them, from mmpretrain or from the user's files.

mmpretrain (Apache-2.0) has the names that CLIP's authors gave the classes of ImageNet-1k, and their
80 sentences and 7 of these.
"""

import re
from collections.abc import Sequence
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from argus.datasets.own.texts import read_lines
from argus.errors import ConfigError, DataError
from argus.names.wording import counted, listed

_WNID = re.compile(r"n\d{8}")
_NUM_IMAGENET = 1000
TEMPLATE_SETS = {
    "openai": "OPENAI_IMAGENET_PROMPT",
    "openai_7": "OPENAI_IMAGENET_PROMPT_SUB",
}


def read_templates(templates: str) -> list[str]:
    """Sentences with ``{}`` for the name of a class.

    Args:
        templates: ``openai`` (80), ``openai_7``, or a text file with one on each line.

    Raises:
        ConfigError: If it is none of them.
    """
    if templates in TEMPLATE_SETS:
        sentences = getattr(_module("models/multimodal/clip/utils.py"), TEMPLATE_SETS[templates])
        return [sentence("{}") for sentence in sentences]
    if not Path(templates).is_file():
        raise ConfigError(
            f"templates: expected {', '.join(TEMPLATE_SETS)} or a text file with a sentence on "
            f"each line, found {templates!r}."
        )
    return read_lines(templates)


def name_classes(folders: Sequence[str], names: str | None) -> tuple[list[str], list[int]]:
    """Names to choose from, and which of them each folder is.

    Args:
        folders: Of the classes, sorted.
        names: A text file: ``folder<TAB>name`` on each line, of which some folders may be missing,
            or a name on each line in the order of the folders. By default the names of ImageNet-1k
            if the folders are its 1,000, and those of the folders otherwise.

    Raises:
        DataError: If a folder has no name.
    """
    if names is not None:
        return _of_file(folders, names)
    if all(_WNID.fullmatch(folder) for folder in folders):
        if len(folders) != _NUM_IMAGENET:
            raise DataError(
                f"expected the {_NUM_IMAGENET:,} folders of ImageNet-1k, whose order tells their "
                f"names, found {len(folders):,}. Name them with --option zero_shot.names=FILE, "
                "with lines of a folder, a tab and a name."
            )
        names_of = _module("datasets/categories.py").IMAGENET_SIMPLE_CATEGORIES
        return list(names_of), list(range(_NUM_IMAGENET))
    return [folder.replace("_", " ") for folder in folders], list(range(len(folders)))


def _of_file(folders: Sequence[str], path: str) -> tuple[list[str], list[int]]:
    lines = read_lines(path)
    if all("\t" in line for line in lines):
        rows = [line.split("\t", 1) for line in lines]
        places = {folder.strip(): place for place, (folder, _) in enumerate(rows)}
        missing = [folder for folder in folders if folder not in places]
        if missing or len(places) < len(rows):
            raise DataError(
                f"{path}: "
                + (f"no name for {listed(missing)}" if missing else "a folder is named twice")
                + "; expected a line for each folder: the folder, a tab and a name."
            )
        return [name.strip() for _, name in rows], [places[folder] for folder in folders]
    if len(lines) != len(folders):
        raise DataError(
            f"{path}: {counted(len(lines), 'name')} for {counted(len(folders), 'folder')}; "
            "expected one on each line in the order of the folders, or the folder, a tab and a "
            "name."
        )
    return lines, list(range(len(folders)))


def _module(file: str) -> Any:
    """A file of mmpretrain that holds constants alone, without its package.

    With its package it would be imported after the whole library, and CLIP's asks for an extra.
    """
    found = find_spec("mmpretrain")
    assert found is not None and found.submodule_search_locations
    path = Path(found.submodule_search_locations[0]) / file
    spec = spec_from_file_location(f"_mmpretrain_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
