"""Saliency on PASCAL-Context with DPT: maxF 97.2 in the paper.

Data: ``data/pascal_mt``, see data/README.md. The paper does not state its protocol: maxF of the
three in use and the class-mean F are reported, see ``SaliencyMetric``.
"""

from mmengine.config import read_base

from argus.datasets.transforms import JointRandomCrop, LoadSaliency, PackDense
from argus.evaluation.metrics import SaliencyMetric

with read_base():
    from ..models.dpt_saliency import dpt_saliency
    from .invpt import pascal_data

pascal_saliency = dict(
    decoder=dpt_saliency,
    **pascal_data(
        labels=["saliency"],
        load=[dict(type=LoadSaliency, threshold=127)],  # not stated in paper: InvPT
        # not stated in paper: InvPT, which also bounds the share of one semantic class; their
        # labels are not read here.
        crop=dict(type=JointRandomCrop, size=(512, 512)),
        pack=dict(type=PackDense, fields=["saliency"]),
    ),
    metrics=dict(type=SaliencyMetric),
    paper=dict(maxF=0.972),
    primary="maxF",
    lower_is_better=["MAE"],
    # not stated in paper: maxF alone
    report=["maxF", "maxF_sigmoid", "maxF_image", "mF", "MAE", "S_measure", "E_max"],
    table="Paper, Table 2",
    licence="PASCAL VOC: images under the terms of Flickr; labels of ASTMT: CC BY-NC 4.0",
)
