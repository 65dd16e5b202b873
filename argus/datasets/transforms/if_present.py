"""Apply a transform to the images that have what it needs."""

from collections.abc import Mapping
from typing import Any

from mmcv.transforms import BaseTransform

from argus.registry import TRANSFORMS


@TRANSFORMS.register_module()
class IfPresent(BaseTransform):
    """Apply a transform where the sample has a key; leave other samples as they are.

    For labels that only some images have, e.g.
    ``dict(type=IfPresent, key="seg_map_path", transform=dict(type=LoadSegMap, num_classes=7))``.

    Args:
        key: Key of ``results``; a value of None counts as absent.
        transform: Config of the transform.
    """

    def __init__(self, key: str, transform: Mapping[str, Any]) -> None:
        self.key = key
        self.inner = TRANSFORMS.build(dict(transform))

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Return what the inner transform returns, or ``results`` unchanged."""
        if results.get(self.key) is None:
            return results
        transformed: dict[str, Any] | None = self.inner(results)
        return transformed

    def __repr__(self) -> str:
        return f"{type(self).__name__}(key={self.key!r}, transform={self.inner})"
