"""A collapsed teacher is told once, and again when it comes back."""

import logging
from types import SimpleNamespace

import pytest

from argus.engine.gradient_schedule import StepResult, StepValues
from argus.errors import ConfigError
from argus.mtv.collapse import CollapseHook
from tests.mtv.tiny import tiny_mtv


def parts(prototypes: float, entropy: float) -> dict[str, float]:
    both = {"picture": (9.0, 1.0), "patch": (prototypes, entropy)}
    found = {f"ssl/{head}_prototypes": used for head, (used, _) in both.items()}
    return found | {f"ssl/{head}_entropy": value for head, (_, value) in both.items()}


GOOD, ONE, ALIKE = parts(9.0, 1.0), parts(1.2, 0.1), parts(15.9, 2.77)  # of 16 prototypes


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([GOOD] * 9, []),
        ([ONE, ONE, GOOD] * 3, []),
        ([ONE] * 9, ["1.20 prototypes are in use (floor 2)"]),
        ([ALIKE] * 9, ["entropy is 2.770 nats (bound 2.745)"]),
        ([ONE] * 3 + [GOOD] + [ONE] * 3, ["1.20 prototypes"] * 2),
    ],
)
def test_collapse__is_told_after_steps_in_a_row(
    steps: list[dict[str, float]], told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    runner = SimpleNamespace(raw_model=tiny_mtv("ssl"), logger=logging.getLogger("mtv"))
    hook = CollapseHook(steps=3)
    with caplog.at_level(logging.WARNING):
        for found in steps:
            values = StepValues(losses={}, grad_norm=1.0, is_finite=True, parts=found)
            hook.after_train_iter(runner, 0, outputs=StepResult(values=values))
    assert len(caplog.messages) == len(told)
    for message, words in zip(caplog.messages, told, strict=True):
        assert message.startswith("the teacher of ssl/patch has collapsed: for 3 steps")
        assert words in message


def test_collapse__limits_are_checked() -> None:
    with pytest.raises(ConfigError, match="expected least_prototypes >= 1"):
        CollapseHook(least_prototypes=0.5)
