"""The runner: turns ``backbone`` and ``tasks`` of a config into model, loaders and evaluators."""

import copy
import functools
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dist import broadcast_object_list, is_main_process, master_only
from mmengine.logging import MMLogger
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from mmengine.visualization import Visualizer
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from argus.building import building
from argus.engine.balancing.balancer import resume_balancer
from argus.engine.cached_backbone import add_feature_cache, cache_report
from argus.engine.checkpoints.hook import CheckpointHook
from argus.engine.checkpoints.model_state import base_of, load_trained_state
from argus.engine.checkpoints.resume import checkpoints_in, find_checkpoint, move_aside, start_in
from argus.engine.checkpoints.saving import check_finite, checkpoint_of
from argus.engine.checkpoints.stop_request import StopRequest
from argus.engine.checkpoints.training_state import Plan, load_training_state
from argus.engine.checkpoints.work_dir_lock import work_dir_lock
from argus.engine.checks.all_settings import checks_of_run, loop_config
from argus.engine.checks.needed_files import check_data, check_weights
from argus.engine.checks.run_settings import (
    check_best_task,
    check_by_step,
    check_hook,
    check_optimization,
    check_work_dir,
)
from argus.engine.checks.trunk_pixels import foreign_pixels
from argus.engine.checks.unread_keys import unread_keys
from argus.engine.compiled_blocks import compile_blocks
from argus.engine.distributed import init_process_group
from argus.engine.loading.class_lists import ClassLists, take_classes
from argus.engine.optim import MultitaskOptimConstructor, optim_wrapper_config
from argus.engine.reports.console import quiet_console
from argus.engine.reports.log_errors import tolerate_file_errors, tolerate_log_errors
from argus.engine.reports.progress import ProgressHook
from argus.engine.train_loop import MultitaskTrainLoop
from argus.errors import CheckpointError, ConfigError
from argus.files.durable import remove_leftovers
from argus.models.multitask import MultitaskModel
from argus.models.task_model import TaskModel
from argus.names.wording import counted
from argus.precision import AUTO, remark_on_precision, resolve_precision
from argus.recipes import expand_config
from argus.registry import RUNNERS
from argus.safe_load import tensors_only
from argus.storage.checkpoint import read_checkpoint, write_checkpoint
from argus.tasks import parse_tasks, streams_of

_runner_numbers = itertools.count()
# Hooks of mmengine's defaults that presuppose one data loader with epochs; ProgressHook does the
# part of the first two, the samplers that of the third. Its CheckpointHook is not safe from kills.
_HOOKS: dict[str, Any] = dict(
    runtime_info=None,
    timer=None,
    sampler_seed=None,
    # mmengine's own does not know a validation of several tasks.
    logger=dict(type=ProgressHook),
    checkpoint=dict(type=CheckpointHook),
)


