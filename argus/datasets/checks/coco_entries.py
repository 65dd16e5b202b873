"""Whether the entries of an annotation file in COCO's format have the form that its readers trust.

mmdet, mmpose and pycocotools index and multiply what they find; pycocotools writes beyond its
memory for a run-length mask whose runs do not fill its picture. So training, validation and
``argus check`` alike look at a file here first. What annotations mean is not judged.
"""

import contextlib
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from argus.datasets.checks.coco_masks import segmentation_problem
from argus.errors import DataError
from argus.files.foreign import raise_if_foreign
from argus.files.regular import check_regular_file
from argus.names.wording import counted

LISTS = ("images", "annotations", "categories")
_SINGULAR = dict(images="image", annotations="annotation", categories="category")
_MAX_SIDE = 1_000_000
_MAX_NUMBER = 10_000_000
_MAX_ID = 2**63
_MAX_SHOWN = 3


class Problem(NamedTuple):
    """What is wrong with an entry.

    Args:
        text: For a person: the entry, its field, what is there and what was expected.
        key: The list it is in; empty if the file as a whole is meant.
        position: Its place in the list, from 0.
    """

    text: str
    key: str = ""
    position: int = 0


def read_annotations(
    path: str | Path,
    *,
    object_hook: Callable[[dict[str, Any]], Any] | None = None,
    encoding: str = "utf-8",
) -> Any:
    """The parsed content of an annotation file.

    Args:
        path: The file.
        object_hook: Takes each object as it has been parsed, for what stands in its place.
        encoding: ``utf-8-sig`` lets a byte-order mark pass, which other readers do not.

    Raises:
        DataError: It cannot be read, or is no JSON in UTF-8.
    """
    try:
        check_regular_file(path)
        content = Path(path).read_bytes()
        raise_if_foreign(content, path)
        if object_hook is None:
            # Some ten times as fast. What it refuses is for the other to read, or to say why not.
            with contextlib.suppress(ValueError, RecursionError):
                return msgspec.json.decode(content)
        return json.loads(content.decode(encoding), object_hook=object_hook)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except DataError:
        raise
    except RecursionError as error:
        raise DataError(f"{path}: no valid JSON of annotations: nested too deeply.") from error
    except ValueError as error:
        remedy = "; save it as UTF-8" if isinstance(error, UnicodeDecodeError) else ""
        raise DataError(f"{path}: no valid JSON in UTF-8: {error}{remedy}.") from error


def check_entries(content: Any, path: str | Path, *, num_keypoints: int | None = None) -> None:
    """Refuse a file with entries that its readers cannot take.

    Args:
        content: As :func:`read_annotations` gives it.
        path: The file, for the message.
        num_keypoints: Keypoints of an instance; ``None`` for boxes and masks alone.

    Raises:
        DataError: Naming the first such entries: id, field, expected and found.
    """
    refuse(path, (problem.text for problem in entry_problems(content, num_keypoints=num_keypoints)))


def check_detections(content: Any, path: str | Path, images: Mapping[Any, Any]) -> None:
    """Refuse a file of found boxes, COCO's form of results, with entries that cannot be taken.

    Args:
        content: As :func:`read_annotations` gives it.
        path: The file, for the message.
        images: Those of the annotation file, by id.

    Raises:
        DataError: Naming the first such entries: place, field, expected and found.
    """
    if not isinstance(content, list):
        raise DataError(f"{path}: expected a list of found boxes, found {shown(content)}.")
    problems = ((index, detection_problem(entry, images)) for index, entry in enumerate(content))
    refuse(path, (f"entry {index + 1}: {problem}" for index, problem in problems if problem))


def refuse(path: str | Path, problems: Iterable[str]) -> None:
    """Raise for a file with problems.

    Raises:
        DataError: With the first of them.
    """
    found = list(islice(problems, _MAX_SHOWN + 1))
    if found:
        more = "; ..." if len(found) > _MAX_SHOWN else ""
        raise DataError(f"{path}: {'; '.join(found[:_MAX_SHOWN])}{more}. argus check lists all.")


