"""The ways to compute attention: PyTorch's SDPA and ``varlen_attn``, xFormers, and one for CPUs.

Each takes queries, keys and values as (B, N, H, D), or as (T, H, D) with a packing, where tokens
attend to those of their own image alone:

* ``sdpa`` runs anywhere; packed tokens are attended group by group.
* ``matmul``: SDPA with a backward pass for short sequences on a CPU; by groups, too.
* ``xformers``: optional package, CUDA (https://github.com/facebookresearch/xformers).
* ``varlen``: FlashAttention of PyTorch, CUDA, 16-bit types.
"""

import importlib
import importlib.util
import logging
from collections.abc import Callable
from functools import lru_cache
from itertools import accumulate
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from argus.layers import attention_matmul
from argus.layers.packing import Packing

logger = logging.getLogger(__name__)


def sdpa(q: Tensor, k: Tensor, v: Tensor, packing: Packing | None) -> Tensor:
    """Attend by PyTorch's own function."""
    return _by_groups(F.scaled_dot_product_attention, q, k, v, packing)


def matmul(q: Tensor, k: Tensor, v: Tensor, packing: Packing | None) -> Tensor:
    """Attend by PyTorch's own function, with matrix products in the backward pass."""
    return _by_groups(attention_matmul.attend, q, k, v, packing)


def _by_groups(
    attend: Callable[..., Tensor], q: Tensor, k: Tensor, v: Tensor, packing: Packing | None
) -> Tensor:
    """Attend by a function of (B, H, N, D), one call for each size of images."""
    if packing is not None:
        parts = zip(packing.split(q), packing.split(k), packing.split(v), strict=True)
        return packing.join([_by_groups(attend, *tensors, None) for tensors in parts])
    return attend(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)).transpose(1, 2)


def xformers(q: Tensor, k: Tensor, v: Tensor, packing: Packing | None) -> Tensor:
    """Attend by xFormers; packed tokens under a block-diagonal mask, which costs nothing."""
    ops = importlib.import_module("xformers.ops")
    if packing is None:
        alone: Tensor = ops.memory_efficient_attention(q, k, v)
        return alone
    mask = _block_diagonal(packing, q.device)
    out: Tensor = ops.memory_efficient_attention(q[None], k[None], v[None], attn_bias=mask)
    return out[0]


def varlen(q: Tensor, k: Tensor, v: Tensor, packing: Packing | None) -> Tensor:
    """Attend by PyTorch's function for sequences of several lengths."""
    attend = importlib.import_module("torch.nn.attention.varlen").varlen_attn
    queries, keys = packing or Packing.of([q]), packing or Packing.of([k])
    flat = (q, k, v) if packing else (q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1))
    out: Tensor = attend(
        *flat, _ends(queries, q.device), _ends(keys, k.device), queries.longest, keys.longest
    )
    return out.view_as(q)


BACKENDS = {"sdpa": sdpa, "matmul": matmul, "xformers": xformers, "varlen": varlen}


@lru_cache(maxsize=64)
def missing_for(name: str, device_type: str, dtype: torch.dtype, head_dim: int) -> str:
    """Say what a backend lacks to run on such tensors: an empty string when it can.

    Support depends on the GPU, the type and the width, so one tiny forward and backward is tried.
    """
    if name == "sdpa":
        return ""
    if name == "matmul":
        return "" if device_type == "cpu" else "tensors on the CPU"
    if device_type != "cuda" or not torch.cuda.is_available():
        return "a CUDA device"
    if name == "xformers" and importlib.util.find_spec("xformers") is None:
        return "the package xformers"
    if name == "varlen" and dtype not in (torch.float16, torch.bfloat16):
        return "a 16-bit type"
    try:
        with torch.inference_mode(False), torch.enable_grad():
            probe = torch.zeros(1, 8, 1, head_dim, device="cuda", dtype=dtype, requires_grad=True)
            torch.autograd.grad(BACKENDS[name](probe, probe, probe, None).sum(), probe)
    except (ImportError, AttributeError, NotImplementedError, RuntimeError, ValueError) as error:
        logger.info("%s attention not used for %s, width %d: %s", name, dtype, head_dim, error)
        return f"a kernel that runs here ({type(error).__name__}: {str(error)[:200]})"
    return ""


@lru_cache(maxsize=64)
def _block_diagonal(packing: Packing, device: torch.device) -> Any:
    masks = importlib.import_module("xformers.ops").fmha
    with torch.inference_mode(False):  # a cached inference tensor could not be saved for backward
        return masks.BlockDiagonalMask.from_seqlens(packing.lengths, device=device)


@lru_cache(maxsize=64)
def _ends(packing: Packing, device: torch.device) -> Tensor:
    """Return (images + 1,) int32: where each image's tokens begin, and where the last end."""
    with torch.inference_mode(False):
        ends = [0, *accumulate(packing.lengths)]
        return torch.tensor(ends, dtype=torch.int32, device=device)
