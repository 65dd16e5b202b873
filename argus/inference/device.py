"""Where and in which precision a model predicts."""

import torch

from argus.errors import ConfigError


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
    """``bf16`` or ``fp32``; ``auto`` is bfloat16 autocast on a GPU, float32 elsewhere.

    Raises:
        ConfigError: Another name.
    """
    if dtype == "auto":
        return "bf16" if device.type == "cuda" else "fp32"
    if dtype not in ("bf16", "fp32"):
        raise ConfigError(f"dtype: expected auto, bf16 or fp32, found {dtype!r}.")
    return dtype
