"""Multi-scale deformable attention sampling: one function, several backends.

Paper: Deformable DETR, https://arxiv.org/abs/2010.04159, equation 3.

What differs from the usual operator: level sizes are plain Python integers (no device tensor, so no
synchronisation), sampling always runs in float32 or float64 (also under autocast), and the backend
is chosen here, once, for every caller:

* ``deformops``: optional package, CUDA and Triton.
* ``mmcv``: the CUDA operator of mmcv, when it was built with CUDA.
* ``torch``: anywhere.
* ``gather``: anywhere, by indexing alone; for exported graphs, and taken only when it is named.

``auto`` takes the first of these that works on the device of the tensors; each is tried once per
process, since a package can be there without the compiler or the GPU it needs. Override it with the
environment variable ``ARGUS_MSDA_BACKEND``, with :func:`set_ms_deform_attn_backend` or for a block
of code with :func:`use_ms_deform_attn_backend`.
"""

import importlib
import importlib.util
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

import torch
from torch import Tensor

from argus.layers.ms_deform_attn_gather import ms_deform_attn_gather
from argus.layers.ms_deform_attn_torch import ms_deform_attn_torch

BACKENDS = ("deformops", "mmcv", "torch")
EXPORT_BACKEND = "gather"  # slower than ``torch``, so never chosen automatically
ENVIRONMENT_VARIABLE = "ARGUS_MSDA_BACKEND"

_Kernel = Callable[[Tensor, tuple[tuple[int, int], ...], Tensor, Tensor], Tensor]

logger = logging.getLogger(__name__)
_override: str | None = None
_logged: set[str] = set()


def set_ms_deform_attn_backend(name: str | None) -> None:
    """Choose the backend for the whole process.

    Args:
        name: One of ``deformops``, ``mmcv``, ``torch``, ``gather``; ``auto`` or None restores the
            automatic choice (which looks at ``ARGUS_MSDA_BACKEND`` first).

    Raises:
        ValueError: If the name is unknown or that backend cannot run here.
    """
    global _override
    _override = None if name in (None, "auto") else _checked(str(name))


@contextmanager
def use_ms_deform_attn_backend(name: str | None) -> Iterator[None]:
    """Choose the backend inside a ``with`` block; see :func:`set_ms_deform_attn_backend`."""
    global _override
    before = _override
    set_ms_deform_attn_backend(name)
    try:
        yield
    finally:
        _override = before


@lru_cache(maxsize=1)
def missing_for_backends() -> dict[str, str]:
    """Say for each backend what is missing: an empty string when it can run.

    ``deformops`` and ``mmcv`` run on CUDA tensors alone, ``torch`` on any.
    """
    missing = {"torch": ""}
    if not torch.cuda.is_available():
        return missing | {"deformops": "a CUDA device", "mmcv": "a CUDA device"}
    found = importlib.util.find_spec("deformops") is not None
    missing["deformops"] = (
        _failure(_run_deformops) if found else "the package deformops (Python 3.12 or newer)"
    )
    try:
        cuda_version = importlib.import_module("mmcv.ops").get_compiling_cuda_version()
    except ImportError:
        missing["mmcv"] = "mmcv with its operators"
    else:
        built = cuda_version != "not available"
        missing["mmcv"] = _failure(_run_mmcv) if built else "mmcv operators built with CUDA"
    return missing


def _failure(run: _Kernel, device: str = "cuda") -> str:
    """Try a kernel forward and backward on a tiny pyramid against the ``torch`` way.

    Returns:
        What is missing, an empty string when nothing is. Results are compared, because mmcv prints
        the failure to launch a kernel (built for another GPU) and goes on with zeros.
    """
    shapes = ((4, 4), (2, 2))
    try:
        with (
            torch.inference_mode(False),
            torch.enable_grad(),
            torch.autocast(device, enabled=False),
        ):
            # Fixed numbers: a random draw would change the training that follows.
            value = torch.linspace(-1, 1, 20 * 2 * 32, device=device).view(1, 20, 2, 32)
            locations = torch.linspace(0.2, 0.9, 64, device=device).view(1, 4, 2, 2, 2, 2)
            weights = torch.linspace(0.5, 1, 32, device=device).view(1, 4, 2, 2, 2)
            inputs = [x.requires_grad_() for x in (value, locations, weights)]
            found = run(value, shapes, locations, weights)
            expected = ms_deform_attn_torch(value, shapes, locations, weights)
            pairs = [(found.reshape(expected.shape), expected)]
            pairs += zip(
                torch.autograd.grad(found.square().sum(), inputs),
                torch.autograd.grad(expected.square().sum(), inputs),
                strict=True,
            )
            for ours, theirs in pairs:
                torch.testing.assert_close(ours, theirs, atol=1e-2, rtol=1e-2)
    except Exception as error:  # noqa: BLE001 - compilers, loaders and drivers raise many kinds
        reason = f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]
        logger.warning("an installed deformable attention kernel is not used: %s", reason)
        return f"a kernel that runs on this GPU ({reason})"
    return ""


