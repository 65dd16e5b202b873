"""The optimizer: AdamW over parameter groups that follow from the modules, in autocast."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIMIZERS
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_, get_total_norm

from argus.building import building
from argus.errors import ConfigError
from argus.models.task_model import TaskModel
from argus.precision import AUTO, autocast, resolve_precision
from argus.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS
from argus.tasks import streams_of


@OPTIM_WRAPPERS.register_module()
class MultitaskOptimWrapper(OptimWrapper):
    """mmengine's wrapper with an autocast that CPUs have too and a clip without device sync.

    bfloat16 has the exponent range of float32, so no loss scaling is needed.

    Args:
        optimizer: The optimizer.
        precision: ``bf16``, ``fp32``, or ``auto``: see ``argus.precision``.
        clip_grad: ``dict(max_norm=..., norm_type=2)``; ``None`` for no clipping.
        clip_each_part: Clip the backbone and each decoder by a norm of their own. On a frozen
            backbone a decoder then takes the steps that it would take alone.

    Attributes:
        parts: Parameters of the backbone and of each decoder; the constructor fills it.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        *,
        precision: str = AUTO,
        clip_grad: dict[str, Any] | None = None,
        clip_each_part: bool = False,
    ) -> None:
        super().__init__(optimizer, clip_grad=clip_grad)
        if clip_each_part and not clip_grad:
            raise ConfigError(
                "optim_wrapper.clip_each_part needs a norm to clip by: set clip_grad=dict(max_norm="
                "...), or remove it."
            )
        resolve_precision(precision, "cpu")  # an unknown precision is an error here, not in step 1
        self.precision = precision
        self.clip_each_part = clip_each_part
        self.parts: list[list[nn.Parameter]] = []

    @property
    def base_lr(self) -> float:
        """The rate that ``lr_mult`` and ``layer_decay`` multiply, as the schedule has it now."""
        rates = self.get_lr()
        return rates.get("base_lr", rates["lr"])[0]

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast around the forward pass of ``model``."""
        device_type = next(model.parameters()).device.type
        with autocast(self.precision, device_type):
            yield

    def clip(self) -> Tensor:
        """Clip the gradients, if that is asked for; their norm () before."""
        parts = self.parts if self.clip_each_part else [self._parameters()]
        # The decoder of a task that was not in the step has none: its norm would be on the CPU.
        parts = [part for part in parts if any(p.grad is not None for p in part)]
        if self.clip_grad_kwargs and self.clip_func is clip_grad_norm_:
            norms = [self.clip_func(part, **self.clip_grad_kwargs) for part in parts]
        else:
            norms = [get_total_norm([p.grad for p in part if p.grad is not None]) for part in parts]
            if self.clip_grad_kwargs:
                for part in parts:
                    self.clip_func(part, **self.clip_grad_kwargs)
        return torch.linalg.vector_norm(torch.stack(norms))

    def step(self, **kwargs: Any) -> None:
        """Update by the gradients as they are; :meth:`clip` comes before."""
        self.optimizer.step(**kwargs)

    def _parameters(self) -> list[nn.Parameter]:
        return [p for group in self.param_groups for p in group["params"]]


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MultitaskOptimConstructor:
    """Build the optimizer with groups for weight decay, task and depth.

    No decay for norms, biases, layer scales (all of one dimension), embeddings, and parameters that
    belong to no layer but stand by themselves in a module (queries, tokens, position and level
    embeddings). Source: the parameter groups of Mask DINO and ViT-Adapter.

    Args:
        optim_wrapper_cfg: Config of the wrapper with ``optimizer=dict(type=..., lr=...)``.
        paramwise_cfg: ``lr_mult`` and ``decay_mult`` (factors of learning rate and weight decay per
            parameter name prefix, the longest that matches counts) and ``layer_decay`` (factor per
            backbone layer from the top, for the ablation that trains the ViT).
    """

    def __init__(
        self, optim_wrapper_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None
    ) -> None:
        self.config = dict(optim_wrapper_cfg)
        _check_wrapper(self.config.get("type", MultitaskOptimWrapper))
        paramwise = dict(paramwise_cfg or {})
        self.lr_mult = _Factors("lr_mult", paramwise.pop("lr_mult", {}))
        self.decay_mult = _Factors("decay_mult", paramwise.pop("decay_mult", {}))
        self.layer_decay: float | None = paramwise.pop("layer_decay", None)
        if paramwise:
            raise ConfigError(
                f"optim_wrapper.paramwise_cfg: unknown keys {sorted(paramwise)}; known: lr_mult, "
                "decay_mult, layer_decay."
            )

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """The optimizer wrapper over the trainable parameters of ``model``."""
        model = getattr(model, "module", model)
        optimizer = dict(self.config.pop("optimizer"))
        groups = self.param_groups(
            model, lr=optimizer["lr"], weight_decay=optimizer.get("weight_decay", 0.0)
        )
        with building(optimizer, where="optim_wrapper.optimizer"):
            built = _build_optimizer(optimizer, groups)
        with building(self.config, where="optim_wrapper"):
            wrapper = OPTIM_WRAPPERS.build({**self.config, "optimizer": built})
        wrapper.parts = trained_parts(model)
        return wrapper

    def param_groups(
        self, model: nn.Module, *, lr: float, weight_decay: float
    ) -> list[dict[str, Any]]:
        """Groups of equal learning rate and decay, in the order of their first parameter's name.

        Raises:
            ConfigError: If a prefix matches no trainable parameter.
        """
        undecayed = no_decay_names(model)
        groups: dict[tuple[float, float], dict[str, Any]] = {}
        # By name: the norm that is clipped by must not depend on the order of the tasks.
        for name, parameter in sorted(model.named_parameters()):
            if not parameter.requires_grad:
                continue
            factor = self.lr_mult.of(name) * self._depth_factor(model, name)
            decay = self.decay_mult.of(name) * weight_decay
            decay = 0.0 if name in undecayed else decay
            group = groups.setdefault(
                (factor, decay), dict(params=[], lr=lr * factor, weight_decay=decay)
            )
            group["params"].append(parameter)
        self.lr_mult.check_used()
        self.decay_mult.check_used()
        if not groups:
            raise ConfigError("nothing is trainable: every parameter of the model is frozen.")
        return list(groups.values())

    def _depth_factor(self, model: nn.Module, name: str) -> float:
        if self.layer_decay is None or not name.startswith("backbone."):
            return 1.0
        assert isinstance(model, TaskModel)
        layer, number = model.layer_of(name.removeprefix("backbone."))
        return float(self.layer_decay ** (number - 1 - layer))


def _build_optimizer(
    config: dict[str, Any], groups: Sequence[dict[str, Any]]
) -> torch.optim.Optimizer:
    """The optimizer by one kernel for all tensors, where there is one and the config says nothing.

    PyTorch's own choice is ``foreach`` on a GPU and a loop over the tensors on a CPU. The numbers
    are the same but for rounding, and so is the state.
    """
    kind = config.get("type")
    found = OPTIMIZERS.get(kind) if isinstance(kind, str) else kind
    options = inspect.signature(found).parameters if inspect.isclass(found) else {}
    if "fused" in options and not {"fused", "foreach", "differentiable"} & set(config):
        # Not all optimizers have it on all devices, which they say when they are built.
        with suppress(RuntimeError):
            return OPTIMIZERS.build({**config, "params": _copied(groups), "fused": True})
    return OPTIMIZERS.build({**config, "params": _copied(groups)})


def _copied(groups: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The groups as dicts of their own, since an optimizer writes its options into them."""
    return [dict(group) for group in groups]


