"""Boxes and names: what the prompter sees in a box, against the names of all processes' regions."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from argus.errors import DataError
from argus.mtv.batch import Regions
from argus.mtv.decoders.decoder import Decoder, Parts, detached
from argus.mtv.losses.sigmoid import Pairs, sigmoid_loss
from argus.mtv.passes import Passes
from argus.mtv.prompter import Prompter
from argus.mtv.siglip import LOGIT_BIAS, LOGIT_SCALE
from argus.mtv.texts import text_keys
from argus.names.wording import counted
from argus.registry import MODELS


@MODELS.register_module()
class Grounding(Decoder):
    """Regions; every picture has room for ``max_regions``, whatever it has of them.

    All processes go through the same operations, also one whose pictures have no regions.

    Args:
        max_regions: Regions per picture; a sample may not have more.
        equal_texts: What a region and the name of another are whose names are equal: ``ignore``,
            ``negative`` (the paper's formula taken literally) or ``positive``.
        own_scale: Whether logit scale and bias are its own or those of the captions.
        logit_bias: What its own bias begins with; see :func:`~argus.mtv.siglip.siglip`.
        final_norm: See ``argus.mtv.prompter.Prompter``.
        chunk: Names whose logits are in memory at a time.
    """

    reads_texts = True

    def __init__(
        self,
        *,
        max_regions: int = 4,
        equal_texts: str = "ignore",
        own_scale: bool = True,
        logit_bias: float = LOGIT_BIAS,
        final_norm: bool = False,
        chunk: int = 1024,
    ) -> None:
        super().__init__()
        Pairs(keys=torch.zeros(0), valid=torch.zeros(0), equal_texts=equal_texts)  # checks it
        self.max_regions = max_regions
        self.equal_texts = equal_texts
        self.chunk = chunk
        self.uses_logit_scale = not own_scale
        self._options = dict(final_norm=final_norm)
        self.prompter: Any = None
        self.logit_scale = nn.Parameter(torch.tensor([LOGIT_SCALE])) if own_scale else None
        self.logit_bias = nn.Parameter(torch.tensor([float(logit_bias)])) if own_scale else None
        self._length = 0

    def bind(self, backbone: Any) -> None:
        """Make the prompter; it reads the last block."""
        config = backbone.config.vision_config
        self.prompter = Prompter(config, **self._options)
        self.prompter.initialise(backbone.vision_model._init_weights)
        self.taps = (config.num_hidden_layers,)
        self._length = backbone.config.text_config.max_position_embeddings

    def texts(self, samples: Sequence[Any], *, task: str) -> Tensor:
        """The names of all places (B x R, L); those of empty ones are zeros, one more text."""
        ids = torch.zeros(len(samples), self.max_regions, self._length, dtype=torch.int64)
        for row, sample in zip(ids, samples, strict=True):
            if sample is not None:
                self._check(sample, task)
                row[: len(sample.ids)] = sample.ids
        return ids.flatten(0, 1)

    def _check(self, sample: Any, task: str) -> None:
        """Refuse a sample that is no :class:`Regions`, or has too many.

        Raises:
            DataError: Naming the task.
        """
        if not isinstance(sample, Regions):
            raise DataError(f"task {task!r} needs Regions, found {type(sample).__name__}.")
        if len(sample.boxes) > self.max_regions or len(sample.boxes) != len(sample.ids):
            raise DataError(
                f"task {task!r}: a picture ({sample.img_path}) has "
                f"{counted(len(sample.boxes), 'box', 'boxes')} and "
                f"{counted(len(sample.ids), 'name')}; expected as many of both, and at most "
                f"{self.max_regions} (max_regions)."
            )
        if len(sample.ids) and sample.ids.shape[-1] != self._length:
            raise DataError(
                f"task {task!r}: names of {sample.ids.shape[-1]} tokens, the text encoder takes "
                f"{self._length}. Pad every name to that length."
            )

    def loss(self, passes: Passes, samples: Sequence[Any], *, task: str) -> tuple[Tensor, Parts]:
        """The sigmoid loss, mean over regions of the sum over names."""
        device = passes.images.device
        boxes = torch.zeros(len(samples), self.max_regions, 4)
        boxes[..., 2:] = 1.0
        valid = torch.zeros(len(samples), self.max_regions, dtype=torch.bool)
        for place, sample in enumerate(samples):
            if sample is not None:
                boxes[place, : len(sample.boxes)] = sample.boxes
                valid[place, : len(sample.boxes)] = True
        pairs = Pairs(
            keys=text_keys(self.texts(samples, task=task)).to(device),
            valid=valid.flatten().to(device),
            equal_texts=self.equal_texts,
        )
        regions = self.prompter(passes.tap(self.taps[-1]), boxes.to(device)).flatten(0, 1)
        scale, bias = self.scale_and_bias(passes.backbone)
        loss = sigmoid_loss(
            regions, passes.texts.of(task), scale, bias, pairs=pairs, chunk=self.chunk
        )
        parts = detached(
            grounding=loss,
            regions_per_image=pairs.valid.sum() / len(samples),
            logit_scale=scale.squeeze(),
            logit_bias=bias.squeeze(),
        )
        return loss, parts

    def scale_and_bias(self, backbone: Any) -> tuple[Tensor, Tensor]:
        """What the logits of regions are multiplied by, and what is added, (1,) each."""
        if self.logit_scale is not None and self.logit_bias is not None:
            return self.logit_scale.exp(), self.logit_bias
        return backbone.logit_scale.exp(), backbone.logit_bias
