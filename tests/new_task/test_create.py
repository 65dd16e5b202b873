"""argus new: what it says, and the files that it writes."""

import argparse
import errno
import re
import sys

import numpy as np
import pytest
from PIL import Image

from argus.commands.new import add_arguments
from argus.datasets.own.formats import FORMATS
from argus.datasets.own.record import KINDS
from argus.errors import ConfigError, DataError
from argus.new_task import Request, create
from argus.new_task.backbone_lines import backbone_lines
from argus.new_task.config_text import MAX_LINES, RECIPES, steps_for
from argus.new_task.report import READ_AS, TITLES
from argus.registry import RECIPES as REGISTERED
from tests.datasets.own.layouts import (
    class_folders,
    coco,
    coco_content,
    halves,
    map_of,
    masks,
    picture,
    write_json,
)
from tests.docs.blocks import ROOT

PAGE = ROOT / "docs/own_data.md"


def new(tmp_path, data, **settings) -> tuple[list[str], str]:
    """What is said, and the config."""
    said: list[str] = []
    settings = dict(name="plates", data=str(data), folder=tmp_path) | settings
    path = create(Request(**settings), tell=said.append)
    return said, path.read_text()


def test_masks__are_told_drawn_and_written_down(tmp_path) -> None:
    data = masks(tmp_path / "data", 6)
    picture(data / "images/lonely.png")
    said, text = new(tmp_path, data)
    told = "\n".join(said)
    assert "folders of masks" in told and "6 of 24 x 16 pixels" in told
    assert "ground 50.0%, plate 50.0%" in told
    assert "1 picture has no map: images/lonely.png" in told
    assert said[-1] == f"  argus train {(tmp_path / 'plates.py').as_posix()}"
    assert len(text.splitlines()) <= MAX_LINES
    assert 'type="SemanticTask"' in text and 'classes=["ground", "plate"]' in text
    compile(text, "plates.py", "exec")


def test_sheet__shows_labels_on_the_pictures(tmp_path) -> None:
    """The right half is one class: its tint has to be there and nowhere else."""
    for n in range(3):
        path = tmp_path / f"data/images/{n}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (24, 16), (128, 128, 128)).save(path)
        map_of(tmp_path / f"data/masks/{n}.png", halves(0, 1))
    (tmp_path / "data/classes.txt").write_text("background\nplate\n")
    new(tmp_path, tmp_path / "data")
    sheet = np.array(Image.open(tmp_path / "plates_labels.jpg").convert("RGB")).astype(int)
    grey = (abs(sheet - 128).max(axis=-1) < 8).sum()
    tinted = (np.ptp(sheet, axis=-1) > 40).sum()
    assert grey > 10_000 and 0.7 < tinted / grey < 1.4


def test_sheet__shows_the_picture_beside_what_hides_it(tmp_path) -> None:
    """A red picture is in the left half, and its depth in the right one, without red."""
    for folder in ("images", "depth"):
        (tmp_path / "data" / folder).mkdir(parents=True)
    for n in range(3):
        Image.new("RGB", (24, 16), (255, 0, 0)).save(tmp_path / f"data/images/{n}.png")
        np.save(tmp_path / f"data/depth/{n}.npy", halves(1, 2).astype(np.float32))
    new(tmp_path, tmp_path / "data", unit=1.0)
    sheet = np.array(Image.open(tmp_path / "plates_labels.jpg").convert("RGB")).astype(int)
    red = (sheet[..., 0] > 200) & (sheet[..., 1:].max(axis=-1) < 60)
    left, right = red[:, :200].sum(), red[:, 200:400].sum()
    assert left > 3000 and right < left / 10


def test_broken_pictures__are_errors_and_the_rest_is_written(tmp_path) -> None:
    data = masks(tmp_path / "data", 6)
    (data / "images/2.png").write_bytes(b"\x89PNG\r\n\x1a\n no more")
    said, _ = new(tmp_path, data)
    assert any("error" in line and "2.png" in line for line in said)


def test_values_without_names__are_classes(tmp_path) -> None:
    masks(tmp_path / "data", values=(3, 9))
    (tmp_path / "data/classes.txt").unlink()
    said, text = new(tmp_path, tmp_path / "data")
    assert any("no file names the classes" in line for line in said)
    assert not any("error" in line for line in said) and 'classes=["3", "9"]' in text


def test_parsing__is_offered_where_the_first_class_is_background(tmp_path) -> None:
    data = masks(tmp_path / "data", 4)
    task = next(line for line in new(tmp_path, data)[0] if line.startswith("  task"))
    assert "parsing" not in task
    (data / "classes.txt").write_text("background\nshirt\nshoe\n")
    said, _ = new(tmp_path, data, force=True)
    task = next(line for line in said if line.startswith("  task"))
    assert task.endswith("(a class for every pixel); good for parsing as well (--kind)")
    said, text = new(tmp_path, data, kind="parsing", force=True)
    assert 'type="ParsingTask"' in text and any("the first class, background," in s for s in said)
    with pytest.raises(ConfigError, match="--kind parts: expected one of detection, .*parsing"):
        new(tmp_path, data, kind="parts", force=True)


def test_one_picture__is_trained_on(tmp_path) -> None:
    _, text = new(tmp_path, masks(tmp_path / "data", 1))
    assert "val=None" in text


