"""A model in one object: load it, give it pictures, get all the answers.

Example::

    from argus import Argus

    model = Argus.from_pretrained("work_dirs/argus_base")
    prediction = model.predict("photo.jpg", tasks=["depth", "instance"])
    prediction["depth"].metres
"""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from argus.inference.device import choose_device, choose_precision
from argus.inference.images import is_single
from argus.inference.normaliser import Normaliser
from argus.inference.passes import NETWORK_LOCK, Passes, TaskInput
from argus.inference.predictor import Predictor
from argus.inference.read_ahead import Batch, OnError, iter_batches
from argus.inference.request import Request, choose_tasks, parse_request
from argus.inference.size_rule import SizeRule
from argus.inference.task_info import TaskInfo, labels_of
from argus.model_config import (
    build_enclosed,
    names_only,
    read_config,
    resolve_config,
    task_names,
)
from argus.model_files.hub import push_model, resolve_model, save_model
from argus.models.backbones.separate_vit import read_model
from argus.models.multitask import MultitaskModel
from argus.precision import autocast
from argus.results import Prediction
from argus.storage.model_folder import ModelFolder

_USUAL_SIZE = (480, 640)


class Argus:
    """A backbone and its decoders, ready to predict.

    Prediction is safe from several threads: they take turns on the network.

    Args:
        folder: The model.
        tasks: Names of the decoders to build; all by default.
        device: ``auto`` (a GPU if there is one), or what ``torch.device`` takes.
        dtype: ``auto`` (bfloat16 autocast where the device has it, float32 elsewhere), ``bf16`` or
            ``fp32``.
        compile: Whether to compile the backbone with ``torch.compile``; the first pictures of
            each size then take long.
        trust: Packages, beside OpenMMLab's and Argus itself, that classes may come from.

    Attributes:
        folder: Config and manifest; the tensors are in ``model`` alone.
        model: The :class:`~argus.models.multitask.MultitaskModel`, in eval mode, without gradients.
        tasks: :class:`~argus.inference.task_info.TaskInfo` by name.

    Raises:
        ConfigError: An unknown task, device or dtype.
        CheckpointError: Config and tensors do not fit each other, or a class is not trusted.
    """

    def __init__(
        self,
        folder: ModelFolder,
        *,
        tasks: Sequence[str] | None = None,
        device: str | torch.device = "auto",
        dtype: str = "auto",
        compile: bool = False,
        trust: Sequence[str] = (),
    ) -> None:
        names = choose_tasks(tasks, task_names(folder.config))
        self.device = choose_device(device)
        self.precision = choose_precision(dtype, self.device)
        resolved = resolve_config(folder.config, trusted=trust, tasks=names)
        self.tasks: dict[str, TaskInfo] = {}
        inputs = {}
        described = folder.manifest.get("tasks", {})
        with build_enclosed(folder.state):
            decoders = {name: config["decoder"] for name, config in resolved["tasks"].items()}
            self.model = MultitaskModel(resolved["backbone"], decoders)
            folder.load_into(self.model, tasks=names)
        with read_config():
            for name, config in resolved["tasks"].items():
                rule = SizeRule.of_task(config, library=self.model.libraries[name], task=name)
                if not rule.problem and not rule.is_person:
                    rule.resized_size(_USUAL_SIZE)  # a rule that makes no sense is found now
                metrics = described.get(name, {}).get("metrics", {})
                self.tasks[name] = TaskInfo.of_task(name, config, rule=rule, metrics=metrics)
                preprocessor = self.model.decoder(name).data_preprocessor
                flip_indices = labels_of(config).flip_indices
                inputs[name] = TaskInput(rule, Normaliser.of(preprocessor), flip_indices)
        self.model.requires_grad_(False).eval().to(self.device)
        if compile:
            self.model.backbone.compile()
        self.folder = ModelFolder(config=folder.config, state={}, manifest=folder.manifest)
        self._answered: set[tuple[str, str]] = set()
        with read_config():
            self._predictor = Predictor(Passes(self.model, inputs), self.tasks)

    @classmethod
    def from_pretrained(
        cls,
        path_or_repo: str | Path,
        *,
        device: str | torch.device = "auto",
        dtype: str = "auto",
        compile: bool = False,
        tasks: Sequence[str] | None = None,
        trust: Sequence[str] = (),
        revision: str | None = None,
    ) -> "Argus":
        """Load the folder of a model, or a repository of the Hugging Face Hub.

        Args:
            path_or_repo: A folder that ``tools/checkpoints/merge.py`` made, or the id of a
                repository with the files of one.
            device: As for the class; so are the others.
            dtype: Precision.
            compile: Whether to compile the backbone.
            tasks: Names of the decoders to build and load; all by default.
            trust: Packages that classes may come from.
            revision: Branch, tag or commit of the repository.

        Raises:
            CheckpointError: There is no model, or it is damaged.
            ConfigError: An unknown task, device or dtype.
        """
        folder = read_model(resolve_model(path_or_repo, revision))
        return cls(folder, tasks=tasks, device=device, dtype=dtype, compile=compile, trust=trust)

    def save_pretrained(self, folder: str | Path, *, licence: str = "") -> Path:
        """Write the model, with the decoders it has, and its card, as the Hub has them.

        Args:
            folder: Where to; files of a model there are replaced.
            licence: The Hub's name of the model's licence, e.g. ``apache-2.0``.

        Returns:
            The folder; :func:`argus.model_files.hub.push_model` publishes it.

        Raises:
            CheckpointError: If it cannot be written.
        """
        tasks = {name: self.folder.config["tasks"][name] for name in self.tasks}
        described = {name: self.manifest["tasks"][name] for name in self.tasks}
        state = {name: value.cpu() for name, value in self.model.state_dict().items()}
        model = ModelFolder(
            config={**self.folder.config, "tasks": tasks},
            state=state,
            manifest={**self.manifest, "tasks": described},
        )
        return save_model(model, folder, licence=licence)

    def push_to_hub(
        self, repo_id: str, *, private: bool = False, token: str | None = None, licence: str = ""
    ) -> str:
        """Publish what :meth:`save_pretrained` writes as a repository of the Hugging Face Hub.

        Args:
            repo_id: ``OWNER/NAME``; made if it is not there.
            private: Whether a new repository is private.
            token: Token with the right to write; by default that of ``hf auth login``.
            licence: As for :meth:`save_pretrained`.

        Returns:
            Address of the repository.

        Raises:
            CheckpointError: The Hub cannot be reached, or refuses.
        """
        with tempfile.TemporaryDirectory() as folder:
            self.save_pretrained(folder, licence=licence)
            return push_model(folder, repo_id, private=private, token=token, licence=licence)

    @property
    def manifest(self) -> dict[str, Any]:
        """What the model says of itself: tasks, metrics, licences, sources."""
        return self.folder.manifest

    def predict(
        self,
        images: Any,
        tasks: Sequence[str] | str | None = None,
        *,
        size: int | str | Mapping[str, Any] | None = None,
        batch_size: int = 8,
        boxes: Any = None,
        category: str | None = None,
        score_threshold: float = 0.3,
        on_error: OnError = "raise",
    ) -> Any:
        """All answers for pictures, from one backbone pass each if the tasks share a size.

        Args:
            images: A picture: path, PIL image, RGB array or tensor, bytes of a file
                (:func:`~argus.inference.images.load_image`); or several: a list of these, a folder,
                a glob pattern, a video (:func:`~argus.inference.images.iter_images`).
            tasks: Names of tasks, or one name; ``None`` or ``"all"`` for all.
            size: ``None`` gives all full-frame tasks one size, the largest that one of them asks
                for; ``"task"`` gives each the size, sliding windows and flip test of its
                benchmark, so that the numbers are those of ``tools/test.py``; an integer is the
                short side in pixels; a dict says one of these by task.
            batch_size: Pictures that are read, and at most run, at once.
            boxes: People for top-down poses, (N, 4) xyxy pixels; a list of them for several
                pictures, with an entry also for one that is left out. Without it they are what the
                instance decoder calls ``person``.
            category: Kind of object, for an anomaly task with a head for each.
            score_threshold: Least score of an instance, and of a person that gets a pose.
            on_error: What becomes of a picture among several that cannot be read: ``"raise"``;
                ``"skip"`` warns and leaves it out; a function is called with its name and the
                error, and it is left out. A picture alone raises.

        Returns:
            A :class:`~argus.results.Prediction` for a picture, a list of them for several. Answers
            have the size of the picture. One of more than 2 megapixels is answered at 2 and the
            answer enlarged, but for ``size="task"``, which may take gigabytes there.

        Raises:
            ConfigError: A task, size or category that is not there.
            DataError: A picture that is damaged, a folder without pictures, or bad boxes.
        """
        predictions = self.stream(
            images,
            tasks,
            size=size,
            batch_size=batch_size,
            boxes=boxes,
            category=category,
            score_threshold=score_threshold,
            on_error=on_error,
        )
        return next(predictions) if is_single(images) else list(predictions)

    def stream(
        self,
        images: Any,
        tasks: Sequence[str] | str | None = None,
        *,
        size: int | str | Mapping[str, Any] | None = None,
        batch_size: int = 8,
        boxes: Any = None,
        category: str | None = None,
        score_threshold: float = 0.3,
        on_error: OnError = "raise",
    ) -> Iterator[Prediction]:
        """As :meth:`predict`, one prediction after the other: for videos and large folders.

        Two batches of pictures are held at a time; the next is read while the network runs.

        Args:
            images: As for :meth:`predict`; so are the others.
            tasks: Names of tasks.
            size: Of the network's input.
            batch_size: Pictures at once.
            boxes: A list of boxes, or any iterable, one entry per picture.
            category: Kind of object.
            score_threshold: Least score.
            on_error: What becomes of a picture that cannot be read.

        Returns:
            An iterator; mistakes in the arguments are raised before it begins.
        """
        request = parse_request(
            self.tasks,
            tasks=tasks,
            size=size,
            batch_size=batch_size,
            category=category,
            score_threshold=score_threshold,
            has_boxes=boxes is not None,
        )
        if boxes is not None and is_single(images):
            boxes = [boxes]
        batches = iter_batches(
            images,
            request.batch_size,
            boxes=boxes,
            on_error=on_error,
            short_sides=request.short_sides,
        )
        return self._stream(batches, request)

    def features(
        self, images: Any, *, size: int | None = None, on_error: OnError = "raise"
    ) -> tuple[Tensor, ...] | list[tuple[Tensor, ...]]:
        """Backbone maps of pictures.

        Args:
            images: As for :meth:`predict`.
            size: Short side in pixels; by default the size of the picture, whose long side is cut
                to 1333.
            on_error: As for :meth:`predict`.

        Returns:
            Four maps (C, H / s, W / s), s = 4, 8, 16, 32, of the picture padded on the right and at
            the bottom to multiples of 32, on the model's device; a list of them for several.
        """
        found = []
        short_sides = [] if size is None else [size]
        for batch in iter_batches(images, 1, on_error=on_error, short_sides=short_sides):
            with self._network():
                found.append(self._predictor.passes.features(batch.pictures[0].image, size))
        return found[0] if is_single(images) else found

    def _stream(self, batches: Iterator[Batch], request: Request) -> Iterator[Prediction]:
        for batch in batches:
            with self._network(), self._first_answers(request):
                predictions = self._predictor.predict(batch.pictures, request, batch.boxes)
            yield from predictions

    @contextlib.contextmanager
    def _first_answers(self, request: Request) -> Iterator[None]:
        """What goes wrong before the tasks have so answered once is laid to the model's config."""
        asked = {(task, str(request.sizes[task])) for task in request.tasks}
        with contextlib.nullcontext() if asked <= self._answered else read_config():
            yield
        self._answered |= asked

    @contextlib.contextmanager
    def _network(self) -> Iterator[None]:
        """One thread at a time, without gradients, in the precision of the model."""
        # Some decoders build parts on the fly, from names in their config.
        with (
            NETWORK_LOCK,
            names_only(),
            torch.inference_mode(),
            autocast(self.precision, self.device.type),
        ):
            yield

    def __repr__(self) -> str:
        """Backbone, device and tasks."""
        name = self.manifest.get("backbone", {}).get("name", type(self.model.backbone).__name__)
        return f"Argus({name!r}, {self.device}, {self.precision}, tasks: {', '.join(self.tasks)})"
