"""The whole model as one module: pixels in, the answers of all tasks out, one backbone pass."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from argus.export.heads import ExportHead, Output
from argus.inference.normaliser import Normaliser
from argus.layers.ms_deform_attn import EXPORT_BACKEND, use_ms_deform_attn_backend
from argus.layers.resize import use_matrix_resize
from argus.models.foreign import needs_float32


class ExportGraph(nn.Module):
    """Backbone and heads, with the normalisation inside.

    Args:
        backbone: The shared backbone, registered once.
        heads: One per task.
        normaliser: Of all tasks.
        precision: Type of the autocast inside; ``None`` for float32. What the model keeps in
            float32 under autocast (norms, softmax, sampling geometry) stays so.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: nn.Module,
        heads: Sequence[ExportHead],
        normaliser: Normaliser,
        *,
        precision: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.heads = nn.ModuleList(heads)
        self.is_rgb = normaliser.is_rgb
        self.precision = precision
        for name, values, default in (("mean", normaliser.mean, 0.0), ("std", normaliser.std, 1.0)):
            table = torch.tensor(values or (default,) * 3).view(1, 3, 1, 1)
            self.register_buffer(name, table, persistent=False)

    def outputs(self) -> list[Output]:
        """What :meth:`forward` gives, in this order."""
        return [output for head in self.heads for output in head.outputs()]  # type: ignore[operator]

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Answers of all tasks.

        Args:
            images: (B, 3, H, W), RGB in [0, 255], uint8 or float32.
        """
        pixels = images.float()
        if not self.is_rgb:
            pixels = pixels[:, [2, 1, 0]]
        pixels = (pixels - self.mean) / self.std
        found: list[Tensor] = []
        with self._autocast(self.precision is not None):
            maps = self.backbone(pixels)
            for head in self.heads:
                decoder: Any = head.decoder
                if self.precision is not None and needs_float32(decoder):
                    with self._autocast(False):
                        found += head(tuple(level.float() for level in maps))
                else:
                    found += head(tuple(maps))
        return tuple(found)

    def _autocast(self, enabled: bool) -> torch.autocast:
        return torch.autocast("cpu", dtype=self.precision or torch.bfloat16, enabled=enabled)


@contextmanager
def export_form() -> Iterator[None]:
    """Run the layers in the form that every runtime reads alike, without gradients."""
    with use_ms_deform_attn_backend(EXPORT_BACKEND), use_matrix_resize(), torch.no_grad():
        yield
