"""A recipe of a few lines, for every kind of task, goes the whole way: trained, tested, asked."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from argus.api import Argus
from argus.engine import MultitaskRunner
from argus.model_files.merge import merge
from tests.recipes.small_data import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, write_all
from tests.toy import toy_config

NO_WORKERS = dict(num_workers=0)
PARTS = dict(train=NO_WORKERS, val=NO_WORKERS, test=NO_WORKERS)
# By the kind of task: what its recipe has beside the data.
RECIPES: dict[str, dict[str, Any]] = dict(
    semantic=dict(type="SemanticTask"),
    parsing=dict(type="ParsingTask", decoder="segformer"),
    detection=dict(type="DetectionTask"),
    instance=dict(type="InstanceTask"),
    keypoints=dict(type="KeypointsTask", size=(64, 32)),
    classification=dict(type="ClassificationTask"),
    depth=dict(type="DepthTask", max_depth=10),
    normals=dict(type="NormalsTask"),
    edges=dict(type="BoundaryTask"),
    saliency=dict(type="SaliencyTask"),
    anomaly=dict(type="AnomalyTask", classes=["nut"]),
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_all(tmp_path_factory.mktemp("own"))


@pytest.mark.parametrize("kind", RECIPES)
def test_recipe__trains_tests_and_predicts(
    kind: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    recipe = dict(data=str(folders[kind]), size=32, **PARTS) | RECIPES[kind]
    config = toy_config(
        tmp_path,
        backbone=dict(type="ToyBackbone", channels=16),
        tasks={kind: recipe},
        train_cfg=dict(max_iters=2),
    )
    runner = MultitaskRunner.from_cfg(config)
    before = {name: value.clone() for name, value in runner.raw_model.state_dict().items()}
    runner.train()
    after = runner.raw_model.state_dict()
    assert any(
        not value.equal(after[name]) for name, value in before.items() if name.startswith("dec")
    )
    metrics = runner.test()
    runner.close()
    assert f"{kind}/{runner.tasks[kind].primary}" in metrics
    merge(tmp_path / "iter_2.pth").write(tmp_path / "model")
    model = Argus.from_pretrained(tmp_path / "model", device="cpu", trust=["tests"])
    boxes = [[LEFT, TOP, RIGHT, BOTTOM]] if kind == "keypoints" else None
    answers = model.predict(np.full((HEIGHT, WIDTH, 3), 128, np.uint8), boxes=boxes)
    assert set(answers.results) == {kind}
    if kind == "keypoints":
        assert answers[kind].keypoint_names == ("start", "end")
