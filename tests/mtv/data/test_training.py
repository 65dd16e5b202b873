"""A training on shards: from a config to steps, and from where it was stopped to the same steps."""

from pathlib import Path
from typing import Any

import pytest

from argus.engine import MultitaskRunner
from tests.mtv import tiny
from tests.mtv.data import toy


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a small tokenizer."""
    return toy.tokenizer(tmp_path_factory.mktemp("tokens"))


def images_and_losses(config: Any) -> list[tuple[Any, ...]]:
    """Pictures and losses of every step."""
    runner = MultitaskRunner.from_cfg(config)
    found: list[tuple[Any, ...]] = []
    call_hook = runner.call_hook

    def record(name: str, **kwargs: Any) -> None:
        call_hook(name, **kwargs)
        if name == "after_train_iter":
            samples = kwargs["data_batch"][0]["pairs"]["data_samples"]
            losses = {k: v.item() for k, v in kwargs["outputs"].losses.items()}
            found.append(([sample["vl"].img_path for sample in samples], losses))

    runner.call_hook = record  # type: ignore[method-assign]
    runner.train()
    return found


@pytest.fixture
def config(tmp_path: Path, tokens: str) -> Any:
    samples = [toy.sample(i) for i in range(10)]
    samples[4]["images"]["png"] = b"\x89PNG"
    root = toy.write(tmp_path / "shards", samples)
    config = tiny.tiny_config(
        tmp_path / "run",
        train_cfg=dict(max_iters=6),
        default_hooks=dict(checkpoint=dict(type="argus.CheckpointHook", interval=4)),
    )
    dataset = toy.config(root, tokens, window=2)
    dataset["pipeline"][0]["size"] = tiny.CROP
    dataset["pipeline"][1]["size"] = tiny.SIZE
    dataset["pipeline"][2] |= dict(length=tiny.LENGTH, max_regions=3)
    config.tasks.vl.train.dataset = dataset
    config.backbone.text.vocab_size = 200
    return config


def test_training__on_shards_goes_on_at_the_sample(config: Any, tmp_path: Path) -> None:
    whole = images_and_losses(config)
    paths = [path for names, _ in whole for path in names]
    assert len(paths) == 24 and len({path for path in paths[:10]}) >= 9  # an epoch of ten
    assert not any(path.endswith("s004") for path in paths)
    log = "".join(path.read_text() for path in (tmp_path / "run").rglob("*.log"))
    assert "s004" in log
    source = tmp_path / "run/iter_4.pth"
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / source.name).write_bytes(source.read_bytes())
    config.work_dir = str(tmp_path / "again")
    config.resume = True
    config.tasks.vl.train.num_workers = 2
    assert images_and_losses(config) == whole[4:]
