"""When checkpoints are saved, and which are deleted: never one before its successor has been read.

Stands in for mmengine's ``CheckpointHook``, which deletes the oldest file first and then writes the
new one, so that a run killed in between has one less, or none.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.dist import master_only
from mmengine.hooks import Hook

from argus.engine.checkpoints.resume import POINTER, checkpoints_in
from argus.errors import CheckpointError, ConfigError
from argus.files.durable import write_text
from argus.registry import HOOKS
from argus.storage.checkpoint import read_checkpoint, verify_checkpoint

_RULES = ("greater", "less")
_AUTO = "auto"


@HOOKS.register_module()
class CheckpointHook(Hook):
    """Save ``iter_<step>.pth`` at intervals and at the end, and ``best_<metric>_iter_<step>.pth``.

    A new file is read back from the disk and compared with its checksums before an older one is
    deleted.

    Args:
        interval: Steps between checkpoints; 0 for none but the last.
        max_keep_ckpts: How many of the checkpoints at intervals stay; -1 for all.
        save_best: Metric ``<task>/<name>``, or several, whose best weights are kept too; ``auto``
            for the first one that is measured.
        rule: ``greater`` or ``less``: what is better; one for all or one for each metric.
        save_last: Whether to save after the last step.
    """

    priority = "VERY_LOW"

    def __init__(
        self,
        *,
        interval: int = 0,
        max_keep_ckpts: int = -1,
        save_best: str | Sequence[str] | None = None,
        rule: str | Sequence[str] | None = None,
        save_last: bool = True,
    ) -> None:
        if not isinstance(interval, int) or interval < 0:
            raise ConfigError(
                f"CheckpointHook.interval: expected an integer >= 0, found {interval!r}."
            )
        if not isinstance(max_keep_ckpts, int) or max_keep_ckpts == 0 or max_keep_ckpts < -1:
            raise ConfigError(
                "CheckpointHook.max_keep_ckpts: expected a number of at least 1, or -1 for all, "
                f"found {max_keep_ckpts!r}."
            )
        self.interval = interval
        self.max_keep_ckpts = max_keep_ckpts
        self.save_last = save_last
        self.rules = _rules(save_best, rule)
        # The best value of each metric so far, once it has been looked up.
        self._best: dict[str, float | None] = {}

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Save if it is time to."""
        step = runner.iter + 1
        is_due = self.interval and step % self.interval == 0
        if is_due or (self.save_last and step == runner.max_iters):
            self.save(runner, step)

    # A step that was not finite counts, and may be the one to save at.
    after_bad_step = after_train_iter

    @master_only
    def save(self, runner: Any, step: int) -> None:
        """Save the state after ``step`` steps, and delete what is no longer to be kept."""
        folder = Path(runner.work_dir)
        name = f"iter_{step}.pth"
        runner.save_checkpoint(folder, name, meta=dict(iter=step))
        _verify(folder / name)
        # For people and scripts; a resumed training looks for itself.
        write_text(folder / POINTER, name)
        if self.max_keep_ckpts > 0:
            before = [path for path, number in checkpoints_in(folder).items() if number <= step]
            for path in before[self.max_keep_ckpts :]:
                path.unlink()

    @master_only
    def after_val_epoch(self, runner: Any, metrics: Mapping[str, float] | None = None) -> None:
        """Save the weights that are the best so far by a metric."""
        if not runner.training or not metrics:
            return
        for metric, rule in self.rules.items():
            name = next(iter(metrics)) if metric == _AUTO else metric
            if name not in metrics:  # it had nothing to be measured on, as the loop has said
                continue
            value = metrics[name]
            if name not in self._best:
                self._best[name] = _value_of_best(runner, name)
            best = self._best[name]
            if value != value or (best is not None and not _is_better(value, best, rule)):
                continue
            self._save_best(runner, name, float(value))
            self._best[name] = float(value)

    def _save_best(self, runner: Any, metric: str, value: float) -> None:
        folder, step = Path(runner.work_dir), runner.iter
        former = _best_files(runner, metric)
        name = f"best_{_label(metric)}_iter_{step}.pth"
        meta = dict(iter=step, best=dict(metric=metric, value=value))
        runner.save_checkpoint(folder, name, save_optimizer=False, meta=meta)
        _verify(folder / name)
        runner.logger.info(f"the best {metric} so far, {value:.4f}, is saved as {name}")
        for path in former:
            if path.name != name:
                path.unlink()


def _verify(path: Path) -> None:
    try:
        verify_checkpoint(path)
    except CheckpointError as error:
        raise CheckpointError(
            f"{error}\nThis was found right after it was written, so the disk or the memory is "
            "not to be trusted. The earlier checkpoints were kept: go on with --resume."
        ) from error


def _is_better(value: float, best: float, rule: str) -> bool:
    return value > best if rule == "greater" else value < best


def _label(metric: str) -> str:
    return metric.replace("/", "_")


def _best_files(runner: Any, metric: str) -> list[Path]:
    """The best checkpoints by a metric: more than one if a run was killed between two steps."""
    return sorted(Path(runner.work_dir).glob(f"best_{_label(metric)}_iter_*.pth"))


def _value_of_best(runner: Any, metric: str) -> float | None:
    """What the best checkpoints in the work dir say of a metric; ``None`` without any."""
    values = []
    for path in _best_files(runner, metric):
        try:
            noted = read_checkpoint(path, needs=("meta",), in_place=True)["meta"].get("best")
        except CheckpointError as error:
            runner.logger.warning(f"the best checkpoint is not counted: {error}")
            continue
        if noted and noted["metric"] == metric:
            values.append((int(path.stem.rpartition("_")[2]), noted["value"]))
    return max(values)[1] if values else None


def _rules(
    save_best: str | Sequence[str] | None, rule: str | Sequence[str] | None
) -> dict[str, str]:
    names = [save_best] if isinstance(save_best, str) else list(save_best or [])
    rules = [rule] * len(names) if isinstance(rule, str) else list(rule or [])
    for found in rules:
        if found not in _RULES:
            raise ConfigError(f"CheckpointHook.rule: expected one of {_RULES}, found {found!r}.")
    if len(rules) != len(names):
        raise ConfigError(
            f"CheckpointHook.rule: expected one rule for all of {', '.join(names) or 'save_best'} "
            f"or one for each, found {len(rules)}."
        )
    return dict(zip(names, rules, strict=True))
