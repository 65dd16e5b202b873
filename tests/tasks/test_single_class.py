"""One class and a softmax: a mistake of the config, before any data are read."""

from typing import Any

import pytest
import torch
from mmpretrain.models.losses import CrossEntropyLoss as ClassificationLoss
from mmseg.models.losses import CrossEntropyLoss, DiceLoss

from argus.errors import ConfigError
from argus.tasks.single_class import check_single_class


def semantic(num_classes: int, loss: Any) -> dict[str, Any]:
    head = dict(type="mmseg.FCNHead", num_classes=num_classes, loss_decode=loss)
    return dict(type="mmseg.EncoderDecoder", decode_head=dict(head), auxiliary_head=[dict(head)])


@pytest.mark.parametrize(
    ("decoder", "place"),
    [
        (semantic(1, dict(type=CrossEntropyLoss)), "t.decoder.decode_head"),
        (semantic(1, [dict(type="mmseg.CrossEntropyLoss")]), "t.decoder.decode_head"),
        (
            dict(
                type="mmpretrain.ImageClassifier",
                head=dict(num_classes=1, loss=dict(type=ClassificationLoss, loss_weight=1.0)),
            ),
            "t.decoder.head",
        ),
    ],
)
def test_softmax_over_one_class__is_refused(decoder: dict[str, Any], place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_single_class("t", decoder)
    assert str(caught.value).startswith(f"{place}.num_classes is 1, and a softmax over one class")


@pytest.mark.parametrize(
    "decoder",
    [
        semantic(2, dict(type=CrossEntropyLoss)),
        semantic(1, dict(type=CrossEntropyLoss, use_sigmoid=True)),
        semantic(1, [dict(type=CrossEntropyLoss), dict(type=DiceLoss)]),
        # mmdet's heads have the background besides.
        dict(
            type="mmdet.MaskRCNN",
            bbox_head=dict(num_classes=1, loss=dict(type="CrossEntropyLoss")),
        ),
    ],
)
def test_others__are_not(decoder: dict[str, Any]) -> None:
    check_single_class("t", decoder)


def test_loss__of_mmseg_is_zero_whatever_is_predicted() -> None:
    """Why it is refused."""
    predicted = torch.randn(2, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    labels = torch.zeros(2, 4, 4, dtype=torch.long)
    assert CrossEntropyLoss()(predicted, labels) == 0
