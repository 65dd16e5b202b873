"""``--boxes``: the people that a user gives, for poses."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argus.commands.inputs import Input
from argus.errors import DataError
from argus.names.wording import counted

if TYPE_CHECKING:
    import numpy as np


def read_boxes(text: str | None) -> Any:
    """``--boxes``: a list, or a dict of lists by file name; ``None`` without the option.

    Raises:
        DataError: If it is no JSON of this form.
    """
    if text is None:
        return None
    is_json = text.lstrip()[:1] in ("[", "{")
    try:
        content = json.loads(text if is_json else Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"--boxes {text}: no JSON, and no file with JSON: {error}.") from error
    for boxes in content.values() if isinstance(content, dict) else [content]:
        if not isinstance(boxes, list) or not all(
            isinstance(box, list) and len(box) == 4 for box in boxes
        ):
            raise DataError(
                "--boxes: expected lists of boxes [x1, y1, x2, y2] in pixels, found "
                f"{json.dumps(boxes)[:80]}."
            )
    return content


def check_boxes(boxes: Any, inputs: Sequence[Input]) -> None:
    """See that every box belongs to an image, and to one.

    Raises:
        DataError: If one does not.
    """
    if boxes is None:
        return
    if any(item.is_video for item in inputs):
        raise DataError("--boxes is for images, not for videos.")
    if isinstance(boxes, list) and len(inputs) != 1:
        raise DataError(
            f"--boxes: a list is for one image, found {len(inputs)}. Give a dict "
            '{"a.jpg": [[x1, y1, x2, y2]], ...}.'
        )
    if isinstance(boxes, dict):
        for key in boxes:
            found = [item.path for item in inputs if _ends_with(item.path, key)]
            if not found:
                raise DataError(f"--boxes: no input is called {key}.")
            if len(found) > 1:
                raise DataError(
                    f"--boxes: {counted(len(found), 'input is called', 'inputs are called')} "
                    f"{key}: {', '.join(map(str, found[:3]))}. Name the folder, too."
                )


def boxes_of(item: Input, boxes: Any) -> "np.ndarray":
    """People of an image, (N, 4) xyxy pixels."""
    import numpy as np

    if isinstance(boxes, dict):
        own = [box for key, some in boxes.items() if _ends_with(item.path, key) for box in some]
    else:
        own = boxes
    return np.array(own, dtype=np.float32).reshape(-1, 4)


def _ends_with(path: Path, key: str) -> bool:
    parts = Path(key).parts
    return bool(parts) and path.resolve().parts[-len(parts) :] == parts
