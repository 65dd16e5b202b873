"""Annotations of poses in COCO's format."""

import pycocotools.coco


class COCO(pycocotools.coco.COCO):  # type: ignore[misc]
    """Annotations of a file; one that does not say whether it is a crowd is none.

    Args:
        annotation_file: Path of the JSON; ``None`` for no annotations.
    """

    def __init__(self, annotation_file: str | None = None) -> None:
        super().__init__(annotation_file)
        for annotation in self.dataset.get("annotations", ()):
            annotation.setdefault("iscrowd", 0)
