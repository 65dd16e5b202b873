"""The lines at the start of a training: what is trained, on what, where the outputs go."""

from collections.abc import Mapping

from torch import nn

from argus.engine.loading.loaders import MultitaskLoader
from argus.models.task_model import TaskModel


def parameter_table(model: TaskModel) -> dict[str, tuple[int, int]]:
    """Trained and frozen parameters of the backbone and of every task's decoder."""
    parts: Mapping[str, nn.Module] = {"backbone": model.backbone, **dict(model.decoders.items())}
    table = {}
    for name, module in parts.items():
        sizes = [(p.numel(), p.requires_grad) for p in module.parameters()]
        trained = sum(size for size, trains in sizes if trains)
        table[name] = (trained, sum(size for size, _ in sizes) - trained)
    return table


def training_summary(
    model: TaskModel, loader: MultitaskLoader, num_batches: Mapping[str, int], num_steps: int
) -> str:
    """Parameters, and per data stream its samples, batch size and passes over the data.

    Args:
        model: What is trained.
        loader: Of its batches.
        num_batches: Of each stream in the whole training.
        num_steps: Of the whole training.
    """
    rows = parameter_table(model)
    trained, frozen = (sum(column) for column in zip(*rows.values(), strict=True))
    lines = [
        f"{trained / 1e6:.2f} M parameters to train, {frozen / 1e6:.2f} M frozen: "
        + ", ".join(f"{name} {(own + kept) / 1e6:.2f} M" for name, (own, kept) in rows.items())
    ]
    width = max(map(len, loader.samplers))
    for stream, sampler in loader.samplers.items():
        number = num_batches[stream]
        sampled = "" if number >= num_steps else f" in {number / num_steps:.1%} of the steps"
        lines.append(
            f"  {stream:<{width}}  {sampler.num_samples:>9,} "
            f"{'sample' if sampler.num_samples == 1 else 'samples'}, "
            f"{sampler.global_batch_size:>4} a step{sampled}, {sampler.epochs(number):.1f} epochs"
        )
    return "\n".join(lines)
