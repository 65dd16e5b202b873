"""How a model is exported: what can be chosen, checked once."""

import importlib.util
from dataclasses import dataclass

import torch

from argus.errors import ConfigError
from argus.export.tolerances import DTYPES

SUFFIXES = {"onnx": ".onnx", "torch": ".pt2"}
NEEDED = {"onnx": ("onnx", "onnxscript", "onnxruntime"), "torch": ()}
INPUT_DTYPES = ("uint8", "float32")
LEAST_OPSET = 18
_PRECISIONS = {"fp32": None, "fp16": torch.float16, "bf16": torch.bfloat16, "int8": None}


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """Choices of :func:`argus.export.export_model`, whose arguments they are.

    Args:
        format: ``onnx`` or ``torch``.
        dtype: ``fp32``, ``fp16``, ``bf16``, or ``int8`` for ONNX.
        opset: Version of ONNX's operators.
        dynamic_batch: Whether the batch may have any size.
        input_dtype: ``uint8`` or ``float32``.

    Raises:
        ConfigError: An unknown name, an opset that is too old, or a package that is missing.
    """

    format: str = "onnx"
    dtype: str = "fp32"
    opset: int = LEAST_OPSET
    dynamic_batch: bool = True
    input_dtype: str = "uint8"

    def __post_init__(self) -> None:
        """Check every choice."""
        for name, value, known in (
            ("format", self.format, tuple(SUFFIXES)),
            ("dtype", self.dtype, DTYPES),
            ("input_dtype", self.input_dtype, INPUT_DTYPES),
        ):
            if value not in known:
                raise ConfigError(f"{name}: expected one of {known}, found {value!r}.")
        if self.dtype == "int8" and not self.is_onnx:
            raise ConfigError("dtype 'int8' is for format 'onnx'; PyTorch's programs take bf16.")
        if self.opset < LEAST_OPSET:
            raise ConfigError(f"opset: expected {LEAST_OPSET} or newer, found {self.opset}.")
        missing = [name for name in NEEDED[self.format] if importlib.util.find_spec(name) is None]
        if missing:
            raise ConfigError(
                f"format {self.format!r} needs the packages {', '.join(missing)}, which are not "
                'installed: pip install "argus-multitask[export]".'
            )

    @property
    def is_onnx(self) -> bool:
        """Whether ONNX is written."""
        return self.format == "onnx"

    @property
    def suffix(self) -> str:
        """Of the files."""
        return SUFFIXES[self.format]

    @property
    def precision(self) -> torch.dtype | None:
        """What the graph is traced in; ``None`` for float32.

        ONNX Runtime's operators take no bfloat16 on a CPU: there it is for storage alone.
        """
        return None if self.is_onnx and self.dtype == "bf16" else _PRECISIONS[self.dtype]
