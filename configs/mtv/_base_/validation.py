"""What a training of MTV is validated on: zero-shot classes of ImageNet-1k, and retrieval on COCO.

Neither is trained on. The numbers say how a training goes; they are near the paper's, which takes
80 sentences for a class, and Karpathy's 5,000 pictures of COCO 2014. Without these data leave the
validations out, by two lines below the imports of a config::

    del tasks["classes"]
    captions.update(val=None, metrics=None, primary=None, report=None)

Values without a remark are stated in the paper (arXiv 2601.13886).
"""

from mmengine.config import read_base  # noqa: F401  marks a new-style config
from mmpretrain.datasets import ImageNet
from mmpretrain.datasets.categories import IMAGENET_SIMPLE_CATEGORIES
from mmpretrain.evaluation import Accuracy

from argus.datasets.transforms import CheckLabel, LoadImage
from argus.mtv.data import OwnPairs, PackClass, PackPairs, WholeView
from argus.mtv.decoders import ZeroShot
from argus.mtv.metrics import RetrievalRecall

# not stated in paper; the seven that CLIP's authors found to do nearly as well as all 80
_templates = (
    "itap of a {}.",
    "a bad photo of the {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
)
_batch_size, _num_workers = 128, 4  # not stated in paper; do not change the result


def classes(size, tokenizer):
    """A task that is measured alone: ImageNet-1k by the names of its classes."""
    return dict(
        decoder=dict(
            type=ZeroShot,
            names=IMAGENET_SIMPLE_CATEGORIES,  # not stated in paper; those of CLIP
            templates=_templates,
            tokenizer=tokenizer,
        ),
        val=dict(
            dataset=dict(
                type=ImageNet,
                data_root="data/imagenet",
                split="val",
                test_mode=True,
                pipeline=[
                    dict(type=LoadImage),
                    dict(type=CheckLabel, num_classes=1000),
                    dict(type=WholeView, size=size),
                    dict(type=PackClass, task="classes"),
                ],
            ),
            batch_size=_batch_size,
            num_workers=_num_workers,
        ),
        metrics=dict(type=Accuracy, topk=(1, 5)),
        primary="top1",
        report=("top1", "top5"),
    )


def retrieval(size, tokenizer):
    """What the task of captions is measured by: COCO 2017's 5,000 pictures and their captions."""
    return dict(
        val=dict(
            dataset=dict(
                type=OwnPairs,
                data="data/coco",
                format="coco",
                split="val",
                pipeline=[
                    dict(type=WholeView, size=size),
                    dict(
                        type=PackPairs,
                        labels=dict(captions="captions"),
                        tokenizer=tokenizer,
                        every_caption=True,
                    ),
                ],
            ),
            batch_size=_batch_size,
            num_workers=_num_workers,
        ),
        metrics=dict(type=RetrievalRecall, top=(1, 5, 10)),
        primary="image_to_text_r1",
        report=("image_to_text_r1", "text_to_image_r1"),
    )