def ms_deform_attn_backend(device_type: str = "cuda") -> str:
    """Name the backend that tensors on this kind of device use now.

    Args:
        device_type: ``cpu``, ``cuda``, ...

    Raises:
        ValueError: If ``ARGUS_MSDA_BACKEND`` names an unknown backend or one that cannot run here.
    """
    if device_type != "cuda":
        # The two others have no kernel elsewhere, whatever was asked for.
        return EXPORT_BACKEND if _override == EXPORT_BACKEND else "torch"
    if _override is not None:
        return _override
    asked = os.environ.get(ENVIRONMENT_VARIABLE, "auto")
    if asked != "auto":
        return _checked(asked)
    missing = missing_for_backends()
    return next(name for name in BACKENDS if not missing[name])


def ms_deform_attn(
    value: Tensor,
    spatial_shapes: Sequence[tuple[int, int]],
    sampling_locations: Tensor,
    attention_weights: Tensor,
) -> Tensor:
    """Sample a feature pyramid at learned points and sum with learned weights.

    Bilinear sampling with zeros outside the map; the centre of the first cell is at 0.5 / size
    (``align_corners=False``).

    Args:
        value: (B, S, H, D), the levels flattened row by row and joined; H heads of D channels.
        spatial_shapes: (height, width) of each of the L levels; the products sum to S.
        sampling_locations: (B, Q, H, L, P, 2), x then y, in [0, 1] inside the map.
        attention_weights: (B, Q, H, L, P).

    Returns:
        (B, Q, H * D), in the type of ``value``.

    Raises:
        ValueError: If the levels do not add up to S.
    """
    num_cells = sum(height * width for height, width in spatial_shapes)
    if num_cells != value.shape[1]:
        raise ValueError(
            f"ms_deform_attn expected the levels {list(spatial_shapes)} to hold as many cells as "
            f"value has tokens, found {num_cells} cells and {value.shape[1]} tokens."
        )
    name = ms_deform_attn_backend(value.device.type)
    if name not in _logged:
        _logged.add(name)
        logger.info("multi-scale deformable attention backend: %s", name)
    dtype = torch.float64 if value.dtype == torch.float64 else torch.float32
    with torch.autocast(value.device.type, enabled=False):
        arguments = (value.to(dtype), sampling_locations.to(dtype), attention_weights.to(dtype))
        if name in ("torch", EXPORT_BACKEND):
            plain = ms_deform_attn_torch if name == "torch" else ms_deform_attn_gather
            out = plain(arguments[0], spatial_shapes, arguments[1], arguments[2])
        else:
            run = _run_mmcv if name == "mmcv" else _run_deformops
            out = run(arguments[0], tuple(spatial_shapes), arguments[1], arguments[2])
    return out.to(value.dtype)


def _checked(name: str) -> str:
    if name == EXPORT_BACKEND:
        return name
    if name not in BACKENDS:
        raise ValueError(
            f"Unknown deformable attention backend: expected one of {BACKENDS} or 'auto', "
            f"found {name!r}. It is set by {ENVIRONMENT_VARIABLE} or set_ms_deform_attn_backend()."
        )
    missing = missing_for_backends()[name]
    if missing:
        raise ValueError(
            f"The deformable attention backend {name!r} cannot run here: it needs {missing}. "
            f"Install it, or unset {ENVIRONMENT_VARIABLE} to choose automatically."
        )
    return name


@lru_cache(maxsize=64)
def _level_tensors(shapes: tuple[tuple[int, int], ...], device: torch.device) -> tuple[Tensor, ...]:
    """Return sizes (L, 2) as (height, width) and first tokens (L,), made once per pyramid."""
    starts = [0]
    for height, width in shapes[:-1]:
        starts.append(starts[-1] + height * width)
    with torch.inference_mode(False):  # a cached inference tensor could not be saved for backward
        return torch.tensor(shapes, device=device), torch.tensor(starts, device=device)


def _run_mmcv(
    value: Tensor, shapes: tuple[tuple[int, int], ...], locations: Tensor, weights: Tensor
) -> Tensor:
    function = importlib.import_module("mmcv.ops.multi_scale_deform_attn")
    sizes, starts = _level_tensors(shapes, value.device)
    # The last argument is how many images one launch takes and must divide the batch: take all.
    out: Tensor = function.MultiScaleDeformableAttnFunction.apply(
        value.contiguous(),
        sizes,
        starts,
        locations.contiguous(),
        weights.contiguous(),
        value.shape[0],
    )
    return out


def _run_deformops(
    value: Tensor, shapes: tuple[tuple[int, int], ...], locations: Tensor, weights: Tensor
) -> Tensor:
    registry = importlib.import_module("deformops.registry")
    sizes, starts = _level_tensors(shapes, value.device)
    out: Tensor = registry.msda(value, sizes, starts, locations, weights, method="linear")
    return out
