"""Do the tasks pull the shared backbone the same way? Norms and cosines of their gradients.

Every task's gradient is taken by itself on the trained parameters of the backbone, for the loss as
it enters the total (with its weight), batch by batch. A cosine near 1 says that two tasks agree,
near 0 that they are strangers, below 0 that a step for one undoes the other's.

Source: the cosine as a measure of conflict is that of Yu et al., "Gradient Surgery for Multi-Task
Learning", NeurIPS 2020, definition 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from argus.analysis.chart import clean, line_color
from argus.analysis.loaded_model import LoadedModel
from argus.datasets.seeding import stable_seed
from argus.engine.balancing.gram import cosines_of, gram, norms_of
from argus.engine.loading.loaders import MultitaskLoader
from argus.errors import ConfigError, DataError
from argus.names.wording import counted
from argus.precision import autocast


@dataclass(frozen=True, kw_only=True)
class GradientReport:
    """Gradients of T tasks over a number of batches.

    Args:
        tasks: Names, T of them.
        num_batches: Batches of every stream.
        num_parameters: Trained numbers of the backbone.
        norms: ``(batches, T)``, of the weighted loss.
        cosines: ``(batches, T, T)``; NaN where a task had no gradient in a batch.
        mean_cosine: ``(T, T)``, between the gradients averaged over all batches: less noise than in
            one batch, so nearer to what the tasks want in the long run.
    """

    tasks: tuple[str, ...]
    num_batches: int
    num_parameters: int
    norms: np.ndarray
    cosines: np.ndarray
    mean_cosine: np.ndarray

    @property
    def cosine_means(self) -> np.ndarray:
        """``(T, T)``: mean over the batches that have a value; NaN where none has."""
        return _mean(self.cosines)

    @property
    def cosine_spreads(self) -> np.ndarray:
        """``(T, T)``: standard deviation over these batches."""
        return _spread(self.cosines)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: means and spreads (standard deviation over the batches), ``null`` for NaN."""
        return {
            "tasks": list(self.tasks),
            "num_batches": self.num_batches,
            "num_parameters": self.num_parameters,
            "norm": _plain(self.norms.mean(0)),
            "norm_std": _plain(self.norms.std(0)),
            "cosine": _plain(self.cosine_means),
            "cosine_std": _plain(self.cosine_spreads),
            "cosine_of_mean_gradients": _plain(self.mean_cosine),
        }


def measure_gradients(loaded: LoadedModel, *, num_batches: int) -> GradientReport:
    """Measure on the training data of the config, augmented as in training.

    Args:
        loaded: The model.
        num_batches: Batches of every stream.

    Raises:
        ConfigError: If the backbone is frozen, or there are less than two tasks to compare.
    """
    model = loaded.model
    probe = [p for p in model.backbone.parameters() if p.requires_grad]
    tasks = [task for members in model.streams.values() for task in members]
    if not probe:
        raise ConfigError(
            "nothing of the backbone is trained, so no task has a gradient on it. Measure a config "
            "of stage 1, or one that tunes the adapter (configs/stage2/tuned_adapter/)."
        )
    if len(tasks) < 2:
        raise ConfigError(f"expected two trained tasks or more to compare, found {tasks}.")
    if num_batches < 1:
        raise ConfigError(f"--batches: expected 1 or more, found {num_batches}.")
    loader = MultitaskLoader(loaded.tasks, seed=loaded.seed)
    model.train()
    batches = (batch for _, batch in zip(range(num_batches), loader, strict=False))
    return compare_tasks(
        _task_gradients(loaded, batches, probe),
        num_parameters=sum(parameter.numel() for parameter in probe),
    )


def compare_tasks(
    gradients: Iterable[Mapping[str, Tensor]], *, num_parameters: int
) -> GradientReport:
    """Norms, cosines and their means of gradients that come batch by batch.

    Args:
        gradients: Per batch the gradient ``(P,)`` of each task; the tasks are those of the first.
        num_parameters: P.

    Raises:
        DataError: If a gradient is not finite.
    """
    norms: list[np.ndarray] = []
    cosines: list[np.ndarray] = []
    total: Tensor | None = None
    tasks: tuple[str, ...] = ()
    for batch in gradients:
        tasks = tasks or tuple(batch)
        stacked = torch.stack([batch[task] for task in tasks])  # (T, P)
        products = _products(stacked)
        diagonal = products.diagonal()
        bad = [task for task, value in zip(tasks, diagonal, strict=True) if value != value]
        if bad or not products.isfinite().all():
            raise DataError(
                f"gradients of batch {len(norms)} are not finite (tasks {bad or list(tasks)}). Try "
                "precision=fp32, or look at the checkpoint and the data of these tasks."
            )
        norms.append(norms_of(products).numpy())
        cosines.append(cosines_of(products).numpy())
        total = stacked if total is None else total + stacked
    assert total is not None, "no batch"
    return GradientReport(
        tasks=tasks,
        num_batches=len(norms),
        num_parameters=num_parameters,
        norms=np.stack(norms),
        cosines=np.stack(cosines),
        mean_cosine=cosines_of(_products(total)).numpy(),
    )


