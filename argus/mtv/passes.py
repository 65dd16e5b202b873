"""The passes of a step over the encoders, each run when it is first asked for, and once.

====  ==================  =================================================  =======================
pass  network             input                                              read by
====  ==================  =================================================  =======================
A     student's vision    the view                                           all tasks
B     student's vision    the view, half of its patches masked               self-supervision
C     student's vision    the local crops                                    self-supervision
D     teacher's vision    the view, without gradients                        self-supervision
E     text encoder        every distinct caption and region name             captions, grounding
====  ==================  =================================================  =======================

A and E are here, since tasks share them; B, C and D are the self-supervised task's own.
"""

import functools
from collections.abc import Collection, Mapping
from typing import Any

from torch import Tensor

from argus.mtv.texts import Texts
from argus.mtv.vision import VisionOutput, run_vision


class Passes:
    """What the tasks share of one batch.

    Args:
        backbone: The ``SiglipModel``.
        images: (B, 3, H, W) in [-1, 1].
        ids: By task the tokens (n, L) of its texts, on the CPU; tasks without are left out.
        taps: Blocks of the vision tower, counted from 1, whose outputs in pass A are read.
        pools: Whether its pooled embedding is.
        chunk: Images or texts at a time; see :func:`~argus.mtv.vision.run_vision`.
    """

    def __init__(
        self,
        backbone: Any,
        images: Tensor,
        ids: Mapping[str, Tensor],
        *,
        taps: Collection[int],
        pools: bool,
        chunk: int | None,
    ) -> None:
        self.backbone = backbone
        self.images = images
        self.chunk = chunk
        self._taps = tuple(sorted(set(taps)))
        self._pools = pools
        self._ids = ids

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches of a view."""
        patch = self.backbone.config.vision_config.patch_size
        return self.images.shape[-2] // patch, self.images.shape[-1] // patch

    @functools.cached_property
    def view(self) -> VisionOutput:
        """Pass A."""
        return run_vision(
            self.backbone.vision_model,
            self.images,
            taps=self._taps,
            pools=self._pools,
            chunk=self.chunk,
        )

    @property
    def pooled(self) -> Tensor:
        """(B, D) of pass A."""
        assert self.view.pooled is not None
        return self.view.pooled

    def tap(self, number: int) -> Tensor:
        """(B, N, D) output of a block of pass A, counted from 1, not normalised."""
        return self.view.taps[self._taps.index(number)]

    @functools.cached_property
    def texts(self) -> Texts:
        """Pass E."""
        return Texts(self.backbone.text_model, self._ids, self.images.device, chunk=self.chunk)
