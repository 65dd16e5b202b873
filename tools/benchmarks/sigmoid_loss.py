#!/usr/bin/env python
"""Memory and time of the sigmoid loss as processes are added, beside a gather of all texts.

    python tools/benchmarks/sigmoid_loss.py
    python tools/benchmarks/sigmoid_loss.py --pairs 1024 32768 --device cuda

One process of many is at work: the texts that the others would show are made on the spot, and what
they would send back is left out. The gather is that of open_clip's loss, ``dist_impl="gather"``:
all texts in one tensor, all logits in another. Each measurement has a process of its own.
"""

import argparse
import multiprocessing
import resource
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # as a script, only its own folder is searched
    sys.path.insert(0, str(ROOT))

from argus.mtv.losses.peers import Peers  # noqa: E402
from argus.mtv.losses.sigmoid import Pairs, sigmoid_loss  # noqa: E402
from tools.benchmarks.timing import measure  # noqa: E402

WIDTH = 768
KINDS = ("argus", "gather")


class PlayedPeers(Peers):
    """Processes that show what this one has, its rows in another order.

    Args:
        number: How many, with this one, which is the first.
    """

    rank = 0

    def __init__(self, number: int) -> None:
        self._number = number

    @property
    def number(self) -> int:
        """How many there are."""
        return self._number

    def shown(self, own: Sequence[Tensor]) -> Iterator[tuple[int, list[Tensor]]]:
        """The rows of this process, rolled by the rank."""
        for owner in range(self.number):
            yield owner, [value.roll(owner, 0) for value in own]

    def send_home(self, value: Tensor, owner: int) -> Tensor | None:
        """What this process has for its own texts."""
        return value if owner == self.rank else None

    def total(self, value: Tensor) -> Tensor:
        """All have the same."""
        return value * self.number


def gathered_loss(
    images: Tensor, texts: Tensor, scale: Tensor, bias: Tensor, number: int
) -> Tensor:
    """The loss of the first process over all texts at once, as open_clip computes it."""
    images, texts = F.normalize(images, dim=-1), F.normalize(texts, dim=-1)
    every = torch.cat([texts.roll(owner, 0) for owner in range(number)])
    logits = scale * images @ every.T + bias
    labels = -torch.ones_like(logits)
    labels[:, : len(images)] += 2 * torch.eye(len(images), device=images.device)
    return -F.logsigmoid(labels * logits).sum() / len(images)


def step(kind: str, values: Sequence[Tensor], number: int) -> Tensor:
    """Loss and gradients once.

    Args:
        kind: One of :data:`KINDS`.
        values: Images and texts (n, D), scale and bias.
        number: Processes.
    """
    if kind == "gather":
        loss = gathered_loss(*values, number)
    else:
        rows = len(values[0])
        device = values[0].device
        pairs = Pairs(
            keys=torch.arange(rows, device=device),
            valid=torch.ones(rows, dtype=torch.bool, device=device),
        )
        loss = sigmoid_loss(*values, pairs=pairs, peers=PlayedPeers(number))
    loss.backward()
    return loss.detach()


def embeddings(rows: int, device: str, width: int = WIDTH) -> list[Tensor]:
    """Images, texts, scale and bias, which take gradients."""
    generator = torch.Generator().manual_seed(0)
    values = [torch.randn(rows, width, generator=generator) for _ in range(2)]
    values += [torch.tensor(10.0), torch.tensor(-10.0)]
    return [value.to(device).requires_grad_() for value in values]


def measurement(kind: str, pairs: int, rows: int, device: str) -> tuple[float, float]:
    """Megabytes above what is there before, and milliseconds of a step."""
    values = embeddings(rows, device)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step(kind, values, pairs // rows)
        used = (torch.cuda.max_memory_allocated() - before) / 2**20
    else:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        step(kind, values, pairs // rows)
        used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    timing = measure(
        lambda: step(kind, values, pairs // rows), torch.device(device), repeats=5, warmup=1
    )
    return used, timing.milliseconds


def main() -> None:
    """Print one line per number of pairs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, nargs="+", action="extend", default=[])
    parser.add_argument("--rows", type=int, default=256, help="pairs of a process (default 256)")
    default = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=default, help=f"here by default {default}")
    args = parser.parse_args()
    print("| pairs | processes | argus, MB | gather, MB | argus, ms | gather, ms |")
    print("|---|---|---|---|---|---|")
    context = multiprocessing.get_context("spawn")
    for pairs in args.pairs or (1024, 4096, 16384, 32768):
        found = {}
        for kind in KINDS:
            with context.Pool(1) as pool:
                found[kind] = pool.apply(measurement, (kind, pairs, args.rows, args.device))
        memory = " | ".join(f"{found[kind][0]:.0f}" for kind in KINDS)
        time = " | ".join(f"{found[kind][1]:.0f}" for kind in KINDS)
        print(f"| {pairs:,} | {pairs // args.rows} | {memory} | {time} |")


if __name__ == "__main__":
    main()
