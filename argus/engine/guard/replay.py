"""Repeat a step that was not finite, alone: the same samples, draws, noise and weights."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.utils import is_list_of
from torch import Tensor

from argus.datasets.resilient import collate
from argus.engine import MultitaskRunner
from argus.engine.checkpoints.model_state import load_trained_state
from argus.engine.config_files.reading import read_config_file
from argus.engine.gradient_schedule import SCHEDULES, GradientSchedule, StepValues
from argus.engine.guard.bad_steps import FORMAT, image_paths
from argus.engine.guard.odd_modules import OddModules, odd_parameters, watching
from argus.engine.guard.step_guard import read_step
from argus.engine.loading.loaders import MultitaskLoader
from argus.errors import DataError
from argus.files.records import number, read_record
from argus.libraries.importing import import_libraries
from argus.names.wording import counted
from argus.storage.checkpoint import read_checkpoint


@dataclass
class Replay:
    """A step repeated.

    Args:
        record: What the training had written down.
        values: Losses and gradient norm now, on one process.
        modules: Where the values first are not finite.
        gradients: Parameters whose gradient is not finite.
        ranges: Smallest and largest value of everything in the samples, by stream and image.
    """

    record: Mapping[str, Any]
    values: StepValues
    modules: OddModules
    gradients: list[str]
    ranges: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_repeated(self) -> bool:
        """Whether the losses are those of the training, bit for bit."""
        return {n: repr(v) for n, v in self.values.losses.items()} == {
            n: repr(number(v)) for n, v in self.record["losses"].items()
        }

    def text(self) -> str:
        """What a person wants to know of it."""
        lines = [f"step {self.record['step']}, process {self.record['rank']}", ""]
        for task, value in self.values.losses.items():
            before = number(self.record["losses"][task])
            lines.append(f"loss of {task}: {value:g} (in the training {before:g})")
        lines.append(f"gradient norm: {self.values.grad_norm:g}")
        lines.append("the losses are those of the training" if self.is_repeated else _OTHER)
        if self.modules.output:
            lines.append(f"first output that is not finite: {self.modules.output}")
        elif self.modules.gradient:
            lines.append(f"first gradient that is not finite: {self.modules.gradient}")
        if self.gradients:
            shown = ", ".join(self.gradients[:3])
            lines.append(
                f"not finite: {counted(len(self.gradients), 'gradient')} of parameters, the first: "
                f"{shown}"
            )
        for image, ranges in self.ranges.items():
            lines += ["", image, *(f"  {text}" for text in ranges)]
        return "\n".join(lines)


_OTHER = (
    "the losses are NOT those of the training: its weights of that step were not kept, or the "
    "data, the code or the machine is another"
)

_PLACE = ("draw", "index")


def replay(path: str | Path) -> Replay:
    """Repeat the step of a record in ``bad_steps`` of a work dir.

    The resolved config, the seed and the weights are those that the training left with it.

    Raises:
        DataError: If the file is no such record, or what it stands on is gone.
    """
    path = Path(path)
    record = _read(path)
    config_file = path.parent / record["config"]
    if not config_file.is_file():
        raise DataError(f"{path} needs the config {config_file}, which is not there.")
    import_libraries()
    config = read_config_file(str(config_file))
    with tempfile.TemporaryDirectory() as work_dir:
        changes = dict(work_dir=work_dir, launcher="none", resume=False, load_from=None)
        config.merge_from_dict(changes)
        config.visualizer = None
        config.randomness = {
            **(config.get("randomness") or {}),
            "seed": record["seed"],
            "diff_rank_seed": False,  # it is that of the process already
        }
        runner = MultitaskRunner.from_cfg(config)
        _load_weights(runner, path.parent, record)
        classes = {n: c for n, c in record.get("classes", {}).items() if c}
        runner.classes.take(classes, path=str(path), is_strict=True)
        loader = MultitaskLoader(runner.tasks, seed=runner.seed, classes=runner.classes)
        batches = [_batches(loader, micro) for micro in record["micro_batches"]]
        wrapper: Any = runner.build_optim_wrapper(runner.optim_wrapper)
        model = runner.raw_model.train()
        model.before_step(record["step"] - 1, config.train_cfg["max_iters"])
        with watching(model) as modules:
            result = GradientSchedule(record["schedule"]).backward(
                model, batches, wrapper, seeds=[m["seeds"] for m in record["micro_batches"]]
            )
        gradients = odd_parameters(model)
        values = read_step(result, wrapper.clip(), is_asked_to_stop=False)
        runner.close()
    return Replay(record, values, modules, gradients, _ranges(batches))


def _read(path: Path) -> dict[str, Any]:
    record = read_record(path, form=FORMAT, what="a bad step, as a training writes to bad_steps/")
    for key in ("config", "weights"):
        name = record.get(key)
        if name is not None and (not isinstance(name, str) or Path(name).name != name):
            raise DataError(f"{path}: {key}: expected the name of a file, found {name!r}.")
    if not _is_whole(record):
        raise DataError(f"{path} is damaged: it lacks values that a training writes.")
    return record


def _is_whole(record: Mapping[str, Any]) -> bool:
    try:
        samples = [
            sample
            for micro in record["micro_batches"]
            for samples in micro["streams"].values()
            for sample in samples
        ]
        numbers = [record[key] for key in ("step", "rank", "seed")]
        numbers += [sample[key] for sample in samples for key in _PLACE]
        numbers += [seed for micro in record["micro_batches"] for seed in micro["seeds"].values()]
        return (
            bool(samples)
            and isinstance(record["config"], str)
            and isinstance(record.get("classes", {}), dict)
            and all(is_list_of(names, str) for names in record.get("classes", {}).values())
            and record["schedule"] in SCHEDULES
            and all(type(number) is int and 0 <= number < 2**63 for number in numbers)
            and all(number(loss) is not None for loss in record["losses"].values())
        )
    except (KeyError, TypeError, AttributeError, ValueError):
        return False


def _load_weights(runner: MultitaskRunner, folder: Path, record: Mapping[str, Any]) -> None:
    if not record["weights"] or not (folder / record["weights"]).is_file():
        runner.logger.warning("the weights of that step were not kept: taking those of the start")
        return
    path = folder / record["weights"]
    load_trained_state(runner.raw_model, read_checkpoint(path), path=path)


def _batches(loader: MultitaskLoader, micro: Mapping[str, Any]) -> dict[str, Any]:
    for stream, samples in micro["streams"].items():
        length = len(loader.datasets[stream]) if stream in loader.datasets else 0
        if any(sample["index"] >= length for sample in samples):
            raise DataError(
                f"the record has samples of {stream!r} that the config has not: the data or the "
                "config beside it is another."
            )
    return {
        stream: collate(
            [loader.datasets[stream][sample["draw"], sample["index"]] for sample in samples]
        )
        for stream, samples in micro["streams"].items()
    }


def _ranges(batches: list[dict[str, Any]]) -> dict[str, list[str]]:
    ranges: dict[str, list[str]] = {}
    for streams in batches:
        for stream, batch in streams.items():
            for index, path in enumerate(image_paths(batch)):
                values = {
                    "image": batch["inputs"][index],
                    **dict(_labels(batch["data_samples"][index], "")),
                }
                texts = [f"{name}: {_range(value)}" for name, value in values.items()]
                ranges[f"{stream}: {path or f'sample {index}'}"] = texts
    return ranges


def _labels(sample: Any, prefix: str) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a data sample, by their names."""
    if isinstance(sample, Tensor):
        yield prefix, sample
    elif hasattr(sample, "items"):
        for name, value in sample.items():
            yield from _labels(value, f"{prefix}.{name}" if prefix else name)


def _range(value: Any) -> str:
    value = torch.as_tensor(value)
    shape = "x".join(map(str, value.shape)) or "one value"
    if not value.numel():
        return f"empty ({shape})"
    odd = int((~torch.isfinite(value)).sum()) if value.is_floating_point() else 0
    note = f", {odd} not finite" if odd else ""
    return f"{value.min().item():g} to {value.max().item():g} ({shape}{note})"
