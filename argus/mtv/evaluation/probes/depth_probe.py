"""A linear layer that tells the depth of a patch from its token and the picture's: bins of depth.

The head is ``BinDepthHead`` of the depth decoders, on one linear layer.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor, nn

from argus.models.decoders.dense.depth import BinDepthHead
from argus.models.losses.gradient_matching import GradientMatchingLoss
from argus.models.losses.silog import SILogLoss
from argus.mtv.encoders.encoder import Encoder
from argus.mtv.encoders.whole_patches import whole_patches
from argus.mtv.evaluation.probes.nyu_options import LinearDepthOptions
from argus.mtv.evaluation.probes.probe_training import (
    ProbeSamples,
    Sample,
    cosine,
    train,
    training_batches,
    warmed_up,
)


class LinearNetwork(nn.Module):
    """One linear layer on each token, resized bilinearly.

    To resize the tokens first, as is published, gives the same: both are linear.

    Args:
        in_channels: Width of the tokens.
        upsample: How many times finer the result is.
        out_channels: Of the result.
    """

    def __init__(self, in_channels: int, upsample: int, *, out_channels: int) -> None:
        super().__init__()
        self.upsample = upsample
        self.linear = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """(B, D, h, w), the only map, to (B, C, h times upsample, w times upsample)."""
        small = self.linear(maps[0])
        size = (small.shape[-2] * self.upsample, small.shape[-1] * self.upsample)
        return F.interpolate(small, size, mode="bilinear", align_corners=False)


def depth_head(width: int, options: LinearDepthOptions) -> BinDepthHead:
    """The head for tokens of some width, its weights a function of the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        return BinDepthHead(
            dict(type=LinearNetwork, in_channels=width, upsample=options.upsample),
            num_bins=options.bins,
            min_depth=options.min_depth,
            max_depth=options.max_depth,
            loss=dict(type=SILogLoss, warmup_steps=options.silog_warmup),
            gradient_loss=dict(
                type=GradientMatchingLoss,
                steps=options.gradient_steps,
                loss_weight=options.gradient_weight,
            ),
        )


def features_of(
    encoder: Encoder, pictures: Sequence[Image.Image], options: LinearDepthOptions
) -> Tensor:
    """(B, 2 D, h, w): each token, and beside it what the whole picture is pooled to.

    Args:
        encoder: Of the pictures.
        pictures: B of one size, which is rounded down to whole patches.
        options: Of the evaluation.
    """
    size = whole_patches((pictures[0].height, pictures[0].width), encoder.patch_size)
    batch = encoder.prepare(pictures, size)
    tokens = encoder.patches(batch, final_norm=options.final_norm)
    pooled = encoder.pooled(batch)[:, :, None, None]
    return torch.cat([tokens, pooled.expand(-1, -1, *tokens.shape[-2:])], dim=1)


def depth_loss(
    head: BinDepthHead, features: Tensor, labels: Tensor, options: LinearDepthOptions
) -> Tensor:
    """The loss of a batch, ().

    Args:
        head: The bins.
        features: (B, 2 D, h, w).
        labels: (B, H, W) metres, 0 unknown.
        options: Which loss.
    """
    size = (labels.shape[-2], labels.shape[-1])
    if options.loss == "cross_entropy":
        return _cross_entropy(head, head.scores([features]), labels)
    depth = F.interpolate(head([features]), size, mode="bilinear", align_corners=False)
    return torch.stack(list(head.loss(depth, labels[:, None]).values())).sum()


def _cross_entropy(head: BinDepthHead, scores: Tensor, labels: Tensor) -> Tensor:
    """Minus the logarithm of the probability of the bin that is nearest to the truth."""
    valid = (labels >= head.min_depth) & (labels <= head.max_depth)
    spacing = (head.max_depth - head.min_depth) / (len(head.centers) - 1)
    bins = ((labels - head.min_depth) / spacing).round().long().where(valid, 0)
    probability = scores / scores.sum(1, keepdim=True)
    total = scores.new_zeros(())
    for one, number, mask in zip(probability, bins, valid, strict=True):
        full = F.interpolate(one[None], number.shape, mode="bilinear", align_corners=False)[0]
        total = total - full.gather(0, number[None])[0].log().where(mask, 0.0).sum()
    return total / valid.sum().clamp(min=1)


def train_depth(
    encoder: Encoder, samples: ProbeSamples, options: LinearDepthOptions
) -> BinDepthHead:
    """The head, trained."""
    width = features_of(encoder, [samples[0]["picture"]], options).shape[1]
    head = depth_head(width, options).to(encoder.device)

    def backward(batch: Sequence[Sample]) -> Tensor:
        features = features_of(encoder, [sample["picture"] for sample in batch], options)
        labels = torch.stack([sample["label"] for sample in batch]).to(encoder.device)
        loss = depth_loss(head, features, labels, options)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    train(
        head,
        training_batches(
            samples,
            batch_size=options.batch,
            steps=options.steps,
            num_workers=options.workers,
        ),
        backward,
        steps=options.steps,
        lr=options.lr,
        weight_decay=options.weight_decay,
        factor=warmed_up(cosine, steps=options.steps, warmup=options.warmup_steps, start=0.001),
        max_norm=options.max_norm,
        title="linear depth",
    )
    return head


@torch.no_grad()
def predicted_depth(
    encoder: Encoder,
    head: BinDepthHead,
    picture: Image.Image,
    size: tuple[int, int],
    options: LinearDepthOptions,
) -> Tensor:
    """(1, H, W) metres of a picture at a size."""
    views = [picture, ImageOps.mirror(picture)] if options.flip else [picture]
    depth = head([features_of(encoder, views, options)])
    full = F.interpolate(depth, size, mode="bilinear", align_corners=False)
    found = head.decode(full[0])
    return head.average(found, head.mirror(head.decode(full[1]))) if options.flip else found
