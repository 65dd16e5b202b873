"""MTV: a pair of encoders, and one decoder per task, over one stream of data.

Source: "Revisiting Multi-Task Visual Representation Learning" (arXiv 2601.13886).
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from argus.building import building
from argus.errors import ConfigError, DataError
from argus.models.connect import connect
from argus.models.randomness import seed_all
from argus.models.task_model import TaskModel
from argus.mtv.batch import stack
from argus.mtv.decoders.decoder import Decoder
from argus.mtv.heads_file import load_heads
from argus.mtv.passes import Passes
from argus.mtv.vision import freeze_unread
from argus.registry import MODELS

ENCODERS = ("vision", "text")


@MODELS.register_module()
class MTVModel(TaskModel):
    """SigLIP's encoders trained by any of four tasks.

    A task that is not there has no parameters and no pass. What of the encoders no task reads is
    frozen, so that the pair stays whole: without captions and names that is the text encoder.

    Args:
        backbone: Config of :func:`~argus.mtv.siglip.siglip`, or the ``SiglipModel``.
        decoders: Config of a decoder of ``argus.mtv.decoders`` per task.
        loss_weights: Factor of each task's loss; 1.0 where absent.
        streams: One stream with the tasks that are trained; all of them by default.
        heads: Folder whose heads the decoders begin with, by the names of the tasks; see
            ``argus.mtv.heads_file``. What it lacks begins anew, and is told.
        locked: Encoders that are not trained: ``vision``, ``text`` or both.
        chunk: Images and texts that go through an encoder at a time. What lies between is computed
            again in the backward pass: a batch of any size fits, with the same gradients, for a
            third more time. ``None`` for all at once.

    Raises:
        ConfigError: If there is no task, or they have several streams.
        CheckpointError: If ``heads`` has none, or others than the decoders need.
    """

    def __init__(
        self,
        backbone: Mapping[str, Any] | nn.Module,
        decoders: Mapping[str, Mapping[str, Any]],
        *,
        loss_weights: Mapping[str, float] | None = None,
        streams: Mapping[str, Sequence[str]] | None = None,
        heads: str | None = None,
        locked: Sequence[str] = (),
        chunk: int | None = None,
    ) -> None:
        super().__init__()
        if not decoders:
            raise ConfigError("tasks is empty: MTV needs at least one task.")
        streams = dict(streams or {"pairs": list(decoders)})
        if len(streams) != 1 or not set(next(iter(streams.values()))) <= set(decoders):
            raise ConfigError(
                f"the tasks of MTV are labels of the same pictures, found the streams {streams}. "
                "Give all of them one stream, e.g. stream='pairs'."
            )
        if not set(locked) <= set(ENCODERS):
            raise ConfigError(
                f"task_model.locked: expected some of {', '.join(ENCODERS)}, found {list(locked)}."
            )
        if chunk is not None and chunk < 1:
            raise ConfigError(f"task_model.chunk: expected None or a number >= 1, found {chunk}.")
        with building(backbone, where="backbone"):
            built = backbone if isinstance(backbone, nn.Module) else MODELS.build(dict(backbone))
        self.backbone = built
        self.decoders = nn.ModuleDict()
        # What each was built with, for a folder that is to build it again.
        self.settings: dict[str, dict[str, Any]] = {}
        for name, config in decoders.items():
            where = f"tasks[{name!r}].decoder"
            with building(config, where=where):
                decoder = MODELS.build(dict(config))
            if not isinstance(decoder, Decoder):
                raise ConfigError(
                    f"{where}: expected a decoder of argus.mtv.decoders, found "
                    f"{type(decoder).__name__}."
                )
            with building(config, where=where):
                decoder.bind(built)
            self.decoders[name] = decoder
            self.settings[name] = {k: v for k, v in dict(config).items() if k != "type"}
        self.libraries = dict.fromkeys(decoders)
        self.loss_weights = {name: 1.0 for name in decoders} | dict(loss_weights or {})
        self.streams = {stream: tuple(tasks) for stream, tasks in streams.items()}
        self.chunk = chunk
        if heads is not None:
            self._begin_with(heads)
        self._freeze_unread()
        for name in locked:
            self.backbone.get_submodule(f"{name}_model").requires_grad_(False)

    def _begin_with(self, folder: str) -> None:
        absent = load_heads(self.decoders, folder)
        if absent:
            print_log(
                f"task_model.heads: {folder} has nothing of {', '.join(absent)}, which begin anew.",
                logger="current",
                level=logging.WARNING,
            )
        for decoder in self._decoders.values():
            decoder.start(self.backbone)

    def _freeze_unread(self) -> None:
        decoders = self._trained
        for decoder in self._decoders.values():
            if decoder not in decoders:  # it is only evaluated
                decoder.requires_grad_(False)
        taps, pools = _read_of_view(decoders)
        vision = self.backbone.vision_model
        last = len(vision.encoder.layers) if pools else max(taps)
        freeze_unread(vision, last=last, pools=pools)
        if not any(decoder.reads_texts for decoder in decoders):
            self.backbone.text_model.requires_grad_(False)
        if not any(decoder.uses_logit_scale for decoder in decoders):
            self.backbone.logit_scale.requires_grad_(False)
            self.backbone.logit_bias.requires_grad_(False)

    @property
    def _decoders(self) -> dict[str, Decoder]:
        return {name: module for name, module in self.decoders.items()}  # type: ignore[misc]

    @property
    def _trained(self) -> list[Decoder]:
        (names,) = self.streams.values()
        return [self._decoders[name] for name in names]

    def init_weights(self) -> None:
        """Nothing is left to do: the encoders have theirs, new or read, since they were built."""

    def forward(
        self,
        batches: Mapping[str, Mapping[str, Any]],
        mode: str = "loss",
        *,
        seeds: Mapping[str, int] | None = None,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Losses of all tasks; see :class:`TaskModel`, and ``argus.mtv.batch`` for the batch."""
        assert mode == "loss", f"forward(mode={mode!r})"
        (stream, raw) = next(iter(batches.items()))
        passes, batch = self.passes(raw, self.streams[stream])
        losses: dict[str, Tensor] = {}
        logs: dict[str, Tensor] = {}
        for task in self.streams[stream]:
            decoder = self._decoders[task]
            if seeds is not None:
                seed_all(seeds[task])
            loss, parts = decoder.loss(passes, batch.samples[task], task=task)
            # A process whose pictures lack the labels of a task goes through it all the same.
            parameters = [*decoder.parameters(), *self.backbone.parameters()]
            losses[task] = connect(self.loss_weights[task] * loss, parameters)
            logs |= {f"{task}/{name}": value for name, value in parts.items()}
        return losses, logs

    def passes(self, batch: Mapping[str, Any], tasks: Sequence[str]) -> tuple[Passes, Any]:
        """The passes of a loader's batch for some tasks, none of them run yet, and the batch."""
        device = self.backbone.logit_scale.device
        stacked = stack(batch, tasks, device)
        patch = self.backbone.config.vision_config.patch_size
        height, width = stacked.images.shape[-2:]
        if height % patch or width % patch:
            raise DataError(
                f"views of {height}x{width} pixels (height x width), but the vision tower needs "
                f"sides that are multiples of {patch}. Crop or resize to such a size."
            )
        decoders = {task: self._decoders[task] for task in tasks}
        ids = {
            task: decoder.texts(stacked.samples[task], task=task)
            for task, decoder in decoders.items()
        }
        texts = {task: own for task, own in ids.items() if own is not None}
        taps, pools = _read_of_view(decoders.values())
        passes = Passes(
            self.backbone, stacked.images, texts, taps=taps, pools=pools, chunk=self.chunk
        )
        return passes, stacked

    @torch.no_grad()
    def predict(self, task: str, batch: Mapping[str, Any]) -> list[Any]:
        """What the task's metrics take; see the ``predict`` of its decoder."""
        passes, stacked = self.passes(batch, [task])
        return self._decoders[task].predict(passes, stacked.samples[task], task=task)

    def layer_of(self, name: str) -> tuple[int, int]:
        """As of SigLIP: embeddings, the blocks of the encoder, and what is above them."""
        encoder = name.split(".")[0].removesuffix("_model")
        if encoder not in ENCODERS:  # logit scale and bias
            return 0, 1
        number = len(self.backbone.get_submodule(f"{encoder}_model").encoder.layers) + 2
        parts = name.split(".")
        if parts[1] == "embeddings":
            return 0, number
        return (int(parts[3]) + 1 if parts[1] == "encoder" else number - 1), number

    def before_step(self, step: int, max_steps: int) -> None:
        """Temperatures follow the step."""
        for decoder in self._trained:
            decoder.before_step(step, max_steps)

    def after_step(self) -> None:
        """Teacher and centres move."""
        for decoder in self._trained:
            decoder.after_step(self.backbone)

    @torch.no_grad()
    def start_tasks(self, tasks: list[str]) -> None:
        """A teacher that begins anew begins as the student whose weights were loaded."""
        for task in tasks:
            self._decoders[task].start(self.backbone)


def _read_of_view(decoders: Iterable[Decoder]) -> tuple[list[int], bool]:
    """The blocks of the vision tower that decoders read, and whether one reads what it pools."""
    decoders = list(decoders)
    taps = [tap for decoder in decoders for tap in decoder.taps]
    return taps, any(decoder.reads_pooled for decoder in decoders)
