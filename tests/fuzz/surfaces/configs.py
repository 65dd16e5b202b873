"""Training configs and ``--cfg-options``: read and built as a training does, without training."""

import argparse
import contextlib
import io
import os
from pathlib import Path
from random import Random
from typing import Any

import mmengine.runner.runner

from argus.commands.config_options import load_config
from argus.commands.errors import user_errors
from argus.engine import MultitaskRunner
from tests.fuzz.mutations import VALUES, alter, damage
from tests.fuzz.surface import Case, Refused, Surface, expect
from tests.toy import toy_config

OPTIONS = (
    *("train_cfg.max_iters", "tasks.semantic.train.batch_size", "optim_wrapper.optimizer.lr"),
    *("randomness.seed", "tasks.semantic.decoder.decode_head.num_classes", "precision"),
    *("tasks.classification.metrics.type", "backbone.type", "tasks", "x", "tasks.x.y", "a..b", ""),
)
WORDS = ("", "0", "-1", "nan", "None", "[1,2", "(", "1e400", "x", "{}", "True", "1,2", "'", "[[[")
# What the values of a config may be: its file is Python, but dicts have texts as keys.
WRITABLE = [value for value in VALUES if "\0" not in str(value)]


class Configs(Surface):
    """What ``tools/train.py`` does before the first step."""

    name, title, share = "configs", "training configs and options", 150

    def prepare(self, folder: Path) -> None:
        # The head of the log asks the compiler for its version, in a process.
        mmengine.runner.runner.collect_env = dict

    def case(self, random: Random, folder: Path) -> Case:
        path, options = folder / "config.py", []
        config = toy_config("work_dir")
        text = _python(config)
        match random.randrange(4):
            case 0:
                options = [f"{random.choice(OPTIONS)}={random.choice(WORDS)}"]
                what = f"--cfg-options {options[0]}"
            case 1:
                what, damaged = damage(random, text.encode())
                text = damaged.decode(errors="replace")
            case _:
                what, altered = alter(random, config, values=WRITABLE)
                text = _python(altered)
        path.write_text(text, errors="replace")
        return Case(what, lambda: _build(path, options))


def _python(config: dict[str, Any]) -> str:
    lines = [
        "nan, inf = float('nan'), float('inf')",
        "custom_imports = dict(imports=['tests.toy'])",
    ]
    return "\n".join((*lines, *(f"{key} = {value!r}" for key, value in config.items())))


def _build(path: Path, options: list[str]) -> None:
    os.chdir(path.parent)
    arguments = argparse.Namespace(
        config=str(path), cfg_options=options, amp=False, launcher="none", work_dir="work_dir"
    )
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told), user_errors():
            runner = MultitaskRunner.from_cfg(load_config(arguments))
            expect(bool(runner.model.decoders), "a model without tasks")
    except SystemExit as left:
        expect(left.code == 2, f"exit status {left.code}")
        raise Refused(told.getvalue().strip()) from left
