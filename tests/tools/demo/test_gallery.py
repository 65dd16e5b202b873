"""The choice of scenes for the gallery, the size ladder, and the pictures of the page."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from argus.api import Argus
from argus.datasets.scenes.generate import Settings, generate
from argus.errors import DataError
from argus.results import DepthMap, Prediction
from tools.demo import gallery
from tools.demo.gallery import choose_scenes, make_gallery, size_ladder

DOCS = Path(__file__).parents[3] / "docs"
WIDTHS = (100, 200, 300, 700)
NAMES = {1: "person", 2: "ball", 3: "box"}


def write_scenes(root: Path, scenes: list[list[int]], area: float = 900) -> None:
    """An annotation file with these categories per image of 100 x 100 pixels."""
    images = [dict(id=i, file_name=f"{i}.jpg", width=100, height=100) for i, _ in enumerate(scenes)]
    annotations = [
        dict(image_id=i, category_id=category, area=area)
        for i, categories in enumerate(scenes)
        for category in categories
    ]
    categories = [dict(id=i, name=name) for i, name in NAMES.items()]
    path = root / "coco/annotations/instances_val2017.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(dict(images=images, annotations=annotations, categories=categories)))


def test_choose_scenes__people_and_variety_first(tmp_path: Path) -> None:
    write_scenes(tmp_path, [[2], [1, 1, 2], [2, 3], [1, 1, 2, 3], [1, 2, 3], [2]])
    chosen = [int(path.stem) for path in choose_scenes(tmp_path, 4)]
    assert chosen == [3, 1, 4, 2]


def test_choose_scenes__without_scenes_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="python -m argus.datasets.scenes"):
        choose_scenes(tmp_path, 1)


def test_size_ladder__one_cell_per_size() -> None:
    depth = DepthMap(task="depth", size=(12, 16), metres=np.ones((12, 16), np.float32))
    image = np.full((12, 16, 3), 90, np.uint8)
    prediction = Prediction(source="a", image=image, results={"depth": depth})
    ladder = size_ladder(prediction, "depth", WIDTHS)
    assert ladder.shape[1] > 4 * ladder.shape[0] * 0.6
    # Every cell shows the same depth.
    cell = ladder.shape[1] // len(WIDTHS)
    middles = [ladder[150, cell // 2 + i * cell].tolist() for i in range(len(WIDTHS))]
    assert all(middle == middles[0] for middle in middles)


def test_page__shows_every_picture_of_the_gallery() -> None:
    text = (DOCS / "gallery.md").read_text()
    shown = set(re.findall(r"\(images/gallery/(.+?)\)", text))
    assert shown == {path.name for path in (DOCS / "images/gallery").iterdir()}
    total = sum((DOCS / "images/gallery" / name).stat().st_size for name in shown)
    assert total < 2.5 * 2**20


def test_make_gallery__draws_every_task_of_a_small_model(
    tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "LADDER_PX", WIDTHS)
    settings = Settings(
        num_train=1,
        num_val=2,
        num_classification=(10, 10),
        num_anomaly=(1, 1, 1),
        width=64,
        height=64,
        seed=0,
    )
    generate(tmp_path / "scenes", settings, num_workers=1)
    model = Argus.from_pretrained(tiny_model_folder)
    paths = make_gallery(model, tmp_path / "scenes", tmp_path / "out", size=64)
    assert {path.stem for path in paths} == {"sheet", "sizes", *model.tasks}
    for path in paths:
        picture = cv2.imread(str(path))
        assert min(picture.shape[:2]) > 300 and picture.std() > 5, path
