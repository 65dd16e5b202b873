"""Learning rates that rise to their full height, and then fall along half a cosine (SGDR)."""

from mmengine.config import read_base  # noqa: F401  marks a new-style config
from mmengine.optim import CosineAnnealingLR, LinearLR


def warm_cosine(max_iters, *, warmup_iters, start_factor, eta_min):
    """Schedulers of a training of so many steps; ``start_factor`` times the rate is the first."""
    return [
        dict(type=LinearLR, start_factor=start_factor, by_epoch=False, begin=0, end=warmup_iters),
        dict(
            type=CosineAnnealingLR,
            by_epoch=False,
            begin=warmup_iters,
            end=max_iters,
            T_max=max_iters - warmup_iters,
            eta_min=eta_min,
        ),
    ]
