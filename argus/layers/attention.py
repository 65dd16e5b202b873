"""Self-attention behind one function: xFormers on CUDA when it is installed, else PyTorch's SDPA.

The module has the parameter names of DINOv2 (https://arxiv.org/abs/2304.07193). The choice can be
overridden with the environment variable ``ARGUS_ATTENTION_BACKEND`` or the argument ``backend``.
"""

import importlib
import importlib.util
import logging
import os
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BACKENDS = ("xformers", "sdpa")
ENVIRONMENT_VARIABLE = "ARGUS_ATTENTION_BACKEND"

logger = logging.getLogger(__name__)


def scaled_dot_product(q: Tensor, k: Tensor, v: Tensor, *, backend: str | None = None) -> Tensor:
    """Compute ``softmax(q k^T / sqrt(D)) v`` for each head.

    Args:
        q: (B, N, H, D).
        k: (B, M, H, D).
        v: (B, M, H, D).
        backend: ``xformers`` or ``sdpa``; None chooses, see :func:`attention_backend`.

    Returns:
        (B, N, H, D).

    Raises:
        ValueError: If the backend is unknown or cannot run on these tensors.
    """
    name = attention_backend(q.device, q.dtype, q.shape[-1], requested=backend)
    if name == "xformers":
        ops = importlib.import_module("xformers.ops")
        out: Tensor = ops.memory_efficient_attention(q, k, v)
        return out
    out = F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
    return out.transpose(1, 2)


def attention_backend(
    device: torch.device | str = "cuda",
    dtype: torch.dtype = torch.bfloat16,
    head_dim: int = 64,
    *,
    requested: str | None = None,
) -> str:
    """Name the backend used for such tensors: ``xformers`` or ``sdpa``.

    Args:
        device: Where the tensors are; a CUDA device that does not exist gives ``sdpa``.
        dtype: Their type.
        head_dim: Channels per head.
        requested: Overrides ``ARGUS_ATTENTION_BACKEND``; None or ``auto`` leaves the choice free.

    Raises:
        ValueError: If the requested backend is unknown or cannot run on such tensors.
    """
    name = requested or os.environ.get(ENVIRONMENT_VARIABLE, "auto")
    if name not in ("auto", *BACKENDS):
        raise ValueError(
            f"Unknown attention backend: expected one of {BACKENDS} or 'auto', found {name!r}. "
            f"It is set by {ENVIRONMENT_VARIABLE} or by the argument backend."
        )
    if name == "sdpa":
        return name
    works = torch.device(device).type == "cuda" and _xformers_runs(dtype, head_dim)
    if name == "xformers" and not works:
        raise ValueError(
            f"The attention backend 'xformers' cannot run {dtype} with {head_dim} channels per "
            f"head on {device}: it needs the package xformers and a CUDA device it supports. "
            f"Unset {ENVIRONMENT_VARIABLE} to choose automatically."
        )
    return "xformers" if works else "sdpa"


@lru_cache(maxsize=32)
def _xformers_runs(dtype: torch.dtype, head_dim: int) -> bool:
    """Try one tiny forward and backward: support depends on the GPU, the type and the width."""
    if not torch.cuda.is_available() or importlib.util.find_spec("xformers") is None:
        return False
    try:
        ops = importlib.import_module("xformers.ops")
        with torch.inference_mode(False), torch.enable_grad():
            probe = torch.zeros(1, 8, 1, head_dim, device="cuda", dtype=dtype, requires_grad=True)
            ops.memory_efficient_attention(probe, probe, probe).sum().backward()
    except (ImportError, NotImplementedError, RuntimeError, ValueError) as error:
        logger.info("xFormers attention not used for %s, width %d: %s", dtype, head_dim, error)
        return False
    return True


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
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, N, C) for (B, N, C)."""
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).unbind(2)  # (B, N, H, D)
        out: Tensor = self.proj(scaled_dot_product(q, k, v, backend=self.backend).flatten(2))
        return out