@RUNNERS.register_module()
class MultitaskRunner(Runner):
    """mmengine's runner for many tasks.

    A config holds ``backbone``, ``tasks``, ``train_cfg``, ``optim_wrapper``, ``param_scheduler``,
    ``precision`` and the usual runtime keys; see ``configs/_base_/default_runtime.py``. What joins
    backbone and decoders is :class:`MultitaskModel`, or the :class:`TaskModel` that ``task_model``
    names.
    """

    # The checkpoint that the training goes on from.
    resumed_from: str | None = None

    @classmethod
    def from_cfg(cls, cfg: Any) -> "MultitaskRunner":
        """Check the tasks and build the runner.

        Raises:
            ConfigError: On a mistake in the config.
        """
        cfg = expand_config(cfg)
        for check in checks_of_run(cfg):
            check()
        tasks = parse_tasks(cfg.get("tasks"), on_backbone=not cfg.get("task_model"))
        check_work_dir(Path(cfg["work_dir"]))
        trains = cfg.get("train_cfg") is not None and any(t.train for t in tasks.values())
        check_weights(cfg, tasks, ("train", "val") if trains else ("test",))
        model = dict(
            **(cfg.get("task_model") or dict(type=MultitaskModel)),
            backbone=cfg["backbone"],
            decoders={name: task.decoder for name, task in tasks.items()},
            loss_weights={name: task.loss_weight for name, task in tasks.items()},
            streams=streams_of(tasks),
        )
        validates = any(t.val for t in tasks.values())
        tests = any(t.test for t in tasks.values())
        if trains:
            check_optimization(cfg)
        check_best_task(cfg, tasks)
        runner = cls(
            model=model,
            work_dir=cfg["work_dir"],
            train_dataloader=tasks if trains else None,
            train_cfg=loop_config("train_cfg", cfg) if trains else None,
            optim_wrapper=optim_wrapper_config(cfg, tasks) if trains else None,
            param_scheduler=cfg.get("param_scheduler") if trains else None,
            val_dataloader=tasks if validates else None,
            val_cfg=loop_config("val_cfg", cfg) if validates else None,
            val_evaluator={} if validates else None,
            test_dataloader=tasks if tests else None,
            test_cfg=loop_config("test_cfg", cfg) if tests else None,
            test_evaluator={} if tests else None,
            default_hooks=_HOOKS | dict(cfg.get("default_hooks") or {}),
            custom_hooks=cfg.get("custom_hooks"),
            load_from=cfg.get("load_from"),
            resume=cfg.get("resume", False),
            launcher=cfg.get("launcher", "none"),
            env_cfg=cfg.get("env_cfg") or {},
            log_level=cfg.get("log_level", "INFO"),
            visualizer=cfg.get("visualizer"),
            default_scope=None,
            randomness=dict(cfg.get("randomness") or dict(seed=0)),
            experiment_name=_experiment_name(cfg),
            cfg=_unformatted(cfg),
        )
        runner.tasks = tasks
        pixels = () if cfg.get("task_model") else foreign_pixels(cfg["backbone"], tasks)
        for note in (*unread_keys(cfg), *pixels):
            runner.logger.warning(note)
        if cfg.get("compile_vit"):
            schedule = (cfg.get("train_cfg") or {}).get("schedule", "joint")
            num_blocks = compile_blocks(runner.raw_model, schedule=schedule)
            runner.logger.info(f"{counted(num_blocks, 'block')} of the ViT will be compiled")
        if cfg.get("feature_cache"):
            add_feature_cache(runner.raw_model, cfg["feature_cache"], cfg["backbone"])
        return runner

    @functools.cached_property
    def stop_request(self) -> StopRequest:
        """Whether this training was asked to stop."""
        return StopRequest()

    @functools.cached_property
    def classes(self) -> ClassLists:
        """The classes of each task, in the order of its decoder's outputs."""
        return ClassLists(self.tasks)

    @functools.cached_property
    def precision(self) -> str:
        """Precision of forward passes, ``bf16`` or ``fp32``; its choice is said in the log."""
        asked, device = self.cfg.get("precision", AUTO), next(self.model.parameters()).device
        level, text = remark_on_precision(asked, device)
        if text:
            self.logger.log(level, text)
        return resolve_precision(asked, device)

    @property
    def training(self) -> bool:
        """Whether a training loop runs, as opposed to a test."""
        return isinstance(self._train_loop, MultitaskTrainLoop)

    def setup_env(self, env_cfg: Mapping[str, Any]) -> None:
        """Join the process group first, then what mmengine sets up."""
        if self.distributed and not torch.distributed.is_initialized():
            init_process_group(self._launcher, **env_cfg.get("dist_cfg", {}))
        super().setup_env({k: v for k, v in env_cfg.items() if k != "dist_cfg"})

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Mmengine's logger, with a console for people."""
        logger = super().build_logger(*args, **kwargs)
        quiet_console(logger)
        tolerate_file_errors(logger)
        return logger

    def wrap_model(self, model_wrapper_cfg: Any, model: nn.Module) -> nn.Module:
        """Move the model to its device; wrap it for distributed training.

        There is no search for unused parameters: every task's loss is connected to all of them.
        """
        device = torch.device("cuda", torch.cuda.current_device()) if _has_gpu() else "cpu"
        model = model.to(device)
        if not self.distributed:
            return model
        if not any(parameter.requires_grad for parameter in model.parameters()):
            return model
        return DistributedDataParallel(
            model,
            device_ids=[device] if _has_gpu() else None,
            broadcast_buffers=False,
            gradient_as_bucket_view=True,
        )

    def build_optim_wrapper(self, optim_wrapper: Any) -> OptimWrapper:
        """The wrapper with groups taken from the model."""
        if isinstance(optim_wrapper, OptimWrapper):
            return optim_wrapper
        config = {k: v for k, v in dict(optim_wrapper).items() if k != "constructor"}
        paramwise = config.pop("paramwise_cfg", None)
        wrapper = MultitaskOptimConstructor(config, paramwise)(self.model)
        # Before a scheduler changes a learning rate.
        self.plan = Plan.of(wrapper.optimizer, self.raw_model, self.cfg.get("param_scheduler"))
        return wrapper

    def build_param_scheduler(self, scheduler: Any) -> Any:
        """The schedulers, all of which count steps."""
        with building(scheduler, where="param_scheduler"):
            built = super().build_param_scheduler(scheduler)
        check_by_step(built)
        return built

    def build_visualizer(self, visualizer: Any = None) -> Visualizer:
        """Mmengine's visualizer."""
        with building(visualizer, where="visualizer"):
            built = super().build_visualizer(visualizer)
        tolerate_log_errors(built, self.logger)
        return built

    def register_hook(self, hook: Any, priority: Any = None) -> None:
        """Build a hook, if it is a config, and add it in the order of the priorities."""
        where = self._place_of_hook(hook)
        check_hook(hook, where=where)
        with building(hook, where=where):
            super().register_hook(hook, priority)

    def _place_of_hook(self, hook: Any) -> str:
        """Where a hook stands in the config."""
        default = self.cfg.get("default_hooks") or {}
        custom = self.cfg.get("custom_hooks") or []
        places = {f"default_hooks.{name}": value for name, value in default.items()}
        places |= {f"custom_hooks[{index}]": value for index, value in enumerate(custom)}
        return next((place for place, value in places.items() if value == hook), "hooks")

    def train(self) -> nn.Module:
        """Train from the start, or from where the config says.

        Raises:
            ConfigError: If the config has nothing to train.
        """
        if self._train_loop is None:
            raise ConfigError(
                "nothing to train: the config has no train_cfg, or none of its tasks has train "
                "data (train=dict(dataset=..., batch_size=...))."
            )
        check_data(self.tasks, ("train", "val"))
        with self._own_work_dir(), tensors_only():
            model = super().train()
        report = cache_report(self.raw_model)
        if report:
            self.logger.info(report)
        return model

    def test(self) -> dict[str, float]:
        """Evaluate the test data of every task.

        Raises:
            ConfigError: If no task has any.
        """
        if self._test_loop is None:
            raise ConfigError(
                "nothing to test: none of the tasks has test or val data (val=dict(dataset=...))."
            )
        check_data(self.tasks, ("test",))
        with tensors_only():
            return super().test()

    def close(self) -> None:
        """End the threads that write logs; call it after the last training or test."""
        self.visualizer.close()

    @property
    def raw_model(self) -> TaskModel:
        """The model without its distributed wrapper."""
        model: Any = self.model
        return getattr(model, "module", model)

    @contextmanager
    def _own_work_dir(self) -> Iterator[None]:
        """Hold the work dir, and clear away what is in the way of the training."""
        if not is_main_process():
            yield
            return
        with work_dir_lock(self.work_dir, tell=self.logger.warning):
            for name in remove_leftovers(self.work_dir):
                self.logger.info(f"removed {name}, which an interrupted save had left")
            start_in(self.work_dir, self._resume, self.logger.warning)
            yield

    def load_or_resume(self) -> None:
        """Resume the given or the newest whole checkpoint, or load weights, as the config says."""
        if self._has_loaded:
            return
        resumes = self.training and self._resume is True
        path = self._load_from
        if resumes and path is None:
            path = self._newest_checkpoint()
            if path is None:
                self.logger.info(f"nothing to resume in {self.work_dir}: training from the start")
        if path is None:
            return
        if not resumes:
            self.load_checkpoint(path)
            return
        self.resume(path)
        if is_main_process():
            is_there = Path(path).resolve().parent == Path(self.work_dir).resolve()
            after = self.train_loop.iter if is_there else -1
            move_aside(self.work_dir, after=after, tell=self.logger.warning)

    def _newest_checkpoint(self) -> str | None:
        """The newest checkpoint of the work dir that is whole; the first process looks for it."""
        choice: list[str | None] = [None]
        if is_main_process() and (found := find_checkpoint(self.work_dir)):
            choice = [str(found.path)]
            for problem in found.rejected:
                self.logger.warning(f"not resumed: {problem}")
        broadcast_object_list(choice)
        return choice[0]

    def load_checkpoint(  # type: ignore[override]
        self, filename: str, *, weights: str | None = None
    ) -> dict[str, Any]:
        """Load trained weights.

        Args:
            filename: Path of an Argus checkpoint.
            weights: ``ema`` or ``raw``; by default ``eval_weights`` of the config, or what the
                file has. Only :meth:`resume` takes ``raw`` whatever the config says.

        Raises:
            CheckpointError: If the file does not fit, or has no average and ``weights`` asks for
                it.
            DataError: In a test, if the weights are for other classes.
        """
        checkpoint = read_checkpoint(filename, needs=("base", "state_dict"))
        if weights is None:
            weights = self.cfg.get("eval_weights", "ema") if "ema" in checkpoint else "raw"
        notes = load_trained_state(
            self.raw_model,
            checkpoint,
            path=filename,
            weights=weights,
            allow_new_tasks=self.training,
        )
        notes += take_classes(self, checkpoint, filename, is_strict=not self.training)
        for note in notes:
            self.logger.warning(note)
        self._has_loaded = True
        kind = "averaged (EMA)" if weights == "ema" else "trained"
        self.logger.info(f"loaded the {kind} weights of {filename}")
        return checkpoint

    def resume(self, filename: str, **kwargs: Any) -> None:  # type: ignore[override]
        """Go on as if the training had not been interrupted."""
        checkpoint = self.load_checkpoint(filename, weights="raw")
        take_classes(self, checkpoint, filename, is_strict=True)
        state = checkpoint.get("training")
        if state is None:
            raise CheckpointError(
                f"{filename} holds weights only, so a training cannot be resumed from it. Start "
                "from its weights with load_from instead of --resume."
            )
        if state["seed"] != self.seed:
            raise CheckpointError(
                f"{filename} was trained with seed {state['seed']}, this config has {self.seed}; "
                "samples and noise would differ. Set randomness=dict(seed=...) alike."
            )
        notes = load_training_state(
            state,
            self.plan,
            self.optim_wrapper.optimizer,
            self.param_schedulers or [],
            path=filename,
        )
        notes += resume_balancer(self.train_loop.balancer, state.get("balancing"))
        for note in [*notes, *self._changes_of_batches(state)]:
            self.logger.warning(f"changed since {Path(filename).name}: {note}")
        self.resumed_from = str(filename)
        self.train_loop.iter = state["iter"]
        self.train_loop.turns.resume(state["iter"], state.get("drawn", {}))
        self.train_loop.dataloader.load_state_dict(state["bad_samples"])
        if "bad_steps" in state:  # earlier checkpoints count none
            self.train_loop.bad_steps.load_state_dict(state["bad_steps"])
        self.train_loop.odd_parts.load_state_dict(state.get("odd_parts", {}))
        for key, value in state["runtime"].items():
            self.message_hub.update_info(key, value)
        self.call_hook("after_load_checkpoint", checkpoint={**checkpoint, "resuming": True})
        self.logger.info(f"resumed {filename} at step {state['iter']}")

    def _changes_of_batches(self, state: Mapping[str, Any]) -> list[str]:
        loop = self.train_loop
        notes = loop.dataloader.differences(state["batch_sizes"])
        if state["accumulate"] != loop.accumulate:
            notes.append(
                f"train_cfg.accumulate was {state['accumulate']} and is {loop.accumulate}: the "
                "order of samples goes on from another place"
            )
        if state["world_size"] != self.world_size:
            notes.append(
                f"{counted(state['world_size'], 'process was at work', 'processes were at work')} "
                f"and {self.world_size} are: each draws other noise"
            )
        return notes

    @master_only
    def save_checkpoint(  # type: ignore[override]
        self,
        out_dir: str,
        filename: str,
        file_client_args: Any = None,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: dict[str, Any] | None = None,
        by_epoch: bool = False,
        backend_args: Any = None,
    ) -> None:
        """Write what was trained; with ``save_optimizer`` also all that a resumed run needs."""
        meta = meta or {}
        checkpoint = checkpoint_of(
            self,
            # Hooks run within a step, before the loop counts it; validation runs after.
            step=meta.get("iter", self.iter + 1),
            resumable=save_optimizer,
            best=meta.get("best"),
        )
        self.call_hook("before_save_checkpoint", checkpoint=checkpoint)
        check_finite(checkpoint, earlier=list(checkpoints_in(self.work_dir)))
        write_checkpoint(Path(out_dir) / filename, checkpoint)

    @property
    def base(self) -> dict[str, Any]:
        """Name and hash of the frozen weights, computed once."""
        if not hasattr(self, "_base"):
            self._base = base_of(self.raw_model)
        return self._base


def _experiment_name(cfg: Any) -> str:
    """Name of the config, and the number of the run where a process has several.

    mmengine adds the time in seconds and keeps one logger per name: without the number, runs that
    begin within one second would write to the console and the log file of the first.
    """
    name = cfg.get("experiment_name") or Path(getattr(cfg, "filename", None) or "argus").stem
    number = next(_runner_numbers)
    return f"{name}_{number}" if number else str(name)


def _unformatted(cfg: Any) -> Config:
    """The config, whose text is written as it is: yapf takes seconds at every start and save."""
    config = copy.copy(cfg) if isinstance(cfg, Config) else Config(cfg)
    vars(config)["_format_python_code"] = False
    return config


def _has_gpu() -> bool:
    return torch.cuda.is_available()
