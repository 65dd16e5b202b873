"""Read the small files that hold labels: JSON, YAML, XML, CSV and lines. They are data, never run.

Sizes are bounded before a file is read; YAML is read by the loader that builds plain values alone,
and XML without definitions of its own, by which a small file can become a huge one.
"""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from argus.datasets.checks.coco_entries import read_annotations
from argus.errors import DataError
from argus.files.foreign import raise_if_foreign
from argus.files.regular import read_regular_file

MAX_TEXT_BYTES = 64 * 2**20
MAX_JSON_BYTES = 4 * 2**30
_MAX_YAML_BYTES = 4 * 2**20


class _PlainLoader(yaml.SafeLoader):
    """Of plain values: an alias of an alias of an alias grows without end."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases."""
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("an alias (*name), which is not read: write the value out")
        return super().compose_node(parent, index)


def read_text(path: str | Path, *, most: int = MAX_TEXT_BYTES) -> str:
    """The text of a file, without a byte-order mark.

    Raises:
        DataError: It cannot be read, is larger than ``most`` bytes, or is no text in UTF-8.
    """
    _check_size(path, most)
    try:
        content = read_regular_file(path)
        raise_if_foreign(content, path)
        return content.decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: no text in UTF-8: {error}; save it as UTF-8.") from error


def read_lines(path: str | Path) -> list[str]:
    """The lines of a text that are not blank, stripped."""
    return [line.strip() for line in read_text(path).splitlines() if line.strip()]


def read_json(
    path: str | Path,
    *,
    most: int = MAX_JSON_BYTES,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
) -> Any:
    """The parsed content of a JSON file.

    Args:
        path: The file.
        most: Bytes that it may have.
        object_hook: Takes each object as it has been parsed, for what stands in its place.

    Raises:
        DataError: It cannot be read, is too large, or is no JSON.
    """
    _check_size(path, most)
    # Windows puts a mark before a text in UTF-8.
    return read_annotations(path, object_hook=object_hook, encoding="utf-8-sig")


def read_yaml(path: str | Path) -> dict[str, Any]:
    """The mapping in a YAML file, of plain values alone.

    Raises:
        DataError: It cannot be read, or is no such file.
    """
    text = read_text(path, most=_MAX_YAML_BYTES)
    try:
        content = yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - derived of the safe one
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DataError(f"{path}: no valid YAML: {' '.join(str(error).split())[:300]}.") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: expected YAML with names and values, found {content!r:.60}.")
    return content


def read_xml(path: str | Path) -> ElementTree.Element:
    """The root of an XML file.

    Raises:
        DataError: It cannot be read, is no XML, or has definitions of its own.
    """
    text = read_text(path, most=MAX_JSON_BYTES)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise DataError(f"{path}: XML with definitions of its own (DOCTYPE, ENTITY) is not read.")
    try:
        # A text with a declaration of an encoding has been decoded already.
        return ElementTree.fromstring(text.encode("utf-8"))
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: no valid XML: {error}.") from error


def read_csv(path: str | Path) -> list[list[str]]:
    """The rows of a CSV file, of cells without blanks around; blank rows are left out.

    Separated by comma, semicolon or tab, whichever the first row has most of, or which the line
    ``sep=;`` above it says, as Excel reads it.

    Raises:
        DataError: It cannot be read, or a cell is longer than a text may be.
    """
    text = read_text(path, most=MAX_TEXT_BYTES * 8)
    head, _, rest = text.partition("\n")
    stated = re.fullmatch(r"sep=([,;\t])\s*", head, re.IGNORECASE)
    text = rest if stated else text
    separator = stated.group(1) if stated else max(",;\t", key=head.count)
    try:
        rows = csv.reader(io.StringIO(text), delimiter=separator)
        return [[cell.strip() for cell in row] for row in rows if any(map(str.strip, row))]
    except csv.Error as error:
        raise DataError(f"{path}: no valid CSV: {error}.") from error


def _check_size(path: str | Path, most: int) -> None:
    try:
        size = Path(path).stat().st_size
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error
    if size > most:
        raise DataError(
            f"{path}: {size:,} bytes; a file of labels of this kind has at most {most:,}."
        )
