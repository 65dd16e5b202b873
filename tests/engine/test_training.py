"""The runner on toys: it learns, resumes exactly, validates, logs, and survives bad samples."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from argus.engine import MultitaskRunner
from argus.errors import CheckpointError, ConfigError, DataError
from tests.engine.toy_training import train
from tests.learning import expect_above
from tests.toy import classification_decoder, semantic_decoder, toy_config, toy_tasks

SCHEDULERS = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, begin=0, end=3),
    dict(type="CosineAnnealingLR", by_epoch=False, begin=3, end=8, T_max=5),
]
EMA = [dict(type="argus.EMAHook", decay=0.9)]


def load(path: Path) -> dict:
    return torch.load(path, weights_only=True)


@pytest.mark.trains
def test_training__learns_both_tasks(tmp_path: Path) -> None:
    steps = 120
    falling = dict(type="LinearLR", start_factor=1.0, end_factor=0.01, by_epoch=False, end=steps)
    _, runner = train(
        tmp_path,
        train_cfg=dict(max_iters=steps),
        optim_wrapper=dict(optimizer=dict(type="AdamW", lr=2e-2)),
        param_scheduler=falling,
        backbone=dict(type="ToyBackbone", channels=32),
        tasks=toy_tasks(
            semantic=dict(decoder=semantic_decoder(32)),
            classification=dict(decoder=classification_decoder(32)),
        ),
    )
    metrics = runner.val_loop.run()
    for name in ("classification/top1", "semantic/mIoU"):
        expect_above(f"toys: {name}", metrics[name], 0.9)


def test_resume__continues_as_if_uninterrupted(tmp_path: Path) -> None:
    options = dict(
        train_cfg=dict(max_iters=8, accumulate=2),
        param_scheduler=SCHEDULERS,
        custom_hooks=EMA,
    )
    whole, uninterrupted = train(tmp_path / "whole", **options)
    first, _ = train(tmp_path / "parts", stop_after=4, **options)
    # Other loader workers must not matter.
    options["tasks"] = toy_tasks(workers=1)
    second, runner = train(tmp_path / "parts", resume=True, **options)
    assert first + second == whole
    assert runner.iter == 8
    expected, found = load(tmp_path / "whole/iter_8.pth"), load(tmp_path / "parts/iter_8.pth")
    for part in ("state_dict", "ema"):
        assert expected[part].keys() == found[part].keys()
        for name, value in expected[part].items():
            assert torch.equal(value, found[part][name]), name
    rates = [group["lr"] for group in uninterrupted.optim_wrapper.param_groups]
    assert rates == [group["lr"] for group in runner.optim_wrapper.param_groups]


def test_resume__nothing_there_starts_from_scratch(tmp_path: Path) -> None:
    losses, _ = train(tmp_path, resume=True, train_cfg=dict(max_iters=1))
    assert len(losses) == 1


def test_resume__other_seed_is_refused(tmp_path: Path) -> None:
    train(tmp_path, stop_after=2)
    with pytest.raises(CheckpointError, match="trained with seed 0, this config has 1"):
        train(tmp_path, resume=True, randomness=dict(seed=1))


def test_checkpoint__holds_what_was_trained_and_names_the_base(tmp_path: Path) -> None:
    _, runner = train(tmp_path, stop_after=2)
    checkpoint = load(tmp_path / "iter_2.pth")
    frozen = {"backbone.stem.weight", "backbone.stem.bias"}
    assert set(checkpoint["state_dict"]) == set(runner.raw_model.state_dict()) - frozen
    assert checkpoint["base"]["name"] == "toy"
    assert checkpoint["base"]["num_tensors"] == 2
    assert checkpoint["meta"]["tasks"] == ["semantic", "classification"]


def test_checkpoint__of_another_base_is_refused(tmp_path: Path) -> None:
    train(tmp_path, stop_after=2)
    other = dict(type="ToyBackbone", frozen_seed=1)
    with pytest.raises(CheckpointError, match="trained on the frozen base toy .*SHA-256"):
        train(tmp_path / "b", backbone=other, load_from=str(tmp_path / "iter_2.pth"))


def test_frozen_base__bit_equal_after_training(tmp_path: Path) -> None:
    _, runner = train(tmp_path, stop_after=3)
    fresh = MultitaskRunner.from_cfg(Config(toy_config(tmp_path))).raw_model.backbone
    trained = runner.raw_model.backbone
    assert torch.equal(trained.stem.weight, fresh.stem.weight)
    assert not torch.equal(trained.stages[0].weight, fresh.stages[0].weight)
    in_optimizer = {id(p) for g in runner.optim_wrapper.param_groups for p in g["params"]}
    assert id(trained.stem.weight) not in in_optimizer


def test_validation__logs_json_and_prints_one_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline = {"semantic/mIoU": 0.5, "classification/top1": 0.5}
    _, runner = train(
        tmp_path,
        train_cfg=dict(max_iters=2, val_interval=1, grad_norm_interval=1),
        val_cfg=dict(baseline=baseline),
        custom_hooks=EMA,
        default_hooks=dict(
            logger=dict(type="argus.ProgressHook", interval=1),
            checkpoint=dict(
                type="argus.CheckpointHook",
                interval=1,
                save_best="multitask/mean_gain",
                rule="greater",
            ),
        ),
        visualizer=dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend")]),
    )
    console = capsys.readouterr().out
    assert "task            metric     measured  paper" in console
    assert "1/2  eta 0:" in console
    assert "Initialized by" not in console and "NormalInit" not in console
    log = next(Path(runner.log_dir).glob("vis_data/*.json"))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    steps = [line for line in lines if "lr" in line]
    assert len(steps) == 2
    for key in (
        "semantic/loss_weighted",
        "semantic/decode.loss_ce",
        "classification/adapter_grad_norm",
        "grad_norm",
        "images_per_second",
        "memory_mb",
    ):
        assert steps[0][key] > 0, key
    assert 0 < steps[1]["semantic/data_time"] < steps[1]["time"]
    assert 0 < steps[1]["semantic/data_share"] < 1
    measured = [line for line in lines if "multitask/mean_gain" in line]
    gains = [(line[name] - 0.5) / 0.5 for line in measured[:1] for name in baseline]
    assert measured[0]["multitask/mean_gain"] == pytest.approx(sum(gains) / 2)
    assert list(tmp_path.glob("best_multitask_mean_gain_iter_*.pth"))
    file_log = next(Path(runner.log_dir).glob("*.log")).read_text()
    assert "NormalInit" in file_log, "library output belongs to the log file"


def test_evaluation__weights_are_selectable(tmp_path: Path) -> None:
    _, runner = train(
        tmp_path,
        stop_after=4,
        custom_hooks=[dict(type="argus.EMAHook", decay=0.99, ramp=0)],
        optim_wrapper=dict(optimizer=dict(type="AdamW", lr=1e-2)),
    )
    path = str(tmp_path / "iter_4.pth")
    checkpoint = load(tmp_path / "iter_4.pth")
    name = "decoders.classification.head.fc.weight"
    loaded = {}
    for weights in ("raw", "ema"):
        config = toy_config(tmp_path / "test", train_cfg=None, load_from=path, eval_weights=weights)
        tester = MultitaskRunner.from_cfg(Config(config))
        tester.test()
        loaded[weights] = tester.raw_model.state_dict()[name]
    assert torch.equal(loaded["raw"], checkpoint["state_dict"][name])
    assert torch.equal(loaded["ema"], checkpoint["ema"][name])
    assert not torch.equal(loaded["raw"], loaded["ema"])
    # Training from a checkpoint starts from the published weights as well.
    starter = MultitaskRunner.from_cfg(Config(toy_config(tmp_path / "next", load_from=path)))
    starter.load_or_resume()
    assert torch.equal(starter.raw_model.state_dict()[name], checkpoint["ema"][name])


def test_bad_sample__is_replaced_counted_and_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = toy_tasks()
    tasks["classification"]["train"]["dataset"]["broken"] = (1,)
    losses, runner = train(tmp_path, tasks=tasks, train_cfg=dict(max_iters=6))
    assert len(losses) == 6
    assert runner.train_loop.dataloader.budgets["classification"].num_bad == 1
    console = capsys.readouterr().out
    assert "bad sample replaced: task 'classification': sample 1" in console
    assert "picture 1 does not decode" in console


def test_bad_sample__past_the_accepted_share_stops_the_run(tmp_path: Path) -> None:
    tasks = toy_tasks()
    tasks["classification"]["train"]["dataset"]["broken"] = tuple(range(0, 24, 2))
    with pytest.raises(DataError, match=r"task 'classification': \d+ of \d+ samples drawn"):
        train(tmp_path, tasks=tasks, train_cfg=dict(max_iters=20))


def test_bad_sample__in_validation_is_an_error_that_names_it(tmp_path: Path) -> None:
    tasks = toy_tasks()
    tasks["classification"]["val"]["dataset"]["broken"] = (4,)
    with pytest.raises(DataError, match="sample 4.*picture 4 does not decode"):
        train(tmp_path, tasks=tasks, train_cfg=dict(max_iters=1))


def test_training__loss_that_is_not_finite_stops_with_the_task(tmp_path: Path) -> None:
    tasks = toy_tasks()
    tasks["semantic"]["loss_weight"] = float("inf")
    limits = dict(max_iters=4, max_bad_steps_in_a_row=2)
    words = r"3 steps in a row .* the first was step 1 \(semantic.*tools/replay.py .*The last good"
    with pytest.raises(DataError, match=words):
        train(tmp_path, tasks=tasks, train_cfg=limits)


def test_packed_schedule__trains_as_joint_or_is_refused_before_the_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    joint, packed = (
        train(tmp_path / kind, train_cfg=dict(max_iters=2, schedule=kind))[0]
        for kind in ("joint", "packed")
    )
    for one, other in zip(joint, packed, strict=True):
        assert other == pytest.approx(one, rel=1e-5)
    monkeypatch.setattr("argus.models.stream_passes.PackingBackbone", int)  # no backbone is one
    with pytest.raises(ConfigError, match="'packed': expected a backbone that runs over"):
        train(tmp_path / "refused", train_cfg=dict(max_iters=2, schedule="packed"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(train_cfg=dict(max_iters=0)), "train_cfg.max_iters: expected an integer >= 1"),
        (dict(train_cfg=dict(max_iters=2, schedule="both")), "train_cfg.schedule: expected one of"),
        (dict(precision="fp8"), "precision: expected auto, bf16 or fp32"),
        (dict(custom_hooks=[dict(type="argus.EMAHook", decay=2.0)]), r"EMAHook.decay.*found 2\.0"),
        (
            dict(
                optim_wrapper=dict(
                    optimizer=dict(type="AdamW", lr=1e-3),
                    paramwise_cfg=dict(lr_mult={"decoders.pose.": 2.0}),
                )
            ),
            "no trainable parameter begins with",
        ),
        (dict(tasks={}), "tasks is empty or missing"),
    ],
)
def test_config__mistake_says_what_and_where(tmp_path: Path, changes: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        train(tmp_path, **changes)


def test_config__nothing_to_train_or_test_is_an_error(tmp_path: Path) -> None:
    tasks = toy_tasks()
    for task in tasks.values():
        del task["train"], task["val"]
    runner = MultitaskRunner.from_cfg(Config(toy_config(tmp_path, tasks=tasks)))
    with pytest.raises(ConfigError, match="nothing to train"):
        runner.train()
    with pytest.raises(ConfigError, match="nothing to test"):
        runner.test()


def test_config__no_samples_is_an_error(tmp_path: Path) -> None:
    tasks = toy_tasks()
    tasks["semantic"]["train"]["dataset"]["length"] = 0
    with pytest.raises(DataError, match=r"tasks.semantic.train.dataset.*no samples"):
        train(tmp_path, tasks=tasks)


def test_runs__of_one_process_have_logs_of_their_own(tmp_path: Path) -> None:
    """Also when they begin within one second, which is how fine mmengine names them."""
    runners = [
        MultitaskRunner.from_cfg(Config(toy_config(tmp_path / name)))
        for name in ("first", "second")
    ]
    assert runners[0].experiment_name != runners[1].experiment_name
    assert runners[0].message_hub is not runners[1].message_hub
    for runner, name in zip(runners, ("first", "second"), strict=True):
        runner.logger.error(f"from the {name}")
        log = next(Path(runner.log_dir).glob("*.log")).read_text()
        assert str(tmp_path / name) in runner.log_dir and f"from the {name}" in log
        assert log.count("from the") == 1
