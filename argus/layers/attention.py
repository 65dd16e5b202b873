"""Self-attention behind one function: the fastest of the backends that run.

On a CUDA device the backends that run are timed on the first tensors of each class: device, type,
width of a head, number of tokens to a power of two, packed or not, with gradients or without. The
log says what was taken, and ``python -m argus.env`` what a ViT-B takes. On a CPU nothing is timed,
so that a training repeats to the bit: short sequences in bfloat16 that need gradients are attended
by ``matmul``, all others by SDPA. The environment variable ``ARGUS_ATTENTION_BACKEND`` or the
argument ``backend`` names one instead; where PyTorch is asked for deterministic algorithms, and in
compiled code, it is SDPA.

The module has the parameter names of DINOv2 (https://arxiv.org/abs/2304.07193).
"""

import os
from collections.abc import Callable
from contextlib import nullcontext
from functools import lru_cache, partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from argus.layers.attention_backends import BACKENDS, missing_for
from argus.layers.fastest import Fastest
from argus.layers.linear import Linear
from argus.layers.packing import Packing

ENVIRONMENT_VARIABLE = "ARGUS_ATTENTION_BACKEND"

_fastest = Fastest("attention")


class ShapeClass(NamedTuple):
    """Tensors for which one backend is the fastest."""

    device: torch.device
    dtype: torch.dtype
    head_dim: int
    tokens_up_to: int
    is_packed: bool
    has_gradient: bool

    def __str__(self) -> str:
        return (
            f"{'packed ' * self.is_packed}{self.dtype} on {self.device}, "
            f"{self.head_dim} channels per head, up to {self.tokens_up_to} tokens per image, "
            f"{'with' if self.has_gradient else 'without'} gradients"
        )


def scaled_dot_product(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    packing: Packing | None = None,
    backend: str | None = None,
) -> Tensor:
    """Compute ``softmax(q k^T / sqrt(D)) v`` for each head.

    Args:
        q: (B, N, H, D), or (T, H, D) with a packing.
        k: (B, M, H, D), or (T, H, D).
        v: As ``k``.
        packing: Where each image's tokens lie among T; they attend to their own image's alone.
        backend: ``sdpa``, ``matmul``, ``xformers`` or ``varlen``; None chooses, see
            :func:`attention_backend`.

    Returns:
        As ``q``.

    Raises:
        ValueError: If the backend is unknown or cannot run on these tensors.
    """
    name = attention_backend(q, k, v, packing=packing, requested=backend)
    return BACKENDS[name](q, k, v, packing)


def attention_backend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    packing: Packing | None = None,
    requested: str | None = None,
) -> str:
    """Name the backend of :func:`scaled_dot_product` for these tensors.

    Args:
        q: As there; so are the others.
        k: Keys.
        v: Values.
        packing: Packing.
        requested: Overrides ``ARGUS_ATTENTION_BACKEND``; None or ``auto`` leaves the choice free.

    Raises:
        ValueError: If the requested backend is unknown or cannot run on such tensors.
    """
    name = requested or os.environ.get(ENVIRONMENT_VARIABLE, "auto")
    if name not in ("auto", *BACKENDS):
        raise ValueError(
            f"Unknown attention backend: expected one of {tuple(BACKENDS)} or 'auto', found "
            f"{name!r}. It is set by {ENVIRONMENT_VARIABLE} or by the argument backend."
        )
    if name == "sdpa" or (name == "auto" and torch.compiler.is_compiling()):
        return "sdpa"
    able = usable_backends(q.device, q.dtype, q.shape[-1])
    if name == "auto":
        if able == ("sdpa",) or _must_not_measure():
            return "sdpa"
        if "matmul" in able:  # on a CPU, where the choice must not depend on a clock
            return "matmul" if q.dtype == torch.bfloat16 and _has_gradient(q, k, v) else "sdpa"
        return _measured(able, q, k, v, packing)
    if name not in able:
        missing = missing_for(name, q.device.type, q.dtype, q.shape[-1])
        raise ValueError(
            f"The attention backend {name!r} cannot run {q.dtype} with {q.shape[-1]} channels per "
            f"head on {q.device}: it needs {missing}. Unset {ENVIRONMENT_VARIABLE} to choose "
            "automatically."
        )
    return name


@lru_cache(maxsize=64)
def usable_backends(device: torch.device, dtype: torch.dtype, head_dim: int) -> tuple[str, ...]:
    """Those that run on such tensors; SDPA, which always does, first."""
    return tuple(n for n in BACKENDS if not missing_for(n, device.type, dtype, head_dim))


def typical_backend(device: str) -> str:
    """The backend of ViT-B in training on images of 512 pixels.

    Args:
        device: ``cpu`` or ``cuda``.
    """
    if device == "cpu":
        return "sdpa"
    tokens = torch.zeros(2, 1029, 12, 64, device=device, dtype=torch.bfloat16, requires_grad=True)
    return attention_backend(tokens, tokens, tokens)


def _has_gradient(*tensors: Tensor) -> bool:
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)


def _must_not_measure() -> bool:
    """Whether the choice must not depend on a clock, or nothing can be timed now."""
    return torch.are_deterministic_algorithms_enabled() or (
        torch.cuda.is_available() and torch.cuda.is_current_stream_capturing()
    )


def _measured(
    able: tuple[str, ...], q: Tensor, k: Tensor, v: Tensor, packing: Packing | None
) -> str:
    longest = packing.longest if packing else max(q.shape[1], k.shape[1])
    has_gradient = _has_gradient(q, k, v)
    inputs = ShapeClass(
        device=q.device,
        dtype=q.dtype,
        head_dim=q.shape[-1],
        tokens_up_to=1 << (longest - 1).bit_length(),
        is_packed=packing is not None,
        has_gradient=has_gradient,
    )
    taken = _fastest.taken.get(inputs)
    if taken is None:
        tensors = [tensor.detach() for tensor in (q, k, v)]
        if has_gradient:
            tensors = [tensor.requires_grad_() for tensor in tensors]
        trials = {name: partial(_trial, BACKENDS[name], tensors, packing) for name in able}
        # The graph of a trial is no part of what a checkpoint around the caller records.
        here = torch.cuda.device(q.device) if q.is_cuda else nullcontext()
        with here, saved_tensors_hooks(_same, _same):
            taken = _fastest.measure(inputs, trials)
    return taken


def _trial(backend: Callable[..., Tensor], tensors: list[Tensor], packing: Packing | None) -> None:
    out = backend(*tensors, packing)
    if tensors[0].requires_grad:
        torch.autograd.grad(out, tensors, torch.ones_like(out))


def _same(tensor: Tensor) -> Tensor:
    return tensor


class Attention(nn.Module):
    """Multi-head self-attention: ``qkv``, ``proj``.

    Args:
        dim: C.
        num_heads: H, divides C.
        backend: See :func:`scaled_dot_product`.

    Raises:
        ValueError: If the heads do not divide the channels.
    """

    def __init__(self, dim: int, num_heads: int, backend: str | None = None) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(
                f"Attention expected channels divisible by the heads, found {dim} and {num_heads}."
            )
        self.num_heads = num_heads
        self.backend = backend
        self.qkv = Linear(dim, 3 * dim)
        self.proj = Linear(dim, dim)

    def forward(self, x: Tensor, packing: Packing | None = None) -> Tensor:
        """Return (B, N, C) for (B, N, C), or (T, C) for (T, C) with a packing."""
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).unbind(-3)  # (..., H, D)
        out = scaled_dot_product(q, k, v, packing=packing, backend=self.backend)
        projected: Tensor = self.proj(out.flatten(-2))
        return projected
