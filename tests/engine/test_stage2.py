"""Decoders on the frozen backbone of stage 1, through the runner."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from argus.engine import MultitaskRunner
from argus.engine.checkpoints.model_state import trained_state
from argus.errors import CheckpointError, ConfigError
from argus.storage.checkpoint import read_checkpoint, write_checkpoint
from tests.toy import toy_config, toy_tasks


def config_of(work_dir: Path, **changes):
    return Config(toy_config(work_dir, **changes))


def train(work_dir: Path, **changes) -> MultitaskRunner:
    runner = MultitaskRunner.from_cfg(config_of(work_dir, **changes))
    runner.train()
    runner.close()
    return runner


@pytest.fixture(scope="module")
def stage1(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("stage1")
    ema = [dict(type="argus.EMAHook", decay=0.5)]
    train(folder, train_cfg=dict(max_iters=2), custom_hooks=ema)
    return str(folder / "iter_2.pth")


def stage2(checkpoint: str, **changes) -> dict:
    backbone = dict(
        type="argus.trained_backbone",
        backbone=dict(type="ToyBackbone"),
        checkpoint=checkpoint,
        **changes,
    )
    return dict(backbone=backbone, tasks=dict(parts=toy_tasks()["semantic"]))


def test_stage2__trains_the_decoder_alone(stage1: str, tmp_path: Path) -> None:
    runner = train(tmp_path, **stage2(stage1))
    content = read_checkpoint(stage1)
    averaged = content["state_dict"] | content["ema"]
    backbone = runner.raw_model.backbone.state_dict()
    for name, value in backbone.items():
        if f"backbone.{name}" in averaged:
            assert torch.equal(value, averaged[f"backbone.{name}"]), name
    own = read_checkpoint(tmp_path / "iter_4.pth")
    assert own["state_dict"] and all(n.startswith("decoders.parts.") for n in own["state_dict"])
    assert own["base"]["num_tensors"] == len(backbone)
    trained = sum(len(group["params"]) for group in runner.optim_wrapper.optimizer.param_groups)
    assert trained == len(list(runner.raw_model.decoders.parameters()))


def test_stage2__tested_on_the_same_base_alone(stage1: str, tmp_path: Path) -> None:
    train(tmp_path / "a", **stage2(stage1))
    checkpoint = str(tmp_path / "a" / "iter_4.pth")
    again = MultitaskRunner.from_cfg(config_of(tmp_path / "b", **stage2(stage1)))
    again.load_checkpoint(checkpoint)
    for changes in (dict(weights="raw"), dict(checkpoint="random")):
        config = stage2(stage1)
        config["backbone"] |= changes
        other = MultitaskRunner.from_cfg(config_of(tmp_path / "c", **config))
        with pytest.raises(CheckpointError, match="frozen base toy.*backbone.checkpoint"):
            other.load_checkpoint(checkpoint)


def test_stage2__tuned_adapter_is_saved_with_the_decoder(stage1: str, tmp_path: Path) -> None:
    train(tmp_path, **stage2(stage1, freeze=False))
    state = read_checkpoint(tmp_path / "iter_4.pth")["state_dict"]
    assert "backbone.stages.0.weight" in state and "backbone.stem.weight" not in state
    before = read_checkpoint(stage1)["ema"]["backbone.stages.0.weight"]
    assert not torch.equal(state["backbone.stages.0.weight"], before)


@pytest.mark.parametrize("schedule", ["joint", "sequential"])
def test_stage2__decoders_together_train_as_each_alone(
    stage1: str, tmp_path: Path, schedule: str
) -> None:
    """One stream for two decoders: a backbone pass serves both, and neither sees the other."""
    changes = dict(
        train_cfg=dict(max_iters=4, schedule=schedule),
        optim_wrapper=dict(
            optimizer=dict(type="AdamW", lr=1e-2),
            clip_grad=dict(max_norm=0.01),
            clip_each_part=True,
        ),
    )
    names = ("semantic", "classification")
    start = MultitaskRunner.from_cfg(
        config_of(tmp_path, **stage2(stage1) | dict(tasks=toy_tasks()), **changes)
    )
    state = trained_state(start.raw_model)
    write_checkpoint(tmp_path / "start.pth", dict(base=start.base, state_dict=state))
    changes["load_from"] = str(tmp_path / "start.pth")
    runners = {}
    for part in (names, *((name,) for name in names)):
        source = dict(dataset=dict(type="ToyStill", tasks=part), batch_size=4, num_workers=0)
        config = stage2(stage1)
        config["tasks"] = {
            name: toy_tasks()[name]
            | dict(stream="both", train=source if name == part[-1] else None)
            for name in part
        }
        runners[part] = train(tmp_path / "_".join(part), **config, **changes)
    for name in names:
        together = runners[names].raw_model.decoders[name].state_dict()
        for key, value in runners[(name,)].raw_model.decoders[name].state_dict().items():
            torch.testing.assert_close(value, together[key], rtol=1e-5, atol=1e-7)


def test_feature_cache__same_losses_and_fewer_passes(stage1: str, tmp_path: Path) -> None:
    plain = stage2(stage1)
    # Without noise: every epoch shows the same pixels.
    plain["tasks"]["parts"]["train"]["dataset"] = dict(type="ToyStill", length=8)
    cached = dict(feature_cache=dict(path=str(tmp_path / "cache")))
    one = train(tmp_path / "a", **plain)
    two = train(tmp_path / "b", **plain, **cached)
    cache = two.raw_model.backbone.cache
    # 4 steps of 4 images over 8 pictures, and 9 pictures of validation.
    assert (cache.hits, cache.misses) == (8, 8 + 9)
    for name, value in one.raw_model.state_dict().items():
        assert torch.allclose(two.raw_model.state_dict()[name], value, atol=1e-6), name


def test_feature_cache__wrong_settings_are_explained(stage1: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected dict\\(path="):
        train(tmp_path, **stage2(stage1), feature_cache=dict(folder="x"))