def test_many_classes__are_those_of_the_data(tmp_path) -> None:
    content = coco_content([picture(tmp_path / f"data/{n}.png") for n in range(3)])
    content["categories"] += [dict(id=n, name=f"a class called {n}") for n in range(50, 90)]
    write_json(tmp_path / "data/a.json", content)
    _, text = new(tmp_path, tmp_path / "data")
    assert "classes=" not in text and 'type="InstanceTask"' in text


def test_full_disk__is_told_and_leaves_nothing(tmp_path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    data = masks(tmp_path / "data", 2)
    monkeypatch.setattr(sys.modules["argus.new_task.create"], "save_sheet", full)
    with pytest.raises(ConfigError, match="plates.py and .* No space left on device. Make room"):
        new(tmp_path, data)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_names_with_quotes__do_no_harm(tmp_path) -> None:
    for name in ('a"b', "c\\"):
        for n in range(3):
            picture(tmp_path / "data" / name / f"{n}.png", seed=n)
    _, text = new(tmp_path, tmp_path / "data")
    names: dict = {}
    exec("\n".join(re.findall(r"(?s)tasks = dict\(.*?\n\)\)", text)), names)
    assert names["tasks"]["plates"]["classes"] == ['a"b', "c\\"]


def test_names_that_are_no_letters__are_refused(tmp_path) -> None:
    """As Python reads those of another encoding, or all that are not ASCII where it knows ASCII."""
    data = masks(tmp_path / "d\udce4ta", 2)
    with pytest.raises(ConfigError, match="bytes that are no letters in utf-8.*rename it"):
        new(tmp_path, data)
    assert not list(tmp_path.glob("*.*"))


def test_files_that_are_there__are_kept(tmp_path) -> None:
    data = class_folders(tmp_path / "data")
    (tmp_path / "plates.py").write_text("mine")
    with pytest.raises(ConfigError, match=r"plates\.py is there already; --force"):
        new(tmp_path, data)
    assert (tmp_path / "plates.py").read_text() == "mine"
    assert "ClassificationTask" in new(tmp_path, data, force=True)[1]


@pytest.mark.parametrize("name", ["Plates", "2plates", "../plates", "a b", ""])
def test_names__that_are_none(tmp_path, name) -> None:
    with pytest.raises(ConfigError, match="a task is called by small letters"):
        new(tmp_path, class_folders(tmp_path / "data"), name=name)


def test_open_format__is_told_and_nothing_is_written(tmp_path) -> None:
    data = masks(coco(tmp_path / "data"))
    with pytest.raises(DataError, match=r"Say which: format='coco' or format='masks'"):
        new(tmp_path, data)
    assert not (tmp_path / "plates.py").exists()
    assert "InstanceTask" in new(tmp_path, data, format="coco")[1]


def test_backbone__by_name_model_and_config(tmp_path) -> None:
    config = tmp_path / "new.py"
    found = backbone_lines("dinov2_vitb14_reg4", config)
    assert 'arch="base", num_registers=4' in "\n".join(found.lines)
    assert found.first == "argus download dinov2_vitb14_reg4"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/mine.py").write_text("backbone = dict()")
    assert (
        "    from .folder.mine import backbone"
        in backbone_lines(str(tmp_path / "folder/mine.py"), config).imports
    )
    (tmp_path / "other").mkdir()
    (tmp_path / "other/mine.py").write_text("backbone = dict()")
    found = backbone_lines(str(tmp_path / "other/mine.py"), tmp_path / "folder/new.py")
    assert "    from ..other.mine import backbone" in found.imports
    with pytest.raises(ConfigError, match="no merged model"):
        backbone_lines(str(tmp_path / "folder"), config)
    (tmp_path / "folder/manifest.json").write_text("{}")
    assert "trained_backbone" in backbone_lines(str(tmp_path / "folder"), config).lines[0]
    with pytest.raises(ConfigError, match="expected the folder of a merged model"):
        backbone_lines("resnet50", config)
    (tmp_path / "a-b.py").write_text("")
    with pytest.raises(ConfigError, match="no name of a module"):
        backbone_lines(str(tmp_path / "a-b.py"), config)


@pytest.mark.parametrize(
    ("pictures", "batch", "steps"), [(10, 4, 400), (367, 4, 2800), (100_000, 16, 40_000)]
)
def test_steps__are_some_passes_within_bounds(pictures, batch, steps) -> None:
    assert steps_for(pictures, batch) == steps


def test_kinds__have_a_recipe_and_a_title() -> None:
    REGISTERED.import_from_location()
    assert set(RECIPES) == set(TITLES) == {*KINDS, *READ_AS}
    for kind, name in RECIPES.items():
        assert READ_AS.get(kind, kind) == REGISTERED.get(name).KIND
    ours = {n for n, c in REGISTERED.module_dict.items() if c.__module__.startswith("argus.")}
    assert set(RECIPES.values()) == ours


def test_page__names_all_formats_kinds_and_options() -> None:
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in PAGE.read_text().splitlines()
        if line.startswith("| `")
    ]
    formats = {row[0].strip("`"): row[2] for row in rows if len(row) == 3}
    formats.pop("--format")  # the heading
    assert {n: re.findall(r"`(\w+)`", kinds) for n, kinds in formats.items()} == {
        name: list(form.kinds) for name, form in FORMATS.items()
    }
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    options = {a.option_strings[0] for a in parser._actions if a.option_strings}
    named = {word for row in rows if len(row) == 2 for word in re.findall(r"`(--\w+)`", row[0])}
    assert named == options
    words = set(re.findall(r"\w+", parser.format_help()))
    assert {*FORMATS, *RECIPES} <= words
