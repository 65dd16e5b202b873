"""Two Gloo processes for the tests of MTV: every scenario in one start of them."""

import os
import socket
from pathlib import Path
from typing import Any

import torch
import torch.multiprocessing
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from argus.engine.distributed import init_process_group
from argus.mtv.losses.sigmoid import Pairs, sigmoid_loss
from tests.forked import forking
from tests.mtv.tiny import TASKS, batch, tiny_mtv

# Pictures of the whole batch: the first process has neither regions nor depth.
WHOLE = [0, 12, 24, 36, 1, 2, 5, 7]
SEED = 5  # of the masks, in both processes
SUBSETS = [("vl",), ("ssl",), ("grounding",), ("depth",), ("vl", "ssl"), TASKS]


def embeddings() -> tuple[Tensor, Tensor, Pairs]:
    """Of a batch of eight, with padding and equal texts."""
    generator = torch.Generator().manual_seed(0)
    images, texts = (torch.randn(8, 6, generator=generator) for _ in range(2))
    keys = torch.tensor([1, 2, 3, 1, 4, 1, 5, 2])
    valid = torch.tensor([1, 1, 0, 1, 0, 0, 1, 0]).bool()
    known = torch.stack([keys, torch.tensor([5, 2, 3, 9, 9, 9, 2, 2])], 1)
    return images, texts, Pairs(keys=keys, valid=valid, equal_texts="ignore", known=known)


def sigmoid_gradients(rows: slice) -> list[Tensor]:
    """Loss and gradients of some rows of the batch."""
    images, texts, pairs = embeddings()
    values = [images[rows], texts[rows], torch.tensor(4.0), torch.tensor(-2.0)]
    leaves = [value.clone().requires_grad_() for value in values]
    assert pairs.known is not None
    own = Pairs(
        keys=pairs.keys[rows],
        valid=pairs.valid[rows],
        equal_texts=pairs.equal_texts,
        known=pairs.known[rows],
    )
    loss = sigmoid_loss(*leaves, pairs=own, chunk=3)
    return [loss.detach(), *torch.autograd.grad(loss, leaves)]


def step(model: torch.nn.Module, indices: list[int]) -> dict[str, Tensor]:
    """Gradients of one batch, and what the step leaves in the buffers."""
    raw: Any = getattr(model, "module", model)
    raw.before_step(0, 10)
    losses, _ = model({"pairs": batch(indices, tasks=tuple(raw.decoders))})
    torch.stack(list(losses.values())).sum().backward()
    raw.after_step()
    found = {n: p.grad for n, p in raw.named_parameters() if p.grad is not None}
    found |= {n: b for n, b in raw.named_buffers() if n.endswith("centre")}
    return {name: value.clone() for name, value in found.items()}


def seeded(*tasks: str) -> torch.nn.Module:
    """A model whose masks and neighbours are the same however a batch is divided."""
    model = tiny_mtv(*tasks)
    if "ssl" in tasks:
        model.decoders["ssl"].koleo_weight = 0.0  # neighbours are those of a process
    return model


def work(rank: int, port: int, folder: str) -> None:
    os.environ |= dict(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", MASTER_PORT=str(port))
    os.environ["MASTER_ADDR"] = "127.0.0.1"
    torch.set_num_threads(1)
    init_process_group("pytorch", timeout_s=120)
    own = slice(0, 4) if rank == 0 else slice(4, 8)
    found: dict[Any, Any] = dict(sigmoid=sigmoid_gradients(own))
    for tasks in SUBSETS:
        model = DistributedDataParallel(seeded(*tasks))
        torch.manual_seed(SEED)
        found["+".join(tasks)] = step(model, WHOLE[own])
        model.zero_grad()
        step(model, WHOLE[own])  # a parameter that was not reduced would be told now
    torch.save(found, Path(folder) / f"rank_{rank}.pt")


def run_two_processes(folder: Path) -> list[dict]:
    """What every scenario gave, by rank."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    forking()
    torch.multiprocessing.start_processes(
        work, (port, str(folder)), nprocs=2, start_method="forkserver"
    )
    return [torch.load(folder / f"rank_{rank}.pt", weights_only=True) for rank in range(2)]
