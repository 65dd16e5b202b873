"""Whoever divides the shards, the side-cars are the same to the last bit."""

from pathlib import Path
from typing import Any

import pytest

from argus.errors import CheckpointError, ConfigError
from argus.mtv.labelling.ray_workers import label_with_ray
from tests.mtv.labelling import toy
from tests.mtv.labelling.test_label import CONFIG, options, run

LAUNCHERS: dict[str, list[dict[str, str]]] = dict(
    torchrun=[dict(RANK=str(rank), WORLD_SIZE="2") for rank in range(2)],
    slurm=[
        dict(SLURM_ARRAY_TASK_ID=str(task), SLURM_ARRAY_TASK_COUNT="2", SLURM_ARRAY_TASK_MIN="1")
        for task in (1, 2)
    ],
)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards") / "images"
    toy.shards(folder, number=18, per_shard=5)
    return folder


def labelled(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_launchers__give_equal_bytes(
    images: Path, teachers: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for launcher, processes in (dict(none=[{}]) | LAUNCHERS).items():
        out = tmp_path / launcher
        for environment in processes:
            with monkeypatch.context() as patch:
                for name, value in environment.items():
                    patch.setenv(name, value)
                words = (CONFIG, images, "--out", out, "--launcher", launcher)
                assert run(patch, *words, "--cfg-options", *options(teachers)) == 0
        found[launcher] = labelled(out)
    assert len(found["none"]) == 8
    assert found["torchrun"] == found["none"] == found["slurm"]


def test_ray__is_asked_for_where_it_is_not_installed(images: Path, tmp_path: Path) -> None:
    try:
        import ray  # noqa: F401
    except ImportError:
        with pytest.raises(ConfigError, match="pip install -r requirements/ray.txt"):
            label_with_ray([], tmp_path, str(CONFIG))


def test_ray__gives_equal_bytes(
    images: Path, teachers: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray", reason="python -m pip install -r requirements/ray.txt")
    changes: Any = options(teachers)
    words = (CONFIG, images, "--out", tmp_path / "one", "--cfg-options", *changes)
    assert run(monkeypatch, *words) == 0
    ray.init(num_cpus=2, include_dashboard=False)
    try:
        shards = sorted(images.glob("*.tar"))
        found = label_with_ray(shards, tmp_path / "ray", str(CONFIG), options=changes, workers=2)
        assert found == [] and labelled(tmp_path / "ray") == labelled(tmp_path / "one")
        absent = [*changes, "labellers.0.model=absent"]
        with pytest.raises(CheckpointError, match="absent is no depth model"):
            label_with_ray(shards, tmp_path / "other", str(CONFIG), options=absent, workers=1)
    finally:
        ray.shutdown()
