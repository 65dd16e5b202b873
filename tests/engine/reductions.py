"""What the processes of a training step reduce, and when."""

from typing import Any

import pytest
import torch
from torch.distributed import GradBucket
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.nn.parallel import DistributedDataParallel

from tests.engine.test_gradient_schedule import gradients, max_relative_difference, toy_model


def noted_reductions(batches: list[dict], kind: str) -> list[str]:
    """Of a second step, when DDP has put its buckets in order; a bucket for every parameter.

    Returns:
        In order, the names of what DDP reduces, and two words: ``all-reduce`` is any such call,
        ``end`` is where a backward pass has come to the backbone's first layer.
    """
    options = dict(broadcast_buffers=False, gradient_as_bucket_view=True)
    model = DistributedDataParallel(toy_model(), bucket_cap_mb=1e-6, **options)
    first = gradients(model, batches, kind)
    events: list[str] = []
    names = {id(parameter): name for name, parameter in model.module.named_parameters()}
    all_reduce = torch.distributed.all_reduce

    def reduce(state: None, bucket: GradBucket) -> torch.futures.Future[torch.Tensor]:
        events.extend(names[id(parameter)] for parameter in bucket.parameters())
        return allreduce_hook(state, bucket)

    def noted(*args: Any, **kwargs: Any) -> Any:
        events.append("all-reduce")
        return all_reduce(*args, **kwargs)

    model.register_comm_hook(None, reduce)
    lowest = next(p for p in model.module.backbone.parameters() if p.requires_grad)
    lowest.register_post_accumulate_grad_hook(lambda _: events.append("end"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.distributed, "all_reduce", noted)
        second = gradients(model, batches, kind)
    assert max_relative_difference(first, second) == 0
    return events
