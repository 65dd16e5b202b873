"""The sigmoid loss over the texts of all processes, whose memory does not grow with their number.

Source: "Sigmoid Loss for Language Image Pre-Training" (Zhai et al., ICCV 2023, Algorithm 1 and
section 3.3), the paper's Eq. 1. The bias is added to the logit, as in every implementation and in
the released weights; Eq. 1 prints it inside the exponent with the other sign.

What was changed: instead of gathering all texts, every process shows its own to the others in turn,
and looks at them in chunks. The gradients are computed beside the loss, chunk by chunk, where the
logits are at hand: nothing is computed again, no logits are kept, and no process waits for another
in the backward pass, where DDP's own messages are under way.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from argus.errors import ConfigError
from argus.mtv.losses.peers import Peers

EQUAL_TEXTS = ("negative", "ignore", "positive")


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Which rows of a process belong together.

    Args:
        keys: (n,) int64, one number per text; equal texts have equal ones.
        valid: (n,) bool; other rows are padding, with no influence.
        equal_texts: What an image and a text of another row are whose texts are equal:
            ``negative`` (the paper's formula), ``ignore`` or ``positive``.
        known: (n, K) int64, keys of all texts that are right of an image, its own among them: what
            equals any of them is an equal text. Its own alone by default.
    """

    keys: Tensor
    valid: Tensor
    equal_texts: str = "negative"
    known: Tensor | None = None

    def __post_init__(self) -> None:
        if self.equal_texts not in EQUAL_TEXTS:
            raise ConfigError(
                f"equal_texts: expected one of {', '.join(EQUAL_TEXTS)}, found "
                f"{self.equal_texts!r}."
            )


def sigmoid_loss(
    images: Tensor,
    texts: Tensor,
    scale: Tensor,
    bias: Tensor,
    *,
    pairs: Pairs,
    chunk: int = 1024,
    peers: Peers | None = None,
) -> Tensor:
    """Sum over texts, mean over images, of ``softplus(-y (scale cos(image, text) + bias))``.

    ``y`` is 1 for the image and text of one row and -1 for all others. The mean is over the valid
    rows of all processes: averaged over the processes, as DDP averages gradients, loss and
    gradients are those of one process with the whole batch.

    Args:
        images: (n, D) embeddings, of any length; n is the same in all processes.
        texts: (n, D).
        scale: () or (1,), the factor itself, not its logarithm.
        bias: () or (1,).
        pairs: Of this process.
        chunk: Texts whose logits are in memory at a time: n x chunk float32 numbers.
        peers: The processes; those of the training by default.

    Returns:
        () float32; 0 if no process has a valid row.
    """
    with torch.autocast(images.device.type, enabled=False):
        loss: Tensor = _Sigmoid.apply(
            F.normalize(images.float(), dim=-1),
            F.normalize(texts.float(), dim=-1),
            scale.float().reshape(()),
            bias.float().reshape(()),
            pairs,
            chunk,
            peers or Peers(),
        )
    return loss


class _Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor,
        texts: Tensor,
        scale: Tensor,
        bias: Tensor,
        pairs: Pairs,
        chunk: int,
        peers: Peers,
    ) -> Tensor:
        wants = any(ctx.needs_input_grad)
        num_valid = peers.total(pairs.valid.sum().float())
        factor = peers.number / num_valid.clamp(min=1)
        loss = images.new_zeros(())
        to_images, to_texts = torch.zeros_like(images), torch.zeros_like(texts)
        to_scale, to_bias = torch.zeros_like(scale), torch.zeros_like(bias)
        own = torch.arange(len(images), device=images.device)
        mine = (texts, pairs.keys, pairs.valid.to(torch.uint8))
        for owner, (shown, keys, is_valid) in peers.shown(mine):
            valid = is_valid.bool()
            to_shown = torch.zeros_like(shown)
            for start in range(0, len(shown), chunk):
                rows = slice(start, start + chunk)
                sign = _signs(pairs, keys[rows], valid[rows])
                if owner == peers.rank:
                    columns = own[rows]
                    sign[columns, columns - start] = (pairs.valid & valid)[columns].to(sign)
                cosines = images @ shown[rows].T
                logits = scale * cosines + bias
                loss = loss + (F.softplus(-sign * logits) * sign.abs()).sum()
                if not wants:
                    continue
                slope = -sign * torch.sigmoid(-sign * logits)  # of the loss, per logit
                to_images.addmm_(slope, shown[rows])
                to_shown[rows] = slope.T @ images
                to_scale += (slope * cosines).sum()
                to_bias += slope.sum()
            if wants and (home := peers.send_home(to_shown, owner)) is not None:
                to_texts += home
        ctx.save_for_backward(
            to_images * (scale * factor),
            to_texts * (scale * factor),
            to_scale * factor,
            to_bias * factor,
        )
        return loss * factor

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        # A process whose loss has another weight than the others' would need to tell them.
        return (*(grad * saved for saved in ctx.saved_tensors), None, None, None)


def _signs(pairs: Pairs, keys: Tensor, valid: Tensor) -> Tensor:
    """(n, m) float32 in {-1, 0, 1} of own images and shown texts, but for the pairs themselves."""
    sign = -(pairs.valid[:, None] & valid[None]).float()
    if pairs.equal_texts != "negative":
        known = pairs.keys[:, None] if pairs.known is None else pairs.known
        equal = (known[:, :, None] == keys).any(1)
        sign = sign.where(~equal, 0.0 if pairs.equal_texts == "ignore" else -sign)
    return sign
