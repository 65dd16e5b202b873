"""The average is the one of its formula; the picture holds the curves of the log and no others."""

import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from argus.analysis.curves import draw_curves, smooth
from argus.analysis.run_log import Series, read_run, read_runs
from argus.errors import ConfigError
from tests.analysis.logs import training, validation, write_log
from tools.analysis import curves as curves_tool

RNG = np.random.default_rng(0)


def random_series(length: int) -> Series:
    return Series(np.cumsum(RNG.integers(1, 20, length)), RNG.normal(size=length))


def panels(figure: Figure) -> dict[str, list[tuple[list[float], list[float]]]]:
    """Data of the opaque lines by the title of their panel."""
    return {
        axes.get_title(loc="left"): [
            (list(line.get_xdata()), list(line.get_ydata()))
            for line in axes.lines
            if line.get_alpha() is None
        ]
        for axes in figure.axes
    }


def test_smooth__is_the_weighted_mean_of_the_formula() -> None:
    series, span = random_series(30), 25.0
    for index in range(30):
        age = series.steps[index] - series.steps[: index + 1]
        weights = np.exp(-age / span)
        expected = weights @ series.values[: index + 1] / weights.sum()
        assert smooth(series, span)[index] == pytest.approx(expected, rel=1e-12)


def test_smooth__constants_stay_and_zero_span_is_the_identity() -> None:
    series = random_series(20)
    assert np.allclose(smooth(Series(series.steps, np.full(20, 7.0)), 10.0), 7.0)
    assert np.array_equal(smooth(series, 0.0), series.values)


def test_smooth__does_not_depend_on_points_between() -> None:
    """Twice the density of equal values changes nothing but the weight of the start."""
    steps = np.arange(0, 400, 10)
    values = np.where(steps < 200, 1.0, 0.0)
    dense_steps = np.arange(0, 400, 5)
    dense = smooth(Series(dense_steps, np.where(dense_steps < 200, 1.0, 0.0)), 40.0)
    assert np.allclose(smooth(Series(steps, values), 40.0)[-1], dense[-2], atol=5e-3)


def test_draw_curves__panels_hold_the_values(tmp_path: Path) -> None:
    write_log(
        tmp_path / "run",
        [
            training(10, 3.0, **{"b/loss": 1.0, "b/loss_weighted": 2.0, "grad_norm": 4.0}),
            validation(10, a__top1=0.5, a__top5=0.7, a__top9=0.8),
            training(20, 2.0, **{"b/loss": 0.5, "b/loss_weighted": 1.0, "grad_norm": 5.0}),
            validation(20, a__top1=0.6, a__top5=0.8, a__top9=0.9),
        ],
    )
    run = read_run(tmp_path / "run")
    found = panels(draw_curves([run], smoothing=0.0))
    assert found["a: loss"] == [([10, 20], [3.0, 2.0])]
    assert found["b: loss"] == [([10, 20], [1.0, 0.5])]
    assert found["a: top1"] == [([10, 20], [0.5, 0.6])]
    assert found["learning rate"] == [([10, 20], [0.1, 0.1])]
    assert found["weighted losses of the tasks"][1] == ([10, 20], [2.0, 1.0])
    assert "a: top9" not in found and "adapter gradient norms" not in found
    assert "a: top9" in panels(draw_curves([run], metrics=["a/top9"]))


def test_draw_curves__adapter_gradient_norms_where_they_were_measured(tmp_path: Path) -> None:
    norms = {"a/adapter_grad_norm": 1.5, "b/adapter_grad_norm": 2.5}
    lines = [training(s, 1.0, **{"b/loss": 1.0, "b/loss_weighted": 1.0}) for s in (10, 20)]
    write_log(tmp_path, [lines[0], lines[1] | norms])
    found = panels(draw_curves([read_run(tmp_path)], smoothing=0.0))
    assert found["adapter gradient norms"] == [([20], [1.5]), ([20], [2.5])]


def test_draw_curves__several_runs_over_one_another(tmp_path: Path) -> None:
    for index, name in enumerate(("x", "y")):
        write_log(tmp_path / name, [training(s, s + index) for s in (10, 20)])
    figure = draw_curves(read_runs([tmp_path / "x", tmp_path / "y"]), smoothing=0.0)
    assert panels(figure)["a: loss"] == [([10, 20], [10, 20]), ([10, 20], [11, 21])]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["x", "y"]
    colors = {line.get_color() for line in figure.axes[0].lines}
    assert len(colors) == 2


def test_draw_curves__unknown_metric_lists_those_there(tmp_path: Path) -> None:
    write_log(tmp_path, [training(10, 1.0), validation(10, a__top1=0.5)])
    run = read_run(tmp_path)
    with pytest.raises(ConfigError, match=r"'a/mIoU' is not in the log. Measured: a/top1"):
        draw_curves([run], metrics=["a/mIoU"])
    with pytest.raises(ConfigError, match=r"smoothing: expected a share in \[0, 1\]"):
        draw_curves([run], smoothing=2.0)


def test_tool__writes_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_log(tmp_path / "run", [training(s, 1 / s) for s in range(1, 200, 3)])
    out = tmp_path / "new" / "curves.png"
    monkeypatch.setattr(sys, "argv", ["curves.py", str(tmp_path / "run"), "--out", str(out)])
    curves_tool.main()
    with Image.open(out) as picture:
        assert picture.format == "PNG" and min(picture.size) > 500


def test_tool__no_log_ends_with_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["curves.py", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        curves_tool.main()
    assert end.value.code == 2
    assert "DataError" in (message := capsys.readouterr().err) and "Traceback" not in message
