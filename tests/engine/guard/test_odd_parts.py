"""Parts of losses that are not finite while the loss is: told, counted, and in no mean."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from argus.engine.guard import odd_parts
from argus.engine.guard.odd_parts import OddParts
from tests.engine.guard.warned import WarnedRunner
from tests.engine.toy_training import train


def test_parts__are_told_at_first_and_when_the_count_has_a_digit_more() -> None:
    parts, runner = OddParts(), WarnedRunner()
    told_at = []
    for step in range(1, 121):
        parts.look(step, {"depth/share": math.nan, "depth/loss_l1": 1.0})
        parts.tell(runner)
        if len(runner.warnings) > len(told_at):
            told_at.append(step)
    assert told_at == [1, 10, 100]
    assert parts.counts == {"depth/share": 120}
    assert "depth/share was not finite in 10 steps so far, last in step 10." in runner.warnings[1]


def test_parts__a_step_counts_once_in_however_many_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = {"depth/share": [2, 3], "semantic/acc": [3]}
    monkeypatch.setattr(odd_parts, "gather_lists", lambda values: [*values, other])
    parts, runner = OddParts(), WarnedRunner()
    for step in (1, 2):
        parts.look(step, {"depth/share": math.inf})
    parts.tell(runner)
    assert parts.counts == {"depth/share": 3, "semantic/acc": 1}
    assert len(runner.warnings) == 2


def with_a_part(value: float) -> Callable[[Any], None]:
    """Have a decoder log another part, which is in no loss."""

    def change(runner: Any) -> None:
        decoder = runner.raw_model.decoder("semantic")
        parse = type(decoder).parse_losses

        def parse_losses(losses: Any) -> Any:
            loss, parts = parse(decoder, losses)
            return loss, {**parts, "extra": torch.tensor(value)}

        decoder.parse_losses = parse_losses

    return change


def test_training__goes_on_and_logs_no_nan(tmp_path: Path) -> None:
    values = [1.0, math.nan, 3.0, math.inf, math.nan, math.nan]
    options: dict[str, Any] = dict(
        before_step={step + 1: with_a_part(value) for step, value in enumerate(values)},
        visualizer=dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend")]),
        default_hooks=dict(
            logger=dict(type="argus.ProgressHook", interval=2),
            checkpoint=dict(type="argus.CheckpointHook", interval=2),
        ),
        train_cfg=dict(max_iters=6),
    )
    whole, runner = train(tmp_path / "whole", **options)
    assert len(whole) == 6, "all steps are taken"
    text = Path(runner.log_dir, "vis_data/scalars.json").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    steps = [line for line in lines if "semantic/loss_weighted" in line]
    assert [line.get("semantic/extra") for line in steps] == [1.0, 3.0, None]
    assert [line["odd_parts"] for line in steps] == [1, 2, 4]
    assert "NaN" not in text and "Infinity" not in text
    log = next(Path(runner.log_dir).glob("*.log")).read_text()
    assert log.count("semantic/extra was not finite in") == 1

    train(tmp_path / "parts", stop_after=4, **options)
    _, resumed = train(tmp_path / "parts", resume=True, **options)
    assert resumed.train_loop.odd_parts.counts == {"semantic/extra": 4}
