"""Pictures alone: local crops and masked patches after the scores of the teacher, and KoLeo."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from argus.errors import ConfigError
from argus.mtv.batch import Crops, every, normalised
from argus.mtv.centring import Centre, Temperature
from argus.mtv.decoders.decoder import Decoder, Parts, detached
from argus.mtv.losses.distillation import distil, entropy, prototype_loss
from argus.mtv.losses.koleo import koleo_loss
from argus.mtv.masking import half_mask
from argus.mtv.passes import Passes
from argus.mtv.projection_head import ProjectionHead
from argus.mtv.teacher import Teacher
from argus.mtv.vision import VisionOutput, run_vision
from argus.registry import MODELS

CENTRES_OF = ("teacher", "student")


@MODELS.register_module()
class SelfSupervised(Decoder):
    """Self-distillation from a teacher that averages the student's vision tower and heads.

    Args:
        num_prototypes: Of each of the two heads.
        hidden: Width of their hidden layers.
        bottleneck: Width of what they compare with prototypes.
        mask_weight: Factor of the loss of masked patches.
        koleo_weight: Factor of KoLeo.
        student_temperature: tau_s.
        teacher_temperature: tau_t at the first step and after its rise.
        warmup_share: Share of the training's steps that the rise takes.
        centre_momentum: Share of the centres that stays per step.
        centre_of: Whose scores the centres are the mean of: ``teacher`` (as its formula and every
            implementation have it) or ``student`` (as the paper's appendix says).
        ema_momentum: Share of the teacher that stays per step.
        mask_block: Side of the squares of patches that are masked as one; 1 for single patches.
        chunk: Masked patches whose scores are in memory at a time; those of others are computed
            again in the backward pass. ``None`` for all at once.
    """

    reads_pooled = True

    def __init__(
        self,
        *,
        num_prototypes: int = 32768,
        hidden: int = 2048,
        bottleneck: int = 256,
        mask_weight: float = 2.0,
        koleo_weight: float = 0.1,
        student_temperature: float = 0.1,
        teacher_temperature: tuple[float, float] = (0.04, 0.07),
        warmup_share: float = 0.1,
        centre_momentum: float = 0.9,
        centre_of: str = "teacher",
        ema_momentum: float = 0.994,
        mask_block: int = 1,
        chunk: int | None = 2048,
    ) -> None:
        super().__init__()
        if centre_of not in CENTRES_OF:
            raise ConfigError(
                f"centre_of: expected one of {', '.join(CENTRES_OF)}, found {centre_of!r}."
            )
        if chunk is not None and chunk < 1:
            raise ConfigError(f"chunk: expected None or a number >= 1, found {chunk}.")
        self._sizes = dict(num_prototypes=num_prototypes, hidden=hidden, bottleneck=bottleneck)
        self.mask_weight, self.koleo_weight = mask_weight, koleo_weight
        self.student_temperature = student_temperature
        self.temperature = Temperature(*teacher_temperature, share=warmup_share)
        self.centre_of = centre_of
        self.ema_momentum = ema_momentum
        self.mask_block = mask_block
        self.chunk = chunk
        self.picture_centre = Centre(num_prototypes, momentum=centre_momentum)
        self.patch_centre = Centre(num_prototypes, momentum=centre_momentum)
        self.picture_head: Any = None
        self.patch_head: Any = None
        self.mask_token: Any = None
        self.teacher: Any = None

    def bind(self, backbone: Any) -> None:
        """Make the heads, the mask token and the teacher."""
        width = backbone.config.vision_config.hidden_size
        self.picture_head = ProjectionHead(width, **self._sizes)
        self.patch_head = ProjectionHead(width, **self._sizes)
        self.mask_token = nn.Parameter(torch.zeros(width))
        self.teacher = Teacher(momentum=self.ema_momentum, **self._students(backbone))

    def _students(self, backbone: Any) -> dict[str, nn.Module]:
        return dict(
            vision=backbone.vision_model,
            picture_head=self.picture_head,
            patch_head=self.patch_head,
        )

    def before_step(self, step: int, max_steps: int) -> None:
        """Follow the temperature; forget what a step that was not taken has seen."""
        self.temperature.follow(step, max_steps)
        self.picture_centre.begin()
        self.patch_centre.begin()

    def after_step(self, backbone: Any) -> None:
        """Move the teacher and the centres."""
        self.teacher.follow(**self._students(backbone))
        self.picture_centre.move()
        self.patch_centre.move()

    def start(self, backbone: Any) -> None:
        """The teacher begins as the student."""
        self.teacher.become(**self._students(backbone))

    def loss(self, passes: Passes, samples: Sequence[Any], *, task: str) -> tuple[Tensor, Parts]:
        """``distillation + mask_weight masked + koleo_weight koleo``."""
        crops = torch.stack([sample.images for sample in every(samples, Crops, task=task)])
        num_images, num_crops = crops.shape[:2]
        device = passes.images.device
        mask, places = half_mask(num_images, passes.grid, block=self.mask_block, device=device)
        seen = self._teacher(passes)
        assert seen.pooled is not None and seen.tokens is not None

        local = self._local(passes, normalised(crops.to(device, non_blocking=True)).flatten(0, 1))
        crop_scores = self.picture_head(local).unflatten(0, (num_images, num_crops))
        picture_target, picture_scores = self._target(
            self.teacher.picture_head, seen.pooled, self.picture_centre
        )
        distillation = prototype_loss(
            crop_scores, picture_target[:, None], temperature=self.student_temperature
        ).mean()

        patches = _taken(self._masked(passes, mask), places)
        masked = distil(
            patches.flatten(0, 1),
            _taken(seen.tokens, places).flatten(0, 1),
            student_head=self.patch_head,
            teacher_head=self.teacher.patch_head,
            probabilities=self._probabilities(self.patch_centre),
            temperature=self.student_temperature,
            chunk=self.chunk,
        )
        if self.centre_of == "teacher":
            self.picture_centre.see(picture_scores)
            self.patch_centre.see_sum(masked.teacher_scores, masked.rows)
        else:
            self.picture_centre.see(crop_scores)
            self.patch_centre.see_sum(masked.student_scores, masked.rows)

        koleo = koleo_loss(passes.pooled)
        loss = distillation + self.mask_weight * masked.loss + self.koleo_weight * koleo
        parts = detached(
            distillation=distillation,
            masked=masked.loss,
            koleo=koleo,
            teacher_temperature=torch.full((), self.temperature.value, device=device),
            picture_entropy=entropy(picture_target).mean(),
            picture_prototypes=entropy(picture_target.mean(0)).exp(),
            patch_entropy=masked.entropy,
            patch_prototypes=entropy(masked.target).exp(),
        )
        return loss, parts

    @torch.no_grad()
    def _teacher(self, passes: Passes) -> VisionOutput:
        """Pass D."""
        return run_vision(
            self.teacher.vision, passes.images, tokens=True, pools=True, chunk=passes.chunk
        )

    def _local(self, passes: Passes, crops: Tensor) -> Tensor:
        """Pass C: (B x K, D) of crops (B x K, 3, h, w)."""
        found = run_vision(
            passes.backbone.vision_model, crops, pools=True, chunk=passes.chunk
        ).pooled
        assert found is not None
        return found

    def _masked(self, passes: Passes, mask: Tensor) -> Tensor:
        """Pass B: (B, N, D)."""
        found = run_vision(
            passes.backbone.vision_model,
            passes.images,
            tokens=True,
            mask=mask,
            mask_token=self.mask_token,
            chunk=passes.chunk,
        ).tokens
        assert found is not None
        return found

    @torch.no_grad()
    def _target(self, head: nn.Module, embeddings: Tensor, centre: Centre) -> tuple[Tensor, Tensor]:
        """Probabilities and scores of the teacher."""
        scores = head(embeddings)
        return self._probabilities(centre)(scores), scores

    def _probabilities(self, centre: Centre) -> Callable[[Tensor], Tensor]:
        return functools.partial(centre.probabilities, temperature=self.temperature.value)


def _taken(tokens: Tensor, places: Tensor) -> Tensor:
    """Tokens (B, N, D) at places (B, n): (B, n, D)."""
    return tokens.gather(1, places[..., None].expand(-1, -1, tokens.shape[-1]))
