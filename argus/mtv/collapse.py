"""Say when a teacher has collapsed: its answers are all one prototype, or all prototypes alike.

Either is a state that self-distillation does not leave by itself, while its losses look fine.
"""

import math
from typing import Any

from mmengine.hooks import Hook

from argus.engine.gradient_schedule import StepResult
from argus.errors import ConfigError
from argus.mtv.decoders import SelfSupervised
from argus.registry import HOOKS

_HEADS = ("picture", "patch")


@HOOKS.register_module()
class CollapseHook(Hook):
    """Warn when the teacher's answers were collapsed for so many steps in a row.

    Args:
        least_prototypes: Prototypes in use between the answers of a batch (the exponential of the
            entropy of their mean) below which they are all one.
        most_entropy: Share of the largest entropy, that of all prototypes alike, above which each
            answer says nothing.
        steps: In a row, until it is told; told again when it has ended and comes back.
    """

    def __init__(
        self, *, least_prototypes: float = 2.0, most_entropy: float = 0.99, steps: int = 200
    ) -> None:
        if least_prototypes < 1 or not 0 < most_entropy <= 1 or steps < 1:
            raise ConfigError(
                "CollapseHook: expected least_prototypes >= 1, most_entropy in (0, 1] and steps >= "
                f"1, found {least_prototypes}, {most_entropy} and {steps}."
            )
        self.least_prototypes = least_prototypes
        self.most_entropy = most_entropy
        self.steps = steps
        self._in_a_row: dict[str, int] = {}

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: StepResult | None = None,
    ) -> None:
        """Look at the values of the step, which the host has."""
        assert outputs is not None and outputs.values is not None
        parts = outputs.values.parts
        for task, decoder in runner.raw_model.decoders.items():
            if isinstance(decoder, SelfSupervised):
                most = self.most_entropy * math.log(decoder.picture_centre.centre.numel())
                for head in _HEADS:
                    used = parts[f"{task}/{head}_prototypes"]
                    entropy = parts[f"{task}/{head}_entropy"]
                    text = (
                        f"{used:.2f} prototypes are in use (floor {self.least_prototypes:g}), so "
                        "that all answers are one"
                    )
                    self._count(runner, f"{task}/{head}", used < self.least_prototypes, text)
                    text = (
                        f"its entropy is {entropy:.3f} nats (bound {most:.3f}), so that each "
                        "answer says nothing"
                    )
                    self._count(runner, f"{task}/{head} ", entropy > most, text)

    def _count(self, runner: Any, name: str, is_collapsed: bool, text: str) -> None:
        self._in_a_row[name] = self._in_a_row.get(name, 0) + 1 if is_collapsed else 0
        if self._in_a_row[name] == self.steps:
            runner.logger.warning(
                f"the teacher of {name.strip()} has collapsed: for {self.steps} steps {text}. "
                "Lower the learning rate or the teacher's temperature, or raise warmup_share."
            )
