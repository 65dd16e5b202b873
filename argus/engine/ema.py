"""Exponential moving average over the trainable parameters only.

The frozen base is never copied. The average lives outside the model and is swapped in for
validation, so checkpoints keep both sets of weights apart.
"""

from typing import Any

import torch
from mmengine.hooks import Hook
from torch import Tensor, nn

from argus.errors import CheckpointError, ConfigError
from argus.names.wording import counted
from argus.registry import HOOKS


@HOOKS.register_module()
class EMAHook(Hook):
    """Average the trained weights after every step: ``average += (1 - d) * (weight - average)``.

    Args:
        decay: d, in [0, 1). The paper uses an average and does not state d.
        ramp: With t steps done, d is at most ``(1 + t) / (ramp + t)``, so that the random start
            fades; 0 switches the ramp off.
        evaluate: Weights that validation sees, ``ema`` or ``raw``.
    """

    priority = "ABOVE_NORMAL"

    def __init__(self, *, decay: float = 0.9999, ramp: int = 10, evaluate: str = "ema") -> None:
        if not 0 <= decay < 1:
            raise ConfigError(f"EMAHook.decay: expected a number in [0, 1), found {decay}.")
        if evaluate not in ("ema", "raw"):
            raise ConfigError(f"EMAHook.evaluate: expected 'ema' or 'raw', found {evaluate!r}.")
        self.decay = decay
        self.ramp = ramp
        self.evaluate = evaluate
        self.average: dict[str, Tensor] = {}
        self._parameters: dict[str, nn.Parameter] = {}
        self._swapped = False
        self._resumes = False

    def before_train(self, runner: Any) -> None:
        """Start from the current weights where no checkpoint gave the average.

        Raises:
            CheckpointError: If an average has another shape than its parameter.
        """
        model = getattr(runner.model, "module", runner.model)
        self._parameters = {n: p for n, p in model.named_parameters() if p.requires_grad}
        loaded, self.average = self.average, {}
        fresh = [name for name in self._parameters if name not in loaded]
        if fresh and self._resumes:
            runner.logger.warning(
                f"the checkpoint has no average of {counted(len(fresh), 'tensor')} ({fresh[0]} "
                "first): it starts from their weights"
            )
        for name, parameter in self._parameters.items():
            source = loaded.get(name, parameter)
            if source.shape != parameter.shape:
                raise CheckpointError(
                    f"the averaged weights of the checkpoint do not fit the model: {name} is "
                    f"{tuple(source.shape)} there and {tuple(parameter.shape)} in the model."
                )
            self.average[name] = source.detach().to(parameter.device, copy=True)

    @torch.no_grad()
    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Move the average towards the weights."""
        step = runner.iter
        decay = min(self.decay, (1 + step) / (self.ramp + step)) if self.ramp else self.decay
        torch._foreach_lerp_(
            list(self.average.values()), list(self._parameters.values()), 1.0 - decay
        )

    def before_val_epoch(self, runner: Any) -> None:
        """Put the average into the model."""
        if self.evaluate == "ema" and self.average:
            self._swap()
            self._swapped = True

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Put the trained weights back, bit for bit."""
        if self._swapped:
            self._swap()
            self._swapped = False

    @torch.no_grad()
    def _swap(self) -> None:
        for name, parameter in self._parameters.items():
            parameter.data, self.average[name] = self.average[name], parameter.data

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Add the average to a checkpoint."""
        assert not self._swapped, "checkpoints are saved with the trained weights in place"
        checkpoint["ema"] = {name: value.cpu() for name, value in self.average.items()}

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Take the average of a checkpoint that is resumed."""
        self._resumes = bool(checkpoint.get("resuming"))
        if self._resumes:
            self.average = dict(checkpoint.get("ema", {}))
