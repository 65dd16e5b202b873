"""BSDS500: boundaries that several people drew; and SOD: salient objects of 300 of its pictures.

Arbelaez et al., PAMI 2011 (200 training, 100 validation, 200 test pictures); Movahedi and Elder,
"Design and Perceptual Validation of Performance Measures for Salient Object Segmentation", CVPRW
2010. SOD's 300 pictures are the 200 training and 100 validation pictures of BSDS500 (those of the
older BSDS300). So the two share a training part without seeing a test picture of either: both train
on the 200 of ``train``, saliency is tested on the 100 of ``val``, boundaries on the 200 of
``test``.
"""

from collections.abc import Sequence
from typing import Any

from argus.datasets.lists import ListDataset
from argus.registry import DATASETS


@DATASETS.register_module()
class BSDS500(ListDataset):
    """Pictures of BSDS500 with boundaries, saliency or both.

    Layout below ``data_root``: ``bsds500/images/<split>/``; ``bsds500/groundTruth/<split>/*.mat``
    as published (``LoadBoundaryPeople`` reads them); ``sod/masks/`` PNG, 0 or 255. ``data_prefix``
    names the folders of another split than ``train``.

    Args:
        ann_file: List of pictures; empty for all of the folder.
        labels: Of ``boundary`` and ``saliency``; a picture need not have both.
        **kwargs: As ``ListDataset``.
    """

    METAINFO = dict(classes=())
    IMAGE_FOLDER = "bsds500/images/train"
    FOLDERS = dict(boundary="bsds500/groundTruth/train", saliency="sod/masks")
    SUFFIXES = dict(boundary=(".mat",))

    def __init__(
        self, ann_file: str = "", *, labels: Sequence[str] = ("boundary", "saliency"), **kwargs: Any
    ) -> None:
        super().__init__(ann_file, labels=labels, **kwargs)
