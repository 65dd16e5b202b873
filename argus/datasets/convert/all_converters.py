"""All converters by name."""

from argus.datasets.convert.ade20k import ADE20K
from argus.datasets.convert.ade20k_full import ADE20K_FULL
from argus.datasets.convert.bccd import BCCD
from argus.datasets.convert.bsds500 import BSDS500, SOD
from argus.datasets.convert.camvid import CAMVID
from argus.datasets.convert.ccp import CCP
from argus.datasets.convert.cifar10 import CIFAR10
from argus.datasets.convert.coco import COCO
from argus.datasets.convert.coco_karpathy import COCO_KARPATHY
from argus.datasets.convert.imagenet import IMAGENET
from argus.datasets.convert.kitti import KITTI_EIGEN
from argus.datasets.convert.magnetic_tile import MAGNETIC_TILE
from argus.datasets.convert.mvtec import MVTEC
from argus.datasets.convert.navi import NAVI
from argus.datasets.convert.nuclei import NUCLEI
from argus.datasets.convert.nyuv2_depth import NYUV2_DEPTH
from argus.datasets.convert.nyuv2_labeled import NYUV2_LABELED
from argus.datasets.convert.nyuv2_multitask import NYUV2_MULTITASK
from argus.datasets.convert.pascal import PASCAL
from argus.datasets.convert.pascal_parts import PASCAL_PARTS
from argus.datasets.convert.spair import SPAIR

CONVERTERS = {
    converter.name: converter
    for converter in (
        COCO,
        COCO_KARPATHY,
        ADE20K,
        ADE20K_FULL,
        IMAGENET,
        NYUV2_LABELED,
        NYUV2_DEPTH,
        NYUV2_MULTITASK,
        KITTI_EIGEN,
        PASCAL,
        PASCAL_PARTS,
        MVTEC,
        SPAIR,
        NAVI,
        CAMVID,
        NUCLEI,
        CIFAR10,
        BSDS500,
        SOD,
        BCCD,
        CCP,
        MAGNETIC_TILE,
    )
}
