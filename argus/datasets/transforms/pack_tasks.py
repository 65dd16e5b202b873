"""Pack one picture with the labels of several tasks: the end of a single-input pipeline."""

from collections.abc import Mapping
from typing import Any

import torch
from mmcv.transforms import BaseTransform

from argus.errors import ConfigError, DataError
from argus.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackTasks(BaseTransform):
    """Run every task's own packing transform on one picture.

    The result has ``inputs``, the image (3, H, W) uint8 that all packers must agree on, and
    ``data_samples``, a dict of the tasks' samples. A task whose label the picture lacks is left
    out, and costs nothing in training.

    Args:
        packers: Packing transform per task, e.g.
            ``dict(semantic=dict(type=PackSegInputs), boundary=dict(type=PackSegInputs))``.
        needs: Result keys per task without which the picture has no label for it, e.g.
            ``dict(semantic=["gt_seg_map"])``; a task that is absent here is always packed.

    Raises:
        ConfigError: If there is no packer, or ``needs`` names a task without one.
    """

    def __init__(
        self,
        packers: Mapping[str, Mapping[str, Any]],
        *,
        needs: Mapping[str, list[str]] | None = None,
    ) -> None:
        if not packers:
            raise ConfigError("PackTasks.packers is empty: name a packing transform per task.")
        self.needs = {task: list(keys) for task, keys in (needs or {}).items()}
        unknown = sorted(set(self.needs) - set(packers))
        if unknown:
            raise ConfigError(
                f"PackTasks.needs names {unknown}, but packers has {sorted(packers)} only."
            )
        self.packers = {task: TRANSFORMS.build(config) for task, config in packers.items()}

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack; see the class."""
        image: torch.Tensor | None = None
        samples: dict[str, Any] = {}
        for task, packer in self.packers.items():
            if any(results.get(key) is None for key in self.needs.get(task, [])):
                continue
            packed = packer(dict(results))
            if image is not None and not torch.equal(image, packed["inputs"]):
                raise DataError(
                    f"PackTasks: the image of task {task!r}, {tuple(packed['inputs'].shape)}, is "
                    f"not that of the tasks before it, {tuple(image.shape)}. Tasks of one stream "
                    "see one picture: give their packers the same settings."
                )
            image = packed["inputs"]
            samples[task] = packed["data_samples"]
        if image is None:
            raise DataError(
                f"PackTasks: {results.get('img_path', 'a picture')} has no label for any of "
                f"{sorted(self.packers)}."
            )
        return dict(inputs=image, data_samples=samples)
