"""Do the tasks pull what they share the same way? Norms and cosines of their gradients.

Source: the cosine as a measure of conflict is that of Yu et al., "Gradient Surgery for Multi-Task
Learning", NeurIPS 2020, definition 1.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.visualization import LocalVisBackend
from torch import Tensor, nn

from argus.datasets.seeding import isolated_rng, stable_seed
from argus.engine.balancing.balanced_schedule import copied
from argus.engine.balancing.gram import cosines_of, gram, norms_of
from argus.engine.distributed import average_in_buckets
from argus.engine.guard.step_guard import BufferKeeper
from argus.errors import ConfigError
from argus.registry import HOOKS


@HOOKS.register_module()
class ConflictHook(Hook):
    """Log ``<task>/conflict_norm`` and ``<task>/cosine_<other>`` every so many steps.

    Of the weighted losses of the coming step's first batches, on the trained parameters of the
    backbone, averaged over all processes. It costs a forward and a backward pass of these batches,
    about one more step in ``interval``, and memory for a gradient of the backbone per task. The
    training itself is the same, bit for bit.

    Args:
        interval: Steps between reports.
    """

    def __init__(self, *, interval: int = 500) -> None:
        if not isinstance(interval, int) or interval < 1:
            raise ConfigError(f"ConflictHook.interval: expected at least 1, found {interval!r}.")
        self.interval = interval

    def before_train(self, runner: Any) -> None:
        """See that there is something to compare."""
        tasks = [task for members in runner.raw_model.streams.values() for task in members]
        if len(tasks) < 2 or not _shared(runner):
            raise ConfigError(
                "ConflictHook compares the gradients of two tasks or more on the backbone, and "
                f"this training has the tasks {', '.join(tasks)} on a backbone with "
                f"{'' if _shared(runner) else 'no '}trained parameters. Remove the hook."
            )

    def before_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Measure and log, if it is time to."""
        if runner.iter % self.interval:
            return
        with isolated_rng(0):
            gradients = _gradients(runner, copied(data_batch[0]))
        average_in_buckets(gradient for own in gradients.values() for gradient in own)
        if len(gradients) > 1:  # sampled steps have one stream, which may be one task
            _log(runner, list(gradients), gram(list(gradients.values())))


def _shared(runner: Any) -> list[nn.Parameter]:
    return [p for p in runner.raw_model.backbone.parameters() if p.requires_grad]


def _gradients(runner: Any, batches: Mapping[str, Any]) -> dict[str, list[Tensor]]:
    """Gradients of each task, stream after stream: the memory is that of the largest."""
    model, shared = runner.raw_model, _shared(runner)
    keeper = BufferKeeper(model)
    keeper.keep()
    found: dict[str, list[Tensor]] = {}
    for stream, batch in batches.items():
        names = (stream, *model.streams[stream])
        seeds = {name: stable_seed("conflicts", runner.seed, runner.iter, name) for name in names}
        with runner.optim_wrapper.optim_context(model):
            losses, _ = model({stream: batch}, mode="loss", seeds=seeds)
        for index, (task, loss) in enumerate(losses.items()):
            more = index < len(losses) - 1
            grads = torch.autograd.grad(loss, shared, retain_graph=more, allow_unused=True)
            found[task] = [
                torch.zeros_like(p) if g is None else g for p, g in zip(shared, grads, strict=True)
            ]
    keeper.restore()
    return found


def _log(runner: Any, tasks: Sequence[str], products: Tensor) -> None:
    norms, cosines = norms_of(products).tolist(), cosines_of(products).tolist()
    values = {f"{task}/conflict_norm": norm for task, norm in zip(tasks, norms, strict=True)}
    pairs = {
        (task, other): cosines[row][column]
        for row, task in enumerate(tasks)
        for column, other in enumerate(tasks[:row])
    }
    values |= {f"{task}/cosine_{other}": cosine for (task, other), cosine in pairs.items()}
    values = {name: value for name, value in values.items() if math.isfinite(value)}
    step = runner.iter + 1
    texts = (f"{task}-{other} {cosine:.2f}" for (task, other), cosine in pairs.items())
    runner.logger.info(f"cosines of the tasks' gradients at step {step}: {', '.join(texts)}")
    for backend in runner.visualizer._vis_backends.values() if is_main_process() else ():
        # In the JSON log a line without a loss would be one of metrics.
        event = {"event": "conflicts"} if isinstance(backend, LocalVisBackend) else {}
        backend.add_scalars({**event, **values}, step=step, file_path=f"{runner.timestamp}.json")
