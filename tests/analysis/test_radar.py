"""Every value stands at its place of a stated range, or is refused where that is off the chart."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from argus.analysis.radar import (
    Axis,
    Results,
    choose_axes,
    draw_radar,
    parse_axis,
    read_axes,
    read_model,
)
from argus.errors import ConfigError, DataError
from tools.analysis import radar as radar_tool

ROOT = Path(__file__).parents[2]
AXES = [
    Axis(metric="a/mIoU", label="A", inner=20, outer=60),
    Axis(metric="b/rmse", label="B", inner=0.6, outer=0.2, unit="m"),
    Axis(metric="c/top1", label="C", inner=0, outer=100),
    Axis(metric="d/PQ", label="D", inner=0, outer=50),
]
MEASURED = {"a/mIoU": 0.3, "b/rmse": 0.5, "c/top1": 0.75, "other/x": 2.0}
TABLE = """\
Words | are | no table.

| metric | table | Ours | Theirs |
|---|---|---|---|
| `a/mIoU` | 1 | **50.0** | 40 |
| `b/rmse` | 2 | 0.300 | - |
| `c/top1` | 1 | 90 | 100 |
"""


def lines_of(models: dict[str, Results], axes: list[Axis]) -> dict[str, list[float]]:
    chart = draw_radar(models, axes).axes[0]
    drawn = {str(line.get_label()): np.asarray(line.get_ydata()).tolist() for line in chart.lines}
    return {name: drawn[name] for name in models}


def test_draw_radar__places_are_shares_of_the_stated_ranges(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(MEASURED))
    (tmp_path / "page.md").write_text(TABLE)
    models = {
        "file": read_model([str(tmp_path / "r.json")]),
        "ours": read_model([f"{tmp_path}/page.md:Ours"]),
        "theirs": read_model([f"{tmp_path}/page.md:Theirs"]),
    }
    lines = lines_of(models, AXES)  # "D" has no value and is left out
    assert lines["file"] == pytest.approx([0.25, 0.25, 0.75, 0.25])
    assert lines["ours"] == pytest.approx([0.75, 0.75, 0.9, 0.75])
    assert [lines["theirs"][i] for i in (0, 2)] == pytest.approx([0.5, 1.0])
    assert math.isnan(lines["theirs"][1])
    figure = draw_radar(models, AXES)
    texts = [text.get_text() for text in [*figure.axes[0].texts, *figure.texts]]
    assert "B\n0.6 to 0.2 m" in texts and "theirs has no number of B" in texts


def test_draw_radar__outside_of_an_axis_is_an_error() -> None:
    model = Results(values={**MEASURED, "b/rmse": 0.7}, in_percent=False)
    with pytest.raises(ConfigError, match=r"x: b/rmse is 0.7 m, outside .* --axis b/rmse=.*:m"):
        draw_radar({"x": model}, AXES)
    with pytest.raises(ConfigError, match="needs 3 axes, found 0 with a value.*z/y"):
        draw_radar({"x": Results(values={"z/y": 1}, in_percent=False)}, AXES)


def test_choose_axes__a_known_one_changes_its_range_and_others_stand_alone() -> None:
    other = parse_axis("b/rmse=1:0:m")
    chosen = choose_axes(AXES, [other])
    assert [axis.metric for axis in chosen] == [axis.metric for axis in AXES]
    assert chosen[1].label == "B" and (chosen[1].inner, chosen[1].outer) == (1, 0)
    new = parse_axis("camvid/mIoU=30:70")
    assert choose_axes(AXES, [other, new]) == [other, new]


@pytest.mark.parametrize("text", ["a", "a/b", "a/b=1", "a/b=1:1", "a/b=x:2", "a/b=1e:2", "=1:2"])
def test_parse_axis__mistakes(text: str) -> None:
    with pytest.raises(ConfigError, match="--axis"):
        parse_axis(text)


def test_read__mistakes(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(TABLE)
    (tmp_path / "r.json").write_text("{}")
    (tmp_path / "axes.yaml").write_text("axes:\n  - {metric: a/b, inner: x, outer: 2}\n")
    with pytest.raises(DataError, match=r"no table has a column 'Base'.*metric, table, Ours"):
        read_model([f"{tmp_path}/page.md:Base"])
    with pytest.raises(DataError, match="expected numbers by <task>/<metric>"):
        read_model([str(tmp_path / "r.json")])
    (tmp_path / "r.json").write_text('{"a/b": 1}')
    with pytest.raises(ConfigError, match="JSON files, or columns of tables alone"):
        read_model([str(tmp_path / "r.json"), f"{tmp_path}/page.md:Ours"])
    with pytest.raises(ConfigError, match="axis 1: inner: found 'x'"):
        read_axes(tmp_path / "axes.yaml")


def test_tool__the_paper_fits_its_axes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = ROOT / "docs/paper.md"
    models = [f"{name}={page}:{name}" for name in ("Base", "Large", "DINOv2", "tuned")]
    out = tmp_path / "radar.png"
    monkeypatch.setattr(sys, "argv", ["radar.py", *models, "--out", str(out)])
    radar_tool.main()
    assert out.is_file()
    metrics = [axis.metric for axis in read_axes(radar_tool.AXES)]
    assert set(metrics) <= set(read_model([f"{page}:Base"]).values)
    monkeypatch.setattr(sys, "argv", ["radar.py", models[0], models[0]])
    with pytest.raises(SystemExit) as end:
        radar_tool.main()
    assert end.value.code == 2 and "another NAME for each" in capsys.readouterr().err
