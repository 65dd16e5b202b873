"""Panoptic labels from the PNG of segment ids to the samples of mmdet's Mask2Former.

Between loading and packing the labels of an image are one map of segment numbers, which every
transform moves like a semantic map; masks are made at the end, of what is left. mmdet's
``LoadPanopticAnnotations`` needs the package panopticapi and moves every mask by itself.
"""

from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmdet.datasets.transforms import PackDetInputs
from mmdet.structures import INSTANCE_OFFSET
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import PixelData

from argus.datasets.transforms.label_images import check_label_size
from argus.datasets.transforms.labels import IGNORE
from argus.datasets.transforms.loading import decode_image
from argus.datasets.transforms.reading import read_bytes
from argus.errors import DataError
from argus.names.wording import counted
from argus.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadPanoptic(BaseTransform):
    """Load a panoptic PNG (id = R + 256 G + 65536 B): ``gt_seg_map`` (H, W) uint16 of segments.

    A pixel holds the number of its segment, which is the place of the segment in ``segments_info``,
    counted from 0 without 255; 255 is no segment, and what transforms fill with.

    Args:
        num_classes: Number of classes, things and stuff; at most 255.
        backend_args: Options of mmengine's file backend.
    """

    def __init__(self, num_classes: int, *, backend_args: dict[str, Any] | None = None) -> None:
        assert 0 < num_classes <= IGNORE, num_classes
        self.num_classes = num_classes
        self.backend_args = backend_args

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the map to ``results``.

        Raises:
            DataError: The file is missing or damaged, its size is not the image's, it holds an id
                that ``segments_info`` does not list, or a label is out of range.
        """
        path = results["panoptic_path"]
        content = read_bytes(path, self.backend_args)
        try:
            results["gt_seg_map"] = self._numbers(content, results)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        results.setdefault("seg_fields", []).append("gt_seg_map")
        return results

    def _numbers(self, content: bytes, results: dict[str, Any]) -> np.ndarray:
        check_label_size(content, results, name="panoptic PNG")
        blue, green, red = np.moveaxis(decode_image(content).astype(np.int32), -1, 0)
        ids = red + 256 * green + 65536 * blue
        segments = results["segments_info"]
        for segment in segments:
            if not 0 <= segment["label"] < self.num_classes:
                raise DataError(
                    f"segment {segment['id']} has the class {segment['label']}, expected "
                    f"0..{self.num_classes - 1}; give decoder and data set the same classes"
                )
        # Id 0 is "no segment"; it comes first, and searchsorted needs the ids in order.
        known = np.array([0, *(segment["id"] for segment in segments)])
        numbers = np.array([IGNORE, *segment_numbers(len(segments))], dtype=np.uint16)
        order = np.argsort(known)
        place = np.searchsorted(known[order], ids).clip(max=len(known) - 1)
        found = known[order][place] == ids
        if not found.all():
            unknown = np.unique(ids[~found]).tolist()
            raise DataError(
                f"the PNG holds segment ids {unknown[:5]} in "
                f"{counted(int((~found).sum()), 'pixel')}, which segments_info of the annotation "
                "file does not list: files of two versions?"
            )
        return numbers[order][place]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_classes={self.num_classes})"


def segment_numbers(count: int) -> list[int]:
    """The numbers of the segments in a map of :class:`LoadPanoptic`: 0, 1, ... without 255."""
    return [index + (index >= IGNORE) for index in range(count)]


@TRANSFORMS.register_module()
class PackThings(PackDetInputs):
    """Pack the image and ``gt_instances`` of the things: ``labels``, ``masks``, ``bboxes``.

    The sample of an instance segmentation task, from panoptic labels: as things are numbered before
    stuff, their labels are those of the instance task. Crowd regions, and things of which the
    transforms left no pixel, are left out.

    Args:
        meta_keys: As mmdet's ``PackDetInputs``.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack; ``results`` must have been loaded with :class:`LoadPanoptic`."""
        results = dict(results)
        number_map = results.pop("gt_seg_map")
        segments = results["segments_info"]
        present = np.flatnonzero(np.bincount(number_map.ravel(), minlength=IGNORE + 1))
        by_number = dict(zip(segment_numbers(len(segments)), segments, strict=True))
        things = [
            int(number)
            for number in present
            if number != IGNORE
            and by_number[number]["is_thing"]
            and not by_number[number]["is_crowd"]
        ]
        masks = [(number_map == number).astype(np.uint8) for number in things]
        results["gt_masks"] = BitmapMasks(masks, *number_map.shape)
        results["gt_bboxes"] = results["gt_masks"].get_bboxes(HorizontalBoxes)
        labels = [by_number[number]["label"] for number in things]
        results["gt_bboxes_labels"] = np.array(labels, dtype=np.int64)
        return super().transform(results)


@TRANSFORMS.register_module()
class PackPanoptic(PackThings):
    """Pack the training sample of a panoptic task: the things, and the class of every pixel.

    ``gt_sem_seg`` is (1, H, W) uint8, 255 without a segment; mmdet's heads take the stuff from it.

    Args:
        meta_keys: As mmdet's ``PackDetInputs``.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack; ``results`` must have been loaded with :class:`LoadPanoptic`."""
        packed = super().transform(results)
        segments = results["segments_info"]
        table = np.full(max(len(segments), IGNORE) + 1, IGNORE, dtype=np.uint8)
        labels = [IGNORE if item["is_crowd"] else item["label"] for item in segments]
        table[segment_numbers(len(segments))] = labels
        semantic = torch.from_numpy(table[results["gt_seg_map"]])[None]
        packed["data_samples"].gt_sem_seg = PixelData(sem_seg=semantic)
        return packed


@TRANSFORMS.register_module()
class PackPanopticMap(PackDetInputs):
    """Pack the sample that the panoptic metric and pictures compare with, at the original size.

    ``gt_panoptic_seg`` has ``sem_seg`` (1, H, W) int32, per pixel label + number *
    ``INSTANCE_OFFSET`` as mmdet's predictions, 255 without a segment, and the meta key
    ``segments_info``: ``id`` in that map, ``label``, ``area`` and ``is_crowd`` of every segment.

    Args:
        meta_keys: As mmdet's ``PackDetInputs``.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack; ``results`` must have been loaded with :class:`LoadPanoptic`."""
        results = dict(results)
        number_map = results.pop("gt_seg_map")
        segments = results["segments_info"]
        table = np.full(max(len(segments), IGNORE) + 1, IGNORE, dtype=np.int32)
        # Stuff has the number 0, but a second region of its class would take its id.
        ids: list[int] = []
        for index, segment in enumerate(segments, start=1):
            label = segment["label"]
            plain = not segment["is_thing"] and not segment["is_crowd"] and label not in ids
            ids.append(label if plain else label + index * INSTANCE_OFFSET)
        table[segment_numbers(len(segments))] = ids
        packed = super().transform(results)
        truth = PixelData(sem_seg=torch.from_numpy(table[number_map])[None])
        truth.set_metainfo(
            dict(
                segments_info=[
                    {"id": id_, **{key: segment[key] for key in ("label", "area", "is_crowd")}}
                    for id_, segment in zip(ids, segments, strict=True)
                ]
            )
        )
        packed["data_samples"].gt_panoptic_seg = truth
        return packed
