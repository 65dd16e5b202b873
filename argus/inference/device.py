"""Where and in which precision a model predicts."""

import logging
from functools import cache

import torch

from argus.errors import ConfigError
from argus.precision import remark_on_precision, resolve_precision

_LOG = logging.getLogger(__name__)


def choose_device(device: str | torch.device) -> torch.device:
    """A device; ``auto`` is a GPU if there is one.

    Raises:
        ConfigError: There is no such device.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise ConfigError(f"device {device!r}: expected auto, cpu, cuda or cuda:N.") from error
    if found.type == "cuda" and not torch.cuda.is_available():
        raise ConfigError(f"device {device!r}: PyTorch finds no CUDA here. Use device='cpu'.")
    return found


def choose_precision(dtype: str, device: torch.device) -> str:
    """``bf16`` or ``fp32`` by the rule of :mod:`argus.precision`, which the log says once.

    Raises:
        ConfigError: Another name than these and ``auto``.
    """
    found = resolve_precision(dtype, device, where="dtype")
    _say(dtype, device.type)
    return found


@cache
def _say(dtype: str, device_type: str) -> None:
    _LOG.log(*remark_on_precision(dtype, device_type, where="dtype"))
