"""All converters by name."""

from argus.datasets.convert.ade20k import ADE20K
from argus.datasets.convert.coco import COCO
from argus.datasets.convert.imagenet import IMAGENET
from argus.datasets.convert.mvtec import MVTEC
from argus.datasets.convert.nyuv2_depth import NYUV2_DEPTH
from argus.datasets.convert.nyuv2_labeled import NYUV2_LABELED
from argus.datasets.convert.nyuv2_multitask import NYUV2_MULTITASK
from argus.datasets.convert.pascal import PASCAL

CONVERTERS = {
    converter.name: converter
    for converter in (
        COCO,
        ADE20K,
        IMAGENET,
        NYUV2_LABELED,
        NYUV2_DEPTH,
        NYUV2_MULTITASK,
        PASCAL,
        MVTEC,
    )
}
