"""Clothing Co-Parsing, 59 labels, with the UperNet of the other semantic task.

Data: ``data/small/ccp``, see data/README.md. 800 training and 204 test photos, long side 400 px, a
split of our own: by number. The mIoU is over all 59 labels, of which many are rare.
"""

from mmengine.config import read_base

from argus.datasets.ccp import ClothingCoParsing

with read_base():
    from .semantic import semantic_data, semantic_decoder

_num_classes = 59

ccp_parsing = dict(
    decoder=semantic_decoder(_num_classes),
    **semantic_data(
        dict(type=ClothingCoParsing, data_root="data/small/ccp"),
        num_classes=_num_classes,
        scale=(416, 288),
        batch_size=1,
        parts=("val",),
    ),
    licence="Clothing Co-Parsing: its repository is under Apache-2.0",
)