class _Factors:
    """Factors by prefix of a parameter's name."""

    def __init__(self, key: str, factors: Mapping[str, float]) -> None:
        self.key = key
        self.factors = dict(factors)
        self.unused = set(factors)

    def of(self, name: str) -> float:
        """That of the longest prefix that matches, else 1."""
        prefixes = [prefix for prefix in self.factors if name.startswith(prefix)]
        self.unused -= set(prefixes)
        return self.factors[max(prefixes, key=len)] if prefixes else 1.0

    def check_used(self) -> None:
        """Raise if a prefix matched nothing."""
        if self.unused:
            raise ConfigError(
                f"optim_wrapper.paramwise_cfg.{self.key}: no trainable parameter begins with "
                f"{sorted(self.unused)}."
            )


def optim_wrapper_config(cfg: Any, tasks: Mapping[str, Any]) -> dict[str, Any]:
    """The config's wrapper with its precision and the tasks' learning rate factors filled in."""
    wrapper = dict(cfg["optim_wrapper"])
    wrapper.setdefault("type", MultitaskOptimWrapper)
    wrapper.setdefault("precision", cfg.get("precision", AUTO))
    paramwise = dict(wrapper.get("paramwise_cfg") or {})
    trained = {name for members in streams_of(tasks).values() for name in members}
    factors = {f"decoders.{n}.": tasks[n].lr_mult for n in trained if tasks[n].lr_mult != 1.0}
    paramwise["lr_mult"] = {**factors, **paramwise.get("lr_mult", {})}
    wrapper["paramwise_cfg"] = paramwise
    return wrapper


def _check_wrapper(kind: Any) -> None:
    """Refuse the wrappers of mmengine: autocast and clipping are those of Argus's."""
    found = OPTIM_WRAPPERS.get(kind) if isinstance(kind, str) else kind
    if inspect.isclass(found) and not issubclass(found, MultitaskOptimWrapper):
        raise ConfigError(
            f"optim_wrapper.type: expected MultitaskOptimWrapper or a class derived from it, found "
            f"{found.__name__}. Remove 'type'; mixed precision is the config's 'precision'."
        )


def trained_parts(model: nn.Module) -> list[list[nn.Parameter]]:
    """Trained parameters of the backbone and of each decoder; parts without any are left out."""
    parts: dict[str, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            depth = 2 if name.startswith("decoders.") else 1
            part = ".".join(name.split(".")[:depth])
            parts.setdefault(part, []).append(parameter)
    return list(parts.values())


def no_decay_names(model: nn.Module) -> set[str]:
    """Full names of the parameters that take no weight decay."""
    layers = (nn.Linear, nn.modules.conv._ConvNd, nn.MultiheadAttention)
    names = set()
    for module_name, module in model.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.ndim <= 1 or not isinstance(module, layers):
                names.add(f"{module_name}.{name}" if module_name else name)
    return names
