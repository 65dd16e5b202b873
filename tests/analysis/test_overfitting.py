"""Overfitting is told where the loss falls and the validation gets worse, and nowhere else."""

import sys
from pathlib import Path

import numpy as np
import pytest

from argus.analysis.overfitting import (
    Overfitting,
    draw_overfitting,
    find_overfitting,
    overfitting_table,
)
from argus.analysis.run_log import RunLog, read_run
from argus.errors import ConfigError, DataError
from tests.analysis.logs import training, validation, write_log
from tools.analysis import curves as curves_tool

CONFIG = (
    "tasks = dict(a=dict(primary='top1'), d=dict(primary='rmse', lower_is_better=['rmse']), "
    "flat=dict(primary='x'))\n"
)
# By step: loss of all, top1 of a (best at 40), rmse of d (best, so least, at 60).
STEPS = (20, 40, 60, 80)
LOSS, TOP1, RMSE = (4.0, 3.0, 2.0, 1.0), (0.5, 0.8, 0.7, 0.6), (0.9, 0.6, 0.3, 0.4)


@pytest.fixture
def run(tmp_path: Path) -> RunLog:
    lines = []
    for step, loss, top1, rmse in zip(STEPS, LOSS, TOP1, RMSE, strict=True):
        losses = {f"{task}/{part}": loss for task in "ad" for part in ("loss", "loss_weighted")}
        losses |= {"flat/loss": 5 - loss, "flat/loss_weighted": 5 - loss}  # it rises
        lines += [
            training(step, loss, **losses),
            validation(step, a__top1=top1, a__top5=top1 + 0.1, d__rmse=rmse, flat__x=top1),
        ]
    write_log(tmp_path / "run", lines).with_name("config.py").write_text(CONFIG)
    return read_run(tmp_path / "run")


def test_find_overfitting__best_and_last_and_the_losses_there(run: RunLog) -> None:
    a, d, flat = find_overfitting(run, smoothing=0.0)
    assert a == Overfitting(
        metric="a/top1",
        less_is_better=False,
        best_step=40,
        best=0.8,
        last_step=80,
        last=0.6,
        loss_at_best=3.0,
        loss_at_last=1.0,
    )
    assert (d.metric, d.less_is_better, d.best_step, d.best) == ("d/rmse", True, 60, 0.3)
    assert a.lost == pytest.approx(0.2) and d.lost == pytest.approx(0.1)
    assert a.overfits(0.01) and d.overfits(0.3) and not a.overfits(0.26) and not d.overfits(0.34)
    assert not flat.overfits(0.01), "its loss has risen too"
    table = overfitting_table([a, d, flat], tolerance=0.01)
    assert table.count("OVERFITS") == 2 and "got worse, and so did the loss" in table


def test_find_overfitting__none_where_the_last_validation_is_the_best(run: RunLog) -> None:
    run.validation["a/top1"].values[-1] = 0.9
    (a,) = find_overfitting(run, metrics=["a/top1"])
    assert a.best_step == a.last_step == 80 and a.lost == 0 and not a.overfits(0.0)
    assert "best at its end" in overfitting_table([a], tolerance=0.01)


def test_find_overfitting__losses_are_averaged(run: RunLog) -> None:
    """At full smoothing the loss at a step is a mean of those before it, weighted by their age."""
    (a,) = find_overfitting(run, metrics=["a/top1"], smoothing=1.0)
    weights = np.exp(-np.array([60, 40, 20, 0]) / 60)
    assert a.loss_at_last == pytest.approx(np.average(LOSS, weights=weights))


def test_find_overfitting__needs_validations_and_known_metrics(tmp_path: Path, run: RunLog) -> None:
    with pytest.raises(ConfigError, match=r"'a/x' is not in the log of run. Measured: a/top1"):
        find_overfitting(run, metrics=["a/x"])
    write_log(tmp_path / "none", [training(10, 1.0), validation(10, a__top1=0.5)])
    with pytest.raises(DataError, match="fewer than two validations.*train_cfg.val_interval"):
        find_overfitting(read_run(tmp_path / "none"))


def test_draw_overfitting__up_is_better_in_every_panel(run: RunLog) -> None:
    figure = draw_overfitting([run, run], smoothing=0.0)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles.count("run: a/top1  (overfits)") == 2 and "run: flat/x" in titles
    right = {tuple(np.asarray(axes.lines[0].get_ydata()).tolist()): axes for axes in figure.axes}
    assert right[RMSE].yaxis_inverted() and not right[TOP1].yaxis_inverted()


def test_tool__draws_and_prints(
    tmp_path: Path,
    run: RunLog,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out.png"
    words = ["curves.py", str(tmp_path / "run"), "--overfitting", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", words)
    curves_tool.main()
    assert out.is_file() and "OVERFITS" in capsys.readouterr().out
