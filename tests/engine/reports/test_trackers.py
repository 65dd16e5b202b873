"""Curves in programs beside the JSON log: which backends a flag adds, and what arrives there."""

import importlib.util
import json
import sqlite3
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.visualization import LocalVisBackend, Visualizer

from argus.engine.reports.mlflow_backend import MLflowBackend
from argus.engine.reports.trackers import TRACKERS, add_trackers
from argus.engine.reports.wandb_backend import WandbBackend
from argus.errors import ConfigError
from tests.docs.blocks import ROOT
from tests.engine.reports.test_validation_pictures import train

needs = {
    name: pytest.mark.skipif(
        importlib.util.find_spec(name) is None, reason=f"{name} is not installed"
    )
    for name in ("wandb", "mlflow")
}


def kinds(config: Config) -> list[str]:
    """Names without their modules, of backends that are texts: the run's copy holds no class."""
    return [backend["type"].rpartition(".")[2] for backend in config.visualizer["vis_backends"]]


def test_config_without_visualizer__gets_the_json_log_and_tensorboard() -> None:
    config = Config(dict(tasks={}))
    add_trackers(config, [])
    assert kinds(config) == ["LocalVisBackend", "TensorboardVisBackend"]


def test_config_with_its_own__keeps_it_and_gets_each_backend_once() -> None:
    backends = [
        dict(type="LocalVisBackend"),
        dict(type="mmengine.visualization.TensorboardVisBackend"),
    ]
    config = Config(dict(visualizer=dict(type=Visualizer, vis_backends=backends)))
    add_trackers(config, ["tensorboard", "tensorboard"])
    assert config.visualizer.vis_backends == backends
    config = Config(dict(visualizer=None))
    add_trackers(config, [])
    assert config.visualizer is None
    add_trackers(config, ["tensorboard"])
    assert kinds(config) == ["LocalVisBackend", "TensorboardVisBackend"]
    config = Config(dict(visualizer=dict(type=Visualizer, vis_backends=dict(type=LocalVisBackend))))
    with pytest.raises(ConfigError, match="vis_backends: expected a list"):
        add_trackers(config, ["tensorboard"])


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_package__that_is_not_installed_is_one_sentence(name: str) -> None:
    assert (ROOT / f"requirements/{name}.txt").is_file() and name in TRACKERS
    config = Config(dict())
    if importlib.util.find_spec(name) is None:
        with pytest.raises(ConfigError, match=rf"argus-multitask\[{name}\]"):
            add_trackers(config, [name])
    else:
        add_trackers(config, [name])
        assert TRACKERS[name].__name__ in kinds(config)


def tracked(folder: Path, backend: type) -> Path:
    """A training of four steps with two validations, written to a backend; its log."""
    visualizer = dict(type="Visualizer", vis_backends=[dict(type=backend)])
    runner = train(folder, visualizer)
    return next(Path(runner.log_dir).glob("*.log"))


@needs["mlflow"]
def test_mlflow__database_of_the_work_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    text = tracked(tmp_path, MLflowBackend).read_text()
    root = tmp_path / "work_dir"
    with sqlite3.connect(root / "mlflow.db") as database:
        rows = database.execute("select key, step, value from metrics order by step").fetchall()
        names = [name for (name,) in database.execute("select name from runs")]
    assert names == ["work_dir"]
    found = {(key, step): value for key, step, value in rows}
    lines = (root / "mlflow").rglob("config.json")
    assert json.loads(next(lines).read_text())["train_cfg"]["max_iters"] == 4
    assert {step for key, step in found if key == "loss"} == {1, 2, 3, 4}
    assert {step for key, step in found if key == "semantic/mIoU"} == {2, 4}
    pictures = sorted(path.name for path in (root / "mlflow").rglob("*.png"))
    assert pictures == ["iter_2.png", "iter_4.png"]
    assert f"mlflow ui --backend-store-uri sqlite:///{root}/mlflow.db" in text
    assert f"pictures of validations: {root}/val_pictures, from step 2 on" in text


@needs["wandb"]
def test_wandb__run_that_is_kept_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    log = tracked(tmp_path, WandbBackend)
    (kept,) = log.parent.rglob("run-*.wandb")
    content = kept.read_bytes()
    for word in (b"semantic/mIoU", b"max_iters", b"val_pictures/semantic"):
        assert word in content, word
    assert f"wandb sync {kept.parent}" in log.read_text()
