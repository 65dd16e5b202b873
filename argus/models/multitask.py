"""One backbone and any number of decoders.

A decoder is a complete OpenMMLab model whose backbone is a ``SharedBackbone``; this module only
routes batches. It knows no task by name: adding a decoder never edits it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from argus.building import building
from argus.errors import ConfigError
from argus.models import one_size
from argus.models.connect import connect
from argus.models.foreign import (
    build_decoder,
    float32_outside_backbone,
    library_of,
    library_scope,
    needs_float32,
)
from argus.models.randomness import seed_all
from argus.models.stream_batch import StreamReader
from argus.models.stream_passes import PASSES, check_packing
from argus.models.task_model import TaskModel
from argus.registry import MODELS
from argus.safe_load import tensors_only

Batch = Mapping[str, Any]


@MODELS.register_module()
class MultitaskModel(TaskModel):
    """A backbone shared by one decoder per task.

    Args:
        backbone: Config of the backbone, or the module. It maps images (B, 3, H, W) to four maps.
        decoders: Config of a complete OpenMMLab model per task name.
        loss_weights: Factor of each task's loss in the total; 1.0 where absent.
        streams: Task names by data stream. A stream of one task has a batch of its own
            (multi-input); tasks of one stream are labels on the same images (single-input) and
            share one backbone pass. Defaults to one stream per task, named like it. The decoder
            of a task in no stream is only evaluated: its parameters are frozen.

    Raises:
        ConfigError: If there is no task, or a name is unknown.
    """

    def __init__(
        self,
        backbone: Mapping[str, Any] | nn.Module,
        decoders: Mapping[str, Mapping[str, Any]],
        *,
        loss_weights: Mapping[str, float] | None = None,
        streams: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__()
        if not decoders:
            raise ConfigError("tasks is empty: a multitask model needs at least one task.")
        with tensors_only(), building(backbone, where="backbone"):
            built = backbone if isinstance(backbone, nn.Module) else MODELS.build(backbone)
        self.backbone: Any = built
        self.decoders = nn.ModuleDict()
        self.libraries: dict[str, str | None] = {}
        for name, config in decoders.items():
            where = f"tasks[{name!r}].decoder"
            with tensors_only():
                self.decoders[name] = build_decoder(config, self.backbone, where=where)
            self.libraries[name] = library_of(type(self.decoders[name]))
        self.loss_weights = {name: 1.0 for name in decoders} | dict(loss_weights or {})
        if streams is None:
            streams = {name: [name] for name in decoders}
        self.streams = {stream: tuple(tasks) for stream, tasks in streams.items()}
        routed = {task for tasks in self.streams.values() for task in tasks}
        for unknown in (set(self.loss_weights) | routed) ^ set(decoders):
            raise ConfigError(
                f"task {unknown!r} is not the same in decoders ({list(decoders)}), loss_weights "
                f"and streams ({self.streams})."
            )
        for task in set(decoders) - routed:
            # Without a loss it would stop DDP, and weight decay would shrink it.
            self.decoders[task].requires_grad_(False)
        self._reader = StreamReader(self.libraries)

    def init_weights(self) -> None:
        """Initialise the decoders, each in its library's scope; the backbone has done its own."""
        if hasattr(self.backbone, "init_weights"):
            with tensors_only():
                self.backbone.init_weights()
        for name in self.decoders:
            with tensors_only(), library_scope(self.libraries[name]):
                self.decoder(name).init_weights()

    def forward(
        self,
        batches: Mapping[str, Batch],
        mode: str = "loss",
        *,
        seeds: Mapping[str, int] | None = None,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Losses of all tasks whose streams are in ``batches``.

        Args:
            batches: Collated batch per stream: ``inputs`` (list of (3, H, W) uint8 images) and
                ``data_samples`` (list; for a stream of several tasks each entry maps task to its
                sample, and a task that is absent there costs nothing).
            mode: ``loss``, or ``packed`` for the same by one pass of the backbone over all
                streams; prediction goes task by task through :meth:`predict`.
            seeds: Seed per task, set just before its decoder runs, and per stream of several
                tasks, set before its backbone pass.

        Returns:
            The weighted loss of every task, connected to all its parameters, and the detached
            parts for the log, named ``<task>/<name>``.
        """
        assert mode in PASSES, (
            f"forward(mode={mode!r}): use predict(task, batch) or features(images)"
        )
        seeds = seeds or {}
        streams = (
            (stream, self._reader.read(self.streams[stream], batch, self._preprocess_training))
            for stream, batch in batches.items()
        )
        losses: dict[str, Tensor] = {}
        logs: dict[str, Tensor] = {}
        for stream_batch, inputs in PASSES[mode](self.backbone, streams, seeds):
            for task, data in stream_batch.routed(inputs):
                loss, parts = self._decoder_loss(task, data, seeds.get(task))
                parameters = [*self.decoders[task].parameters(), *self.backbone.parameters()]
                losses[task] = connect(self.loss_weights[task] * loss, parameters)
                logs |= {f"{task}/{name}": value for name, value in parts.items()}
        return losses, logs

    def _preprocess_training(self, task: str, batch: Batch) -> dict[str, Any]:
        prepared = self._preprocess(task, batch, training=True)
        self._check_sides(task, prepared["inputs"])
        return prepared

    def _preprocess(self, task: str, batch: Batch, *, training: bool) -> dict[str, Any]:
        data = {"inputs": batch["inputs"], "data_samples": batch["data_samples"]}
        with library_scope(self.libraries[task]):
            return self.decoder(task).data_preprocessor(data, training)

    def _check_sides(self, task: str, images: Tensor) -> None:
        """Refuse images (B, 3, H, W) that the backbone cannot take.

        In a test a decoder may still cut them into windows.

        Raises:
            ConfigError: Naming the preprocessor of the task.
        """
        divisor = getattr(self.backbone, "size_divisor", 1)
        height, width = images.shape[-2:]
        if height % divisor or width % divisor:
            raise ConfigError(
                f"tasks[{task!r}].decoder.data_preprocessor gives images of {height}x{width} "
                f"(height x width), but the backbone needs sides that are multiples of {divisor}. "
                f"Pad to them with size_divisor={divisor} (pad_size_divisor in mmdet and "
                "mmpretrain), or crop or resize to a size that is."
            )

    def _decoder_loss(
        self, task: str, data: Batch | None, seed: int | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        if data is None:
            device = next(self.decoders[task].parameters()).device
            return torch.zeros((), device=device), {}
        if seed is not None:
            seed_all(seed)
        decoder = self.decoder(task)
        with self._decoder_context(task):
            parts = decoder.loss(data["inputs"], data["data_samples"])
            loss, logs = decoder.parse_losses(parts)
        if "blank" in data:
            return loss * 0.0, {}
        return loss, {name: value.detach() for name, value in logs.items()}

    def _decoder_context(self, task: str) -> AbstractContextManager[Any]:
        """Scope of the task's library; float32 for decoders that need it."""
        stack = ExitStack()
        stack.enter_context(library_scope(self.libraries[task]))
        if needs_float32(self.decoders[task]):
            stack.enter_context(float32_outside_backbone(self.decoders[task]))
        return stack

    def decoder(self, task: str) -> Any:
        """The OpenMMLab model of a task: ``loss``, ``predict``, ``data_preprocessor`` and so on."""
        return self.decoders[task]

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """Backbone maps of normalised images (B, 3, H, W), sides multiples of 32."""
        return self.backbone(images)

    @torch.no_grad()
    def predict(
        self,
        task: str,
        batch: Batch,
        *,
        features: Callable[[Tensor], Sequence[Tensor]] | None = None,
    ) -> list[Any]:
        """Data samples with predictions, by the test mode of the task's own library.

        Args:
            task: Name of the task.
            batch: Collated batch with ``inputs`` and ``data_samples``; its pictures may differ in
                size.
            features: Gives the backbone's maps of normalised images (B, 3, H, W), for a decoder
                that takes them; by default the decoder runs the backbone.
        """

        def predict(images: Any, samples: Any) -> Sequence[Any]:
            part = dict(inputs=images, data_samples=samples)
            data = self._preprocess(task, part, training=False)
            inputs = data["inputs"] if features is None else features(data["inputs"])
            return self.predict_from(task, inputs, data["data_samples"])

        images, samples = batch["inputs"], batch["data_samples"]
        if self.libraries[task] in one_size.LIBRARIES:
            return one_size.by_size(images, samples, predict)
        return list(predict(images, samples))

    def prepare(self, task: str, batch: Batch) -> dict[str, Any]:
        """What :meth:`predict` gives the decoder: normalised images, and samples that know them.

        Args:
            task: Name of the task.
            batch: As for :meth:`predict`.
        """
        return self._preprocess(task, batch, training=False)

    @torch.no_grad()
    def predict_from(
        self,
        task: str,
        inputs: Tensor | Sequence[Tensor],
        samples: Sequence[Any],
        *,
        decoder: Any = None,
    ) -> list[Any]:
        """Data samples with predictions, from what is prepared already.

        Args:
            task: Name of the task.
            inputs: Normalised images (B, 3, H, W), or their backbone maps, which tasks can share.
            samples: Data samples of the task's library, with the sizes of image and padding.
            decoder: A variant of the task's decoder over the same modules; the decoder by default.
        """
        with self._decoder_context(task):
            return (decoder or self.decoder(task)).predict(inputs, samples)

    def train(self, mode: bool = True) -> "MultitaskModel":
        """Set training mode; frozen parts keep themselves in eval mode."""
        super().train(mode)
        return self

    def check_packing(self) -> None:
        """Refuse a backbone that cannot; see :meth:`TaskModel.check_packing`."""
        check_packing(self.backbone)

    def frozen_base(self) -> tuple[str, dict[str, Tensor]]:
        """Name of the frozen weights and their tensors by full name; empty if all is trained."""
        state = self.backbone.frozen_state() if hasattr(self.backbone, "frozen_state") else {}
        name = getattr(self.backbone, "base_name", type(self.backbone).__name__)
        return name, {f"backbone.{key}": value for key, value in state.items()}
