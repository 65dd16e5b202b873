"""An unmodified Mask R-CNN learns and answers the same with either operators."""

import pytest
import torch
from torch import Tensor

from argus.models.foreign import library_scope
from tests.mmcv_ops.modules import compiled, ours, use
from tests.models.decoders.test_mask_rcnn import batch, build


def train() -> list[Tensor]:
    """Losses of a few steps, then what is found."""
    model = build().train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    seen = []
    for step in range(4):
        torch.manual_seed(step)  # sampling of anchors and regions
        with library_scope("mmdet"):
            total, parts = model.parse_losses(model.loss(*batch([2, 0, 3])))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        seen += [value.detach() for value in parts.values()]
    with torch.no_grad(), library_scope("mmdet"):
        for sample in model.eval().predict(*batch([2, 3])):
            found = sample.pred_instances
            seen += [found.bboxes, found.scores, found.labels, found.masks]
    assert any(len(values) for values in seen if values.ndim)
    return seen


def test_training__is_that_with_compiled_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    for module in (compiled(), ours()):
        use(module, monkeypatch)
        runs.append(train())
    torch.testing.assert_close(runs[1], runs[0], atol=0, rtol=0)
