"""NYUv2 depth, Eigen split: 24,231 training and 654 test images named by list files.

Eigen et al., "Depth Map Prediction from a Single Image using a Multi-Scale Deep Network", NeurIPS
2014; the lists are those of BTS (Lee et al., 2019), which later work took over.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import mmengine.fileio as fileio
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from argus.datasets.lists import read_list
from argus.errors import DataError
from argus.names.wording import counted
from argus.registry import DATASETS

_NO_DEPTH = "None"


@DATASETS.register_module()
class NYUv2Depth(BaseDataset):
    """Pairs of image and depth from a list file.

    A line is ``<image> <depth> <focal length>``, e.g. ``kitchen_0028b/rgb_00045.jpg
    kitchen_0028b/sync_depth_00045.png 518.8579``; the focal length, in pixels, may be absent and is
    not used. A line whose depth is ``None`` is left out; the log says how many. Depth is a 16-bit
    PNG in millimetres.

    Args:
        ann_file: List file, relative to ``data_root``.
        data_root: Root of the data set.
        data_prefix: Folders of the files, by key, e.g. ``dict(img_path="train",
            depth_path="train")``; the root where absent.
        backend_args: Options of mmengine's file backend.
        **kwargs: As mmengine's ``BaseDataset``: pipeline, test_mode, indices, ...

    Raises:
        DataError: The list file is missing or empty, a line of another form, no line with depth.
    """

    def __init__(
        self,
        ann_file: str,
        *,
        data_root: str = "",
        data_prefix: Mapping[str, str] | None = None,
        backend_args: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.backend_args = backend_args
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=dict(img_path="", depth_path="") | dict(data_prefix or {}),
            **kwargs,
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the list file."""
        lines = read_list(self.ann_file, self.backend_args)
        self.num_listed = len(lines)
        samples = [
            dict(img_path=self._path("img_path", image), depth_path=self._path("depth_path", depth))
            for image, depth in pairs_with_depth(lines, self.ann_file)
        ]
        left_out = len(lines) - len(samples)
        text = f", {left_out} left out (without depth)" if left_out else ""
        print_log(f"{self.ann_file}: {counted(len(samples), 'image')}{text}", logger="current")
        return samples

    def _path(self, key: str, file: str) -> str:
        # Some versions of the lists begin every path with a slash, meant below the root.
        return fileio.join_path(
            self.data_prefix[key], file.lstrip("/"), backend_args=self.backend_args
        )


def pairs_with_depth(lines: Sequence[str], said_by: str) -> list[tuple[str, str]]:
    """Image and depth of the lines of such a list, without those whose depth is ``None``.

    Args:
        lines: Not blank, in the order of the file.
        said_by: The file, for messages.

    Raises:
        DataError: A line of another form, or none with depth.
    """
    pairs = []
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if len(fields) not in (2, 3):
            raise DataError(
                f"{said_by}, line {number} with text: {line!r}: expected "
                "'<image> <depth> <focal length>'."
            )
        if fields[1] != _NO_DEPTH:
            pairs.append((fields[0], fields[1]))
    if not pairs:
        raise DataError(f"{said_by}: none of its {counted(len(lines), 'image')} has a depth.")
    return pairs
