"""Training a small head on frozen features: samples by draws, a schedule, a step.

Schedules are those of mmcv's runner, which the published linear probes were trained with: during
the warm-up the rate of the decayed schedule is scaled up linearly.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from argus.datasets.samplers import TaskSampler
from argus.datasets.seeding import isolated_rng, stable_seed
from argus.errors import ConfigError, DataError
from argus.mtv.evaluation.progress import shown

Sample = dict[str, Any]


class ProbeSamples(Dataset[Sample]):
    """The samples of a data set of OpenMMLab whose pipeline ends unpacked.

    Args:
        dataset: Gives ``img`` BGR (H, W, 3) uint8 and ``label`` (H, W).
        label: Key of the label map in its results.
        seed: Of what the pipeline draws, which is a function of it and the number of the draw.
    """

    def __init__(self, dataset: Any, *, label: str, seed: int = 0) -> None:
        self.dataset = dataset
        self.label = label
        self.seed = seed

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, key: Any) -> Sample:
        """``picture`` RGB, ``label`` tensor (H, W), ``path`` and the number ``index``.

        Args:
            key: The number of the draw and the index, or an index alone.
        """
        draw, index = key if isinstance(key, tuple) else (key, key)
        with isolated_rng(stable_seed("probe", self.seed, int(draw))):
            results = self.dataset[int(index)]
        picture = np.ascontiguousarray(results["img"][..., ::-1])
        assert picture.dtype == np.uint8, picture.dtype
        label = torch.from_numpy(np.ascontiguousarray(results[self.label]))
        path = str(results["img_path"])
        return dict(picture=Image.fromarray(picture), label=label, path=path, index=int(index))


class _Faults(Dataset[Sample | DataError]):
    """Samples, or what is wrong with them: an error raised in a worker brings its stack along."""

    def __init__(self, samples: ProbeSamples) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, key: Any) -> Sample | DataError:
        try:
            return self.samples[key]
        except DataError as error:
            return error


def _raised(batch: Sequence[Sample | DataError]) -> list[Sample]:
    for sample in batch:
        if isinstance(sample, DataError):
            raise sample
    return [sample for sample in batch if not isinstance(sample, DataError)]


def training_batches(
    samples: ProbeSamples, *, batch_size: int, steps: int, num_workers: int
) -> Iterator[list[Sample]]:
    """As many batches as there are steps, drawn in epochs without gaps.

    Raises:
        DataError: If a file cannot be read.
    """
    sampler = TaskSampler(len(samples), batch_size, seed=samples.seed)
    loader = DataLoader(
        _Faults(samples),
        batch_size=batch_size,
        sampler=sampler,
        num_workers=num_workers,
        collate_fn=list,
        persistent_workers=num_workers > 0,
    )
    for _, batch in zip(range(steps), loader, strict=False):
        yield _raised(batch)


def validation_samples(samples: ProbeSamples, *, num_workers: int) -> Iterator[Sample]:
    """Each sample once, in order.

    Raises:
        DataError: If a file cannot be read.
    """
    loader = DataLoader(_Faults(samples), batch_size=1, num_workers=num_workers, collate_fn=list)
    for batch in loader:
        yield from _raised(batch)


def warmed_up(decay: Callable[[float], float], *, steps: int, warmup: int, start: float) -> Any:
    """The factor of the rate at a step, from 0.

    Args:
        decay: The factor at a share of the steps in [0, 1).
        steps: In all.
        warmup: Steps in which the rate rises to that of the decay.
        start: Share of the decayed rate at step 0.
    """

    def factor(step: int) -> float:
        rise = 1.0 if step >= warmup else 1 - (1 - step / warmup) * (1 - start)
        return decay(step / steps) * rise

    return factor


def polynomial(power: float) -> Callable[[float], float]:
    """From 1 to 0."""
    return lambda share: max(1 - share, 0.0) ** power


def cosine(share: float) -> float:
    """Half a wave from 1 to 0."""
    return (1 + math.cos(math.pi * share)) / 2


def train(
    head: nn.Module,
    batches: Iterator[list[Sample]],
    backward: Callable[[Sequence[Sample]], Tensor],
    *,
    steps: int,
    lr: float,
    weight_decay: float,
    factor: Callable[[int], float],
    max_norm: float | None = None,
    title: str,
) -> float:
    """Train with AdamW.

    Args:
        head: What is trained.
        batches: One for each step.
        backward: Computes the loss of a batch (), detached, and its gradients.
        steps: Of training.
        lr: Learning rate.
        weight_decay: Of AdamW.
        factor: Of the rate at a step.
        max_norm: Of the gradients, which are cut to it.
        title: For the progress.

    Returns:
        The mean loss of the last tenth of the steps.

    Raises:
        ConfigError: If the loss is no number.
    """
    optimizer = torch.optim.AdamW(head.parameters(), lr=lr, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    head.train()
    losses: deque[Tensor] = deque(maxlen=max(steps // 10, 1))
    for step, batch in enumerate(shown(batches, total=steps, title=title)):
        optimizer.zero_grad(set_to_none=True)
        loss = backward(batch)
        if max_norm is not None:
            torch.nn.utils.clip_grad_norm_(head.parameters(), max_norm)
        optimizer.step()
        schedule.step()
        losses.append(loss)
        if step % 100 == 99 or step == steps - 1:
            _check_finite(loss, step)
    head.eval()
    return float(torch.stack(list(losses)).mean())


def _check_finite(loss: Tensor, step: int) -> None:
    if not torch.isfinite(loss):
        raise ConfigError(
            f"the loss of the probe is {float(loss)} at step {step + 1}: are the features finite, "
            "and the learning rate (option lr) not too large?"
        )
