"""Pictures and captions: the sigmoid loss of SigLIP over the batches of all processes."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from argus.errors import DataError
from argus.mtv.batch import Caption, every
from argus.mtv.decoders.decoder import Decoder, Parts, detached
from argus.mtv.losses.sigmoid import Pairs, sigmoid_loss
from argus.mtv.passes import Passes
from argus.mtv.texts import text_keys
from argus.names.wording import counted
from argus.registry import MODELS


@MODELS.register_module()
class Contrastive(Decoder):
    """Captions; it has no parameters of its own, but uses the logit scale and bias of the pair.

    Args:
        equal_texts: What a picture and the caption of another are whose captions are equal:
            ``negative`` (the paper's formula), ``ignore`` or ``positive``.
        max_scale: Bound of the logit scale; ``None`` for none.
        chunk: Texts whose logits are in memory at a time.
    """

    reads_pooled = True
    reads_texts = True
    uses_logit_scale = True

    def __init__(
        self, *, equal_texts: str = "negative", max_scale: float | None = None, chunk: int = 1024
    ) -> None:
        super().__init__()
        Pairs(keys=torch.zeros(0), valid=torch.zeros(0), equal_texts=equal_texts)  # checks it
        self.equal_texts = equal_texts
        self.max_scale = max_scale
        self.chunk = chunk

    def texts(self, samples: Sequence[Any], *, task: str) -> Tensor:
        """The captions (B, L); of an evaluation all of every picture."""
        ids = [sample.ids for sample in every(samples, Caption, task=task)]
        return torch.cat([own.reshape(-1, own.shape[-1]) for own in ids])

    def loss(self, passes: Passes, samples: Sequence[Any], *, task: str) -> tuple[Tensor, Parts]:
        """The sigmoid loss, mean over pictures of the sum over captions."""
        ids = self.texts(samples, task=task)
        pooled = passes.pooled
        if len(ids) != len(pooled):
            raise DataError(
                f"task {task!r}: {counted(len(ids), 'caption')} for "
                f"{counted(len(pooled), 'picture')}; in training a picture has one, drawn from "
                "those it has."
            )
        pairs = Pairs(
            keys=text_keys(ids).to(pooled.device),
            valid=torch.ones(len(ids), dtype=torch.bool, device=pooled.device),
            equal_texts=self.equal_texts,
            known=known_texts(samples, pooled.device),
        )
        scale, bias = passes.backbone.logit_scale.exp(), passes.backbone.logit_bias
        if self.max_scale is not None:
            scale = scale.clamp(max=self.max_scale)
        loss = sigmoid_loss(
            pooled, passes.texts.of(task), scale, bias, pairs=pairs, chunk=self.chunk
        )
        parts = detached(contrastive=loss, logit_scale=scale.squeeze(), logit_bias=bias.squeeze())
        return loss, parts

    def predict(self, passes: Passes, samples: Sequence[Any], *, task: str) -> list[Any]:
        """Embeddings of length 1: ``image`` (D,) and ``texts`` (k, D) of each picture."""
        numbers = [sample.ids[..., 0].numel() for sample in samples]
        texts = F.normalize(passes.texts.of(task).float(), dim=-1).split(numbers)
        images = F.normalize(passes.pooled.float(), dim=-1)
        return [dict(image=i, texts=own) for i, own in zip(images, texts, strict=True)]


def known_texts(samples: Sequence[Caption], device: torch.device) -> Tensor | None:
    """(B, K) int64, keys of all captions of each picture, repeated to the most that one has.

    ``None`` if a sample does not tell them.
    """
    known = [sample.known for sample in samples if sample.known is not None]
    if not known or len(known) < len(samples):
        return None
    most = max(len(keys) for keys in known)
    rows = [keys[torch.arange(most) % len(keys)] for keys in known]
    return torch.stack(rows).to(device, non_blocking=True)