def entry_problems(content: Any, *, num_keypoints: int | None = None) -> Iterator[Problem]:
    """What is wrong with each entry of a file, in the order of the file.

    Args:
        content: The parsed file.
        num_keypoints: As for :func:`check_entries`.

    Yields:
        Such as ``annotation 7: bbox [0, 0, nan, 3], expected ...``; an entry once.
    """
    for key in LISTS:
        if not is_coco(content, key):
            yield Problem(f"the annotation file has no list {key!r}: not COCO format")
            return
    images: dict[Any, Mapping[str, Any]] = {}
    for index, image in enumerate(content["images"]):
        problem = image_problem(image)
        if problem is None and num_keypoints is not None and isinstance(image["id"], str):
            problem = f"id {shown(image['id'])}, expected a whole number where keypoints are read"
        if problem:
            yield _problem("images", image, index, problem)
        else:
            images[image["id"]] = image
    for index, category in enumerate(content["categories"]):
        problem = category_problem(category)
        if problem:
            yield _problem("categories", category, index, problem)
    yield from _repeated(content)
    for index, annotation in enumerate(content["annotations"]):
        problem = annotation_problem(annotation, images, num_keypoints=num_keypoints)
        if problem:
            yield _problem("annotations", annotation, index, problem)


def is_coco(content: Any, *keys: str) -> bool:
    """Whether a parsed file has the lists of COCO's format, or those that are named."""
    return isinstance(content, dict) and all(
        isinstance(content.get(key), list) for key in keys or LISTS
    )


def image_problem(image: Any) -> str | None:
    """What makes an entry of ``images`` unreadable; ``None`` if it is fine."""
    if not isinstance(image, dict):
        return f"expected an object with id, file_name, width, height, found {shown(image)}"
    if not is_id(image.get("id")):
        return f"id {shown(image.get('id'))}, expected a whole number or a text"
    name = image.get("file_name")
    if not isinstance(name, str) or not name or "\0" in name or len(name) > 4000:
        return f"file_name {shown(name)}, expected the path of a picture"
    for key in ("width", "height"):
        side: Any = image.get(key)
        if not is_number(side) or side != int(side) or not 0 < side <= _MAX_SIDE:
            return f"{key} {shown(side)}, expected whole pixels, 1..{_MAX_SIDE:,}"
    return None


def category_problem(category: Any) -> str | None:
    """What makes an entry of ``categories`` unreadable; ``None`` if it is fine."""
    if not isinstance(category, dict):
        return f"expected an object with id and name, found {shown(category)}"
    if not is_id(category.get("id")):
        return f"id {shown(category.get('id'))}, expected a whole number"
    if not isinstance(category.get("name"), str):
        return f"name {shown(category.get('name'))}, expected a text"
    return None


def annotation_problem(
    annotation: Any, images: Mapping[Any, Mapping[str, Any]], *, num_keypoints: int | None
) -> str | None:
    """What makes an entry of ``annotations`` unreadable; ``None`` if it is fine."""
    if not isinstance(annotation, dict):
        return f"expected an object with id, image_id, category_id, bbox, found {shown(annotation)}"
    for key in ("id", "image_id", "category_id"):
        if not is_id(annotation.get(key)):
            return f"{key} {shown(annotation.get(key))}, expected a whole number or a text"
    image = images.get(annotation["image_id"])
    if image is None:
        return f"image_id {shown(annotation['image_id'])} is not in 'images', or that is malformed"
    box = annotation.get("bbox")
    if not is_numbers(box, 4):
        return f"bbox {shown(box)}, expected [x, y, width, height], four finite numbers"
    for key in ("area", "score"):
        if key in annotation and not is_number(annotation[key]):
            return f"{key} {shown(annotation[key])}, expected a finite number"
    if num_keypoints is None and "area" not in annotation:
        return "no area; expected the area in square pixels, as COCO has it"
    if annotation.get("iscrowd", 0) not in (0, 1):
        return f"iscrowd {shown(annotation['iscrowd'])}, expected 0 or 1"
    return _keypoints_problem(annotation, num_keypoints) or segmentation_problem(
        annotation.get("segmentation"), int(image["height"]), int(image["width"])
    )


