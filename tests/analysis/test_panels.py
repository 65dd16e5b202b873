"""A row per picture and model, a column per task; what cannot be read is named and has no row."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from argus.analysis import panels
from argus.analysis.panels import choose_tasks, draw_panels
from argus.errors import ConfigError, DataError
from tests.commands.toy_model import ToyModel, write_broken, write_picture
from tools.analysis import panels as panels_tool


class ToyWithTasks(ToyModel):
    tasks: dict[str, Any] = dict(
        colour=SimpleNamespace(categories=()), object=SimpleNamespace(categories=("a", "b"))
    )


class OfColour(ToyModel):
    tasks: dict[str, Any] = dict(colour=ToyWithTasks.tasks["colour"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index in range(3):
        write_picture(tmp_path / "in" / f"{index}.png", 100 + 10 * index)
    write_broken(tmp_path / "in" / "broken.png")
    return tmp_path / "in"


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is drawn instead of a sheet: the rows, titles and captions of each."""
    calls: list[Any] = []

    def keep(rows: Any, titles: Any, *, captions: Any, cell_width_px: int) -> np.ndarray:
        calls.append((rows, list(titles), list(captions)))
        return np.zeros((4, 4, 3), np.uint8)

    monkeypatch.setattr(panels, "picture_grid", keep)
    return calls


def draw(models: dict[str, Any], images: list[Path], broken: dict[str, str]) -> int:
    options: Any = dict(tasks=["colour", "object"], rows_per_sheet=2, cell_width_px=64)
    return len(list(draw_panels(models, images, broken=broken, batch_size=2, **options)))


def test_draw_panels__rows_of_pictures_and_models(folder: Path, rows: list[Any]) -> None:
    images = [folder / name for name in ("0.png", "broken.png", "1.png", "2.png")]
    broken: dict[str, str] = {}
    assert draw({"whole": ToyWithTasks(), "part": OfColour()}, images, broken) == 2
    assert list(broken) == [str(folder / "broken.png")]
    assert [titles for _, titles, _ in rows] == [["Input", "Colour", "Object"]] * 2
    assert [captions for _, _, captions in rows] == [["whole", "part"], ["whole", "part"] * 2]
    (whole, part), second = rows[0][0], rows[1][0]
    assert [len(row) for row in (whole, part, *second)] == [3] * 6
    assert whole[0][5, 5, 0] == 100 and [row[0][5, 5, 0] for row in second[::2]] == [110, 120]
    assert np.array_equal(whole[1], part[1]) and part[2] is panels._ABSENT
    assert draw({"whole": ToyWithTasks()}, images[:1], broken) == 1 and rows[-1][2] == []


def test_draw_panels__no_picture_that_can_be_read(folder: Path) -> None:
    with pytest.raises(DataError, match=r"no picture could be read:\n.*broken.png"):
        draw({"a": ToyWithTasks()}, [folder / "broken.png"], {})


def test_choose_tasks__those_that_need_a_category_are_asked_for() -> None:
    models = {"a": OfColour(), "b": ToyWithTasks()}
    assert choose_tasks(models, [], has_category=False) == ["colour"]
    assert choose_tasks(models, [], has_category=True) == ["colour", "object"]
    assert choose_tasks(models, ["object"], has_category=False) == ["object"]
    with pytest.raises(ConfigError, match="expected some of colour, object, found 'x'"):
        choose_tasks(models, ["x"], has_category=False)


def test_tool__writes_sheets_and_names_what_is_broken(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Model(ToyWithTasks):
        def stream(self, images: Any, tasks: Any, **options: Any) -> Any:
            return super().stream(images, tasks, batch_size=8, **options)

    monkeypatch.setattr(panels_tool, "load_model", lambda args: Model())
    out = tmp_path / "out"
    words = ["panels.py", str(folder), "--model", "m", "--rows", "2", "--cell", "64"]
    monkeypatch.setattr(sys, "argv", [*words, "--out", str(out)])
    with pytest.raises(SystemExit) as end:
        panels_tool.main()
    printed = capsys.readouterr()
    assert end.value.code == 3 and "broken.png" in printed.err
    paths = [out / "panels_1.png", out / "panels_2.png"]
    assert printed.out.split() == list(map(str, paths))
    sizes = [Image.open(path).size for path in paths]
    assert sizes[0][0] == sizes[1][0] and sizes[0][1] > sizes[1][1], "two and one rows"
