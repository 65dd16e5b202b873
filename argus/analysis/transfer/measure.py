"""The whole measurement: a model's features of a set, by neighbours and by a linear probe."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from argus.analysis.transfer.extract import extract
from argus.analysis.transfer.features import Features, FeatureSource
from argus.analysis.transfer.neighbours import NUMBERS, TEMPERATURE, neighbour_votes
from argus.analysis.transfer.probe import MAX_STEPS, PENALTIES, choose_penalty, fit
from argus.analysis.transfer.scores import score
from argus.datasets.transfer import ImageSet, Part
from argus.errors import ConfigError

OnProgress = Callable[[str, int, int], None]
"""Called with what is done, how much of it, and of how much."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How it is measured.

    Args:
        grid: Patches of the ViT along a side of the picture.
        numbers: Neighbours, k.
        temperature: Of their votes.
        penalties: Of the linear probe.
        max_steps: Of each of its fits.
        held_out: Share of the training data that chooses the penalty, where a set has no part for
            it.
        seed: Of that choice.
    """

    grid: int = 16
    numbers: tuple[int, ...] = NUMBERS
    temperature: float = TEMPERATURE
    penalties: tuple[float, ...] = PENALTIES
    max_steps: int = MAX_STEPS
    held_out: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.held_out < 1:
            raise ConfigError(f"held_out={self.held_out}: expected a share between 0 and 1.")
        for name in ("grid", "max_steps"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}={getattr(self, name)}: expected a number from 1.")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one kind of features of a model gives on one set; scores in [0, 1].

    Args:
        model: Name.
        features: Kind.
        width: Of the features.
        images: Name of the set.
        metric: Of the scores.
        num_train: Pictures that trained, those included that chose the penalty.
        num_chosen_by: Pictures among them that chose the penalty.
        num_test: Pictures that tested.
        neighbours: Score by k.
        linear: Score of the linear probe.
        penalty: That was chosen.
        val_score: Of the pictures that chose it.
        remarks: What a person should know.
    """

    model: str
    features: str
    width: int
    images: str
    metric: str
    num_train: int
    num_chosen_by: int
    num_test: int
    neighbours: dict[int, float]
    linear: float
    penalty: float
    val_score: float
    remarks: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        row = asdict(self)
        row["neighbours"] = {str(number): value for number, value in self.neighbours.items()}
        return row


def measure(
    source: FeatureSource,
    images: ImageSet,
    protocol: Protocol,
    *,
    cache: Path | None = None,
    batch_size: int = 64,
    num_workers: int = 0,
    kinds: Sequence[str] = (),
    on_progress: OnProgress = lambda what, done, total: None,
) -> Iterator[Row]:
    """A row for each kind of features.

    Args:
        source: The model.
        images: The set.
        protocol: How.
        cache: See :func:`~argus.analysis.transfer.extract.extract`; so are the next two.
        batch_size: Pictures at once.
        num_workers: Processes that read.
        kinds: Of the features, those that the model has; all by default.
        on_progress: See above.

    Raises:
        ConfigError: The size of the pictures does not fit the model.
        DataError: A picture cannot be read.
    """
    if protocol.grid * source.patch_px % source.divisor:
        raise ConfigError(
            f"grid={protocol.grid}: {source.name} takes sides that are multiples of "
            f"{source.divisor} px, {protocol.grid} patches are {protocol.grid * source.patch_px}; "
            "take an even number."
        )
    rng = np.random.default_rng(protocol.seed)
    if images.val is None:
        train, val = held_out(images.train, protocol.held_out, rng)
    else:
        train, val = images.train, images.val
    parts = (train, val, images.test)
    total = sum(map(len, parts))
    done = 0

    def on_pictures(count: int) -> None:
        nonlocal done
        done += count
        on_progress(f"{source.name}: features of {images.name}", done, total)

    found = [
        extract(
            source,
            images.root,
            part.names,
            grid=protocol.grid,
            cache=cache,
            batch_size=batch_size,
            num_workers=num_workers,
            on_pictures=on_pictures,
        )
        for part in parts
    ]
    labels = [torch.from_numpy(part.labels).to(source.device) for part in parts]
    for kind in found[0]:
        if not kinds or kind in kinds:
            yield _row(source, images, protocol, kind, found, labels, on_progress)


def held_out(part: Part, share: float, rng: np.random.Generator) -> tuple[Part, Part]:
    """A part without, and with, a random share of each class; of a class of one picture none."""
    assert part.labels.ndim == 1, "sets whose pictures have many labels name a part for it"
    chosen: list[int] = []
    for label in np.unique(part.labels):
        members = np.flatnonzero(part.labels == label)
        count = min(max(round(share * len(members)), 1), len(members) - 1)
        chosen += rng.permutation(members)[:count].tolist()
    rest = np.setdiff1d(np.arange(len(part)), chosen)
    return part[rest], part[np.sort(np.array(chosen, dtype=np.int64))]


def _row(
    source: FeatureSource,
    images: ImageSet,
    protocol: Protocol,
    kind: str,
    found: Sequence[Features],
    labels: Sequence[Tensor],
    on_progress: OnProgress,
) -> Row:
    train, val, test = (features[kind].to(source.device) for features in found)
    both, both_labels = torch.cat([train, val]), torch.cat([labels[0], labels[1]])
    num_classes = len(images.classes)
    score_of = partial(score, metric=images.metric)
    votes = neighbour_votes(
        both,
        both_labels,
        test,
        num_classes=num_classes,
        numbers=protocol.numbers,
        temperature=protocol.temperature,
    )
    total = len(protocol.penalties) + 1
    what = f"{source.name}: linear probe of {kind} on {images.name}"
    done = 0

    def on_step() -> None:
        nonlocal done
        done += 1
        on_progress(what, done, total)

    choice = choose_penalty(
        (train, labels[0]),
        (val, labels[1]),
        num_classes=num_classes,
        score_of=score_of,
        penalties=protocol.penalties,
        max_steps=protocol.max_steps,
        on_step=on_step,
    )
    probe = fit(
        both,
        both_labels,
        choice.penalty,
        num_classes=num_classes,
        start=choice.probe,
        max_steps=protocol.max_steps,
    )
    on_step()
    remarks = list(images.notes)
    if choice.is_at_end:
        remarks.append(f"the best penalty, {choice.penalty:.3g}, is at the end of those tried")
    num_unfinished = choice.num_unfinished + (not probe.has_converged)
    if num_unfinished:
        remarks.append(
            f"{num_unfinished} of {total} fits had not converged after {protocol.max_steps} steps"
        )
    return Row(
        model=source.name,
        features=kind,
        width=both.shape[1],
        images=images.name,
        metric=images.metric,
        num_train=len(both),
        num_chosen_by=len(val),
        num_test=len(test),
        neighbours={number: score_of(vote, labels[2]) for number, vote in votes.items()},
        linear=score_of(probe(test), labels[2]),
        penalty=choice.penalty,
        val_score=choice.score,
        remarks=tuple(remarks),
    )