def detection_problem(entry: Any, images: Mapping[Any, Any]) -> str | None:
    """What makes a found box unreadable; ``None`` if it is fine."""
    if not isinstance(entry, dict):
        return f"expected an object with image_id, category_id, bbox, score, found {shown(entry)}"
    for key in ("image_id", "category_id"):
        if not is_id(entry.get(key)):
            return f"{key} {shown(entry.get(key))}, expected a whole number or a text"
    if entry["image_id"] not in images:
        return f"image_id {shown(entry['image_id'])} is not in the annotation file"
    box = entry.get("bbox")
    if not isinstance(box, list) or not is_numbers(box[:4], 4):
        return f"bbox {shown(box)}, expected [x, y, width, height], four finite numbers"
    if not is_number(entry.get("score")):
        return f"score {shown(entry.get('score'))}, expected a finite number"
    return None


def _keypoints_problem(annotation: Mapping[str, Any], num_keypoints: int | None) -> str | None:
    values = annotation.get("keypoints")
    if num_keypoints is None or not values:
        return None
    if isinstance(values, list) and len(values) != 3 * num_keypoints:
        return f"{counted(len(values), 'keypoint value')}, expected {3 * num_keypoints}"
    if not is_numbers(values, 3 * num_keypoints):
        return f"keypoints {shown(values)}, expected {3 * num_keypoints} finite numbers"
    flags = [flag for flag in values[2::3] if flag not in (0, 1, 2)]
    if flags:
        return f"visibility {shown(flags[0])} of a keypoint, expected 0, 1 or 2"
    number = annotation.get("num_keypoints", 0)
    if not is_number(number):
        return f"num_keypoints {shown(number)}, expected a whole number"
    return None


def _repeated(content: Mapping[str, Any]) -> Iterator[Problem]:
    for key in LISTS:
        ids = [item["id"] for item in content[key] if isinstance(item, dict) and _has_id(item)]
        repeated = [identity for identity, number in Counter(ids).items() if number > 1]
        if repeated:
            text = (
                f"{key!r}: {counted(len(repeated), 'id occurs', 'ids occur')} more than once: "
                f"{shown(repeated[:5])}"
            )
            yield Problem(text)


def _has_id(item: Mapping[str, Any]) -> bool:
    return is_id(item.get("id"))


def is_id(value: Any) -> bool:
    """Whether a value can name an entry."""
    if isinstance(value, str):
        return True
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MAX_ID


def is_number(value: Any) -> bool:
    """Whether a value is a finite number that a computation takes."""
    return is_numbers([value])


def is_numbers(values: Any, length: int | None = None) -> bool:
    """Whether a value is a list of finite numbers, of a length if one is given."""
    if not isinstance(values, list) or (length is not None and len(values) != length):
        return False
    try:
        return all(map(math.isfinite, values)) and (
            not values or (max(values) <= _MAX_NUMBER and min(values) >= -_MAX_NUMBER)
        )
    except (TypeError, OverflowError):
        return False


def shown(value: Any) -> str:
    """A value for a message, however long it is."""
    if isinstance(value, (list, dict)) and len(value) > 8:
        return f"a {type(value).__name__} of {len(value):,}"
    if isinstance(value, int) and abs(value) >= _MAX_ID:
        return "a huge number"
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _problem(key: str, entry: Any, index: int, text: str) -> Problem:
    """It names the entry by its id, else by its place in the list."""
    kind = _SINGULAR[key]
    if isinstance(entry, dict) and _has_id(entry):
        return Problem(f"{kind} {str(entry['id'])[:60]}: {text}", key, index)
    return Problem(f"{kind} number {index + 1} of the list: {text}", key, index)