def _task_gradients(
    loaded: LoadedModel, batches: Iterable[Mapping[str, Any]], probe: Sequence[nn.Parameter]
) -> Iterable[dict[str, Tensor]]:
    """Gradients of each batch, stream after stream: the memory is that of the largest."""
    for index, batch in enumerate(batches):
        found: dict[str, Tensor] = {}
        for stream, content in batch.items():
            names = (stream, *loaded.model.streams[stream])
            seeds = {name: stable_seed("gradients", loaded.seed, index, name) for name in names}
            with autocast(loaded.precision, loaded.device.type):
                losses, _ = loaded.model({stream: content}, mode="loss", seeds=seeds)
            for position, (task, loss) in enumerate(losses.items()):
                more = position < len(losses) - 1
                found[task] = flat_gradient(loss, probe, retain_graph=more)
        yield found


def flat_gradient(
    loss: Tensor, parameters: Sequence[nn.Parameter], *, retain_graph: bool = False
) -> Tensor:
    """Gradient of a loss on some parameters as one float32 vector ``(P,)``; zero where unused."""
    grads = torch.autograd.grad(loss, parameters, retain_graph=retain_graph, allow_unused=True)
    return torch.cat(
        [
            (torch.zeros_like(parameter) if grad is None else grad).float().flatten()
            for parameter, grad in zip(parameters, grads, strict=True)
        ]
    )


def _products(stacked: Tensor) -> Tensor:
    """Products of all pairs of rows (T, P), (T, T) float64."""
    return gram([[row] for row in stacked]).cpu()


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the batches that have a value; NaN where none has."""
    count = np.isfinite(values).sum(0)
    with np.errstate(invalid="ignore"):
        return np.nansum(values, 0) / count


def _spread(values: np.ndarray) -> np.ndarray:
    return np.sqrt(_mean((values - _mean(values)) ** 2))


def _plain(values: np.ndarray) -> Any:
    """Nested lists; ``None`` for NaN, which JSON does not have."""
    return [_plain(v) if np.ndim(v) else (None if v != v else float(v)) for v in values]


def draw_gradients(report: GradientReport, *, title: str = "") -> Figure:
    """Norms as bars and the cosines as a heat map; mean and spread over the batches."""
    count = len(report.tasks)
    side = max(0.85 * count, 3.0)
    figure = Figure(figsize=(side * 1.9 + 2.2, side + 1.3), layout="constrained")
    bars, heat = figure.subplots(1, 2, width_ratios=(0.8, 1))
    places = np.arange(count)
    bars.barh(
        places,
        report.norms.mean(0),
        xerr=report.norms.std(0),
        color=line_color(0),
        error_kw=dict(ecolor="0.35", capsize=3, linewidth=1),
    )
    clean(bars, "gradient norm on the shared parameters")
    bars.set_yticks(places, report.tasks)
    bars.invert_yaxis()
    bars.set_xlim(left=0)
    means, spreads = report.cosine_means, report.cosine_spreads
    # Red against blue is safe for the common colour-vision deficiencies; numbers say the rest.
    image = heat.imshow(means, vmin=-1, vmax=1, cmap="RdBu")
    clean(heat, "cosine between the tasks' gradients")
    heat.grid(visible=False)
    heat.spines[:].set_visible(False)
    heat.set_xticks(places, report.tasks, rotation=30, ha="right", rotation_mode="anchor")
    heat.set_yticks(places, report.tasks)
    for row in range(count):
        for column in range(count):
            mean, spread = means[row, column], spreads[row, column]
            text = "none" if mean != mean else f"{mean:.2f}"
            if row != column and mean == mean:
                text += f"\n+-{spread:.2f}"
            color = "white" if abs(mean) > 0.6 else "black"
            heat.text(column, row, text, ha="center", va="center", fontsize=8, color=color)
    figure.colorbar(image, ax=heat, shrink=0.8).ax.tick_params(labelsize=8)
    words = (
        f"{counted(report.num_batches, 'batch', 'batches')}, {report.num_parameters:,} parameters, "
        "mean +- deviation"
    )
    figure.suptitle(f"{title}: {words}" if title else words, x=0.01, ha="left", fontsize=10)
    return figure
