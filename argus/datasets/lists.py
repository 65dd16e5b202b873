"""A data set of images of a list file or a folder, with one folder for each kind of label."""

import os.path
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import mmengine.fileio as fileio
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from argus.datasets.tidy_files.text_files import no_text, tidy_text
from argus.errors import ConfigError, DataError
from argus.names.wording import counted

PATH_KEYS = dict(
    semantic="seg_map_path",
    parsing="seg_map_path",
    depth="depth_path",
    normals="normal_path",
    boundary="boundary_path",
    saliency="saliency_path",
)
"""Key of a sample that holds the path of each kind of label."""
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
LABEL_SUFFIXES = (".png",)


def read_list(path: str, backend_args: Mapping[str, Any] | None = None) -> list[str]:
    """The lines of a list file that are not blank, stripped.

    Raises:
        DataError: The file does not exist, is no text, or has no line.
    """
    try:
        text = fileio.get_text(path, backend_args=backend_args)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such list file (ann_file)") from error
    except UnicodeDecodeError as error:
        raise no_text(path, error) from error
    lines = [line.strip() for line in tidy_text(text, path).splitlines() if line.strip()]
    if not lines:
        raise DataError(f"{path}: the list file has no line; expected one image a line.")
    return lines


class ListDataset(BaseDataset):
    """Images that a list file names, one a line, without suffix; labels are files of that name.

    Without a list file all images of the folder, sorted by name.

    A sample has ``img_path`` and, of every label that the image has, the path (``PATH_KEYS``). An
    image without any of the labels is left out, and so is one that lacks a label of ``require``;
    the log says how many. An image of the list that does not exist is kept: loading it raises, and
    ``argus check`` names it.

    ``num_listed`` is the number of images in the list file, those left out included.

    Subclasses set ``IMAGE_FOLDER``, ``FOLDERS`` (folder of each kind of label) and ``METAINFO``;
    and ``SUFFIXES``, those of a label's files, where it is no picture.

    Args:
        ann_file: List file, relative to ``data_root``; empty for all images of the folder.
        labels: Kinds of label to look for, of those in ``FOLDERS``; none for prediction alone.
        require: Those among them without which an image is left out.
        data_root: Root of the data set.
        data_prefix: Other folders, by the key of the sample, e.g. ``dict(depth_path="depth_raw")``.
        reduce_zero_label: Whether label 0 of the semantic maps is void and class i is i + 1.
        backend_args: Options of mmengine's file backend.
        **kwargs: As mmengine's ``BaseDataset``: metainfo, pipeline, test_mode, indices, ...

    Raises:
        ConfigError: Labels that the data set does not have, or two that share a key.
        DataError: A list file, folder or image that is not there; no image left.
    """

    IMAGE_FOLDER: str
    FOLDERS: Mapping[str, str]
    SUFFIXES: Mapping[str, tuple[str, ...]] = {}

    def __init__(
        self,
        ann_file: str,
        *,
        labels: Sequence[str],
        require: Sequence[str] = (),
        data_root: str = "",
        data_prefix: Mapping[str, str] | None = None,
        reduce_zero_label: bool = False,
        backend_args: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.labels = tuple(labels)
        self.require = tuple(require)
        self.reduce_zero_label = reduce_zero_label
        self.backend_args = backend_args
        self._check_labels()
        folders = {"img_path": self.IMAGE_FOLDER}
        folders |= {PATH_KEYS[label]: self.FOLDERS[label] for label in self.labels}
        unknown = sorted(set(data_prefix or ()) - set(folders))
        if unknown:
            raise ConfigError(
                f"{type(self).__name__}.data_prefix names {unknown}; with labels={self.labels} it "
                f"can name {sorted(folders)}."
            )
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=folders | dict(data_prefix or {}),
            **kwargs,
        )
        self._metainfo["reduce_zero_label"] = reduce_zero_label

    def _check_labels(self) -> None:
        name = type(self).__name__
        unknown = sorted(set(self.labels) - set(self.FOLDERS))
        if unknown:
            raise ConfigError(f"{name}.labels names {unknown}; it has {sorted(self.FOLDERS)}.")
        keys = [PATH_KEYS[label] for label in self.labels]
        if len(set(keys)) < len(keys):
            raise ConfigError(
                f"{name}.labels={self.labels}: an image has one label map, so name each kind once "
                "and one of 'semantic' and 'parsing'."
            )
        missing = sorted(set(self.require) - set(self.labels))
        if missing:
            raise ConfigError(f"{name}.require names {missing}, which labels={self.labels} lacks.")

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the list file or folder and look for every image's labels."""
        images = self._index("img_path", IMAGE_SUFFIXES)
        names = self._names(images)
        if images.keys().isdisjoint(names):
            raise DataError(
                f"{self.ann_file}: none of its {counted(len(names), 'image')}, e.g. {names[0]!r}, "
                f"is in {self.data_prefix['img_path']} ({counted(len(images), 'image')}). The "
                "lines are file names without suffix."
            )
        found = {
            label: self._index(PATH_KEYS[label], self.SUFFIXES.get(label, LABEL_SUFFIXES))
            for label in self.labels
        }
        kept = [name for name in names if self._is_usable(name, found)]
        self.num_listed = len(names)
        self._log_counts(kept, found)
        return [self._sample(name, images, found) for name in kept]

    def _names(self, images: Mapping[str, str]) -> list[str]:
        if not self.ann_file:
            if not images:
                folder, suffixes = self.data_prefix["img_path"], ", ".join(IMAGE_SUFFIXES)
                raise DataError(f"{folder}: no picture ({suffixes}) in it.")
            return sorted(images)
        names = read_list(self.ann_file, self.backend_args)
        repeated = len(names) - len(set(names))
        if repeated:
            raise DataError(
                f"{self.ann_file}: {repeated} of {counted(len(names), 'line')} occur before."
            )
        return names

    def _index(self, key: str, suffixes: tuple[str, ...]) -> dict[str, str]:
        """The files of a folder by their name without suffix."""
        folder = self.data_prefix[key]
        if not fileio.isdir(folder, backend_args=self.backend_args):
            raise DataError(
                f"{folder}: no such folder; {type(self).__name__} looks for {key} there."
            )
        index: dict[str, str] = {}
        for file in fileio.list_dir_or_file(
            folder, list_dir=False, recursive=True, backend_args=self.backend_args
        ):
            stem, suffix = os.path.splitext(file)
            if suffix.lower() not in suffixes:
                continue
            name = str(PurePosixPath(stem))
            if name in index:
                raise DataError(f"{folder}: {name} occurs twice, as {file} and {index[name]}.")
            index[name] = file
        return index

    def _is_usable(self, name: str, found: Mapping[str, Mapping[str, str]]) -> bool:
        has_any = not self.labels or any(name in files for files in found.values())
        return has_any and all(name in found[label] for label in self.require)

    def _log_counts(self, kept: Sequence[str], found: Mapping[str, Mapping[str, str]]) -> None:
        source = self.ann_file or self.data_prefix["img_path"]
        needed = f"without {' and '.join(self.require)}" if self.require else "without any label"
        if not kept:
            folders = [self.data_prefix[PATH_KEYS[label]] for label in self.labels]
            raise DataError(
                f"{source}: all {counted(self.num_listed, 'image')} left out: {needed} in "
                f"{', '.join(folders)}."
            )
        text = f"{source}: {counted(len(kept), 'image')}"
        if len(kept) < self.num_listed:
            text += f", {self.num_listed - len(kept)} left out ({needed})"
        for label, files in found.items():
            num_found = sum(name in files for name in kept)
            if num_found < len(kept):
                text += f"; {num_found} with {label}"
        print_log(text, logger="current")

    def _sample(
        self, name: str, images: Mapping[str, str], found: Mapping[str, Mapping[str, str]]
    ) -> dict[str, Any]:
        def path(key: str, file: str) -> str:
            return fileio.join_path(self.data_prefix[key], file, backend_args=self.backend_args)

        # A missing image is named as its neighbours are.
        file = images.get(name) or name + os.path.splitext(next(iter(images.values())))[1]
        sample: dict[str, Any] = dict(img_path=path("img_path", file))
        for label, files in found.items():
            if name in files:
                sample[PATH_KEYS[label]] = path(PATH_KEYS[label], files[name])
        if "seg_map_path" in sample:
            sample.update(reduce_zero_label=self.reduce_zero_label, label_map=None, seg_fields=[])
        return sample
