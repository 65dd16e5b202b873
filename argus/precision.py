"""In which precision forward passes compute: bfloat16 where the device has it, else float32.

bfloat16 gives right numbers everywhere. But where a processor has no instructions for it, PyTorch's
convolutions run in oneDNN's reference code: one that takes 0.2 s in float32 takes a minute.
"""

import logging
import os
from functools import cache

import torch

from argus.errors import ConfigError

AUTO = "auto"
PRECISIONS = {"fp32": None, "bf16": torch.bfloat16}
# Values of ONEDNN_MAX_CPU_ISA below the instructions for bfloat16.
_ISA_WITHOUT_BFLOAT16 = (
    *("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2"),
    *("AVX512_CORE", "AVX512_CORE_VNNI"),
)


def resolve_precision(precision: str, device: str | torch.device, *, where: str = "") -> str:
    """``bf16`` or ``fp32``, for ``auto`` by what the device has.

    Args:
        precision: ``auto``, ``bf16`` or ``fp32``.
        device: Where the model is.
        where: Name of the setting in messages; ``precision`` by default.

    Raises:
        ConfigError: Another name.
    """
    if precision == AUTO:
        return "bf16" if has_bfloat16(torch.device(device).type) else "fp32"
    if precision not in PRECISIONS:
        raise ConfigError(
            f"{where or 'precision'}: expected {AUTO}, bf16 or fp32, found {precision!r}."
        )
    return precision


def remark_on_precision(
    precision: str, device: str | torch.device, *, where: str = ""
) -> tuple[int, str]:
    """What a log has to say of a choice: a level of ``logging``, and the text.

    ``auto`` is explained; bfloat16 by name is a warning where it is slow. The text is empty for a
    name that needs no words.

    Args:
        precision: As for :func:`resolve_precision`; so are the others.
        device: Where the model is.
        where: Name of the setting.
    """
    kind = torch.device(device).type
    found, where = resolve_precision(precision, device, where=where), where or "precision"
    if precision == AUTO:
        reason = "has" if has_bfloat16(kind) else "does not have"
        text = f"{where} auto: {found}, since this {_NOUNS.get(kind, kind)} {reason} bfloat16"
        return logging.INFO, text
    if found == "bf16" and not has_bfloat16(kind):
        return logging.WARNING, (
            f"{where} bf16 is slow here, a convolution can take hundreds of times as long: this "
            f"{_NOUNS.get(kind, kind)} does not have bfloat16 ({_NEEDED.get(kind, 'unknown')}). "
            "Use auto or fp32."
        )
    return logging.INFO, ""


_NOUNS = {"cpu": "processor", "cuda": "GPU"}
_NEEDED = {"cpu": "avx512_bf16 or amx_bf16", "cuda": "compute capability 8.0"}


@cache
def has_bfloat16(device_type: str) -> bool:
    """Whether a device computes in bfloat16 by itself, not by emulation.

    Args:
        device_type: ``cpu`` or ``cuda``; it is not known of others.
    """
    if device_type == "cuda":
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    if device_type != "cpu":
        return False
    names = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
    limit = next((os.environ[name] for name in names if name in os.environ), "")
    if limit.upper() in _ISA_WITHOUT_BFLOAT16:
        return False
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def autocast(precision: str, device_type: str) -> torch.autocast:
    """Autocast context of a precision, ``auto``, ``bf16`` or ``fp32`` (off)."""
    dtype = PRECISIONS[resolve_precision(precision, device_type)]
    return torch.autocast(device_type, dtype=dtype, enabled=dtype is not None)
