"""Tasks that are evaluated on the same pictures: one backbone pass, and the same numbers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from argus.engine import MultitaskRunner
from argus.engine.shared_evaluation import SharedMaps
from tests.engine.toy_pictures import BATCH, LENGTH, PATHS, listed
from tests.engine.toy_training import train
from tests.toy import toy_config
from tools.benchmarks import evaluation as benchmark


def evaluated(
    folder: Path, tasks: dict[str, Any], *, share_passes: bool = True
) -> tuple[dict[str, float], int]:
    """Metrics of the untrained toys, and how many images the backbone saw."""
    runner = MultitaskRunner.from_cfg(Config(toy_config(folder, tasks=tasks, train_cfg=None)))
    backbone = runner.raw_model.backbone
    forward, seen = backbone.forward, []

    def count(images: torch.Tensor) -> Any:
        seen.append(len(images))
        return forward(images)

    backbone.forward = count
    return runner.test_loop.run(share_passes=share_passes), sum(seen)


def test_tasks__on_the_same_pictures_share_passes_and_keep_their_numbers(tmp_path: Path) -> None:
    found, together = evaluated(tmp_path, listed())
    expected, apart = evaluated(tmp_path, listed(), share_passes=False)
    assert list(found.items()) == list(expected.items())
    assert len(set(found.values())) > 2
    assert (together, apart) == (LENGTH, 2 * LENGTH)


@pytest.mark.parametrize(
    "changes",
    [
        dict(batch_size=BATCH + 1),
        dict(paths=PATHS[::-1]),
        dict(paths=PATHS[:-1]),
        dict(seed=LENGTH),  # the same pictures, prepared by other means
    ],
)
def test_tasks__on_other_pictures_or_batches_have_their_own_passes(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    _, seen = evaluated(tmp_path, listed(**changes))
    assert seen == LENGTH + len(changes.get("paths", PATHS))


def test_sliding_windows__have_their_own_passes(tmp_path: Path) -> None:
    tasks = listed()
    tasks["semantic"]["decoder"]["test_cfg"] = dict(
        mode="slide", crop_size=(32, 32), stride=(16, 16)
    )
    _, seen = evaluated(tmp_path, tasks)
    assert seen == 2 * LENGTH


def test_pictures__that_differ_only_later_are_computed_for_each(
    tmp_path: Path,
) -> None:
    """The first picture is the same, so that they are together; every second one is not."""
    tasks = listed(batch_size=1, sizes=(32, 64))
    tasks["semantic"]["val"]["batch_size"] = 1
    found, seen = evaluated(tmp_path, tasks)
    assert seen == LENGTH + LENGTH // 2
    assert found == evaluated(tmp_path, tasks, share_passes=False)[0]


def test_log__says_once_which_tasks_share(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tmp_path, tasks=listed(), train_cfg=dict(max_iters=2, val_interval=1))
    line = "val: one backbone pass per batch serves semantic and classification"
    assert capsys.readouterr().out.count(line) == 1


def test_maps__are_found_by_their_images_within_a_turn() -> None:
    calls: list[torch.Tensor] = []

    def compute(images: torch.Tensor) -> list[torch.Tensor]:
        calls.append(images)
        return [images + 1]

    maps: Callable[[torch.Tensor], Any] = SharedMaps(compute)
    images = torch.arange(6.0).view(1, 1, 2, 3)
    first = maps(images)
    assert maps(images.clone()) is first
    others = [images.double(), images[..., :2], images.flatten(), images + 1e-6]
    assert [torch.equal(maps(one)[0], one + 1) for one in others] == [True] * 4
    assert len(calls) == 1 + len(others)
    maps.next_turn()
    assert maps(images) is not first


def test_benchmark__compares_times_and_numbers(tmp_path: Path) -> None:
    config = Config(toy_config(tmp_path, tasks=listed(), train_cfg=None))
    runner = MultitaskRunner.from_cfg(config)
    predict = runner.raw_model.predict

    def wrong_if_shared(task: str, batch: Any, **options: Any) -> Any:
        samples = predict(task, batch, **options)
        for sample in samples if options and task == "classification" else ():
            sample.set_pred_score(torch.tensor([0.0, 1.0, 0.0]))  # two of seven are of this class
        return samples

    runner.raw_model.predict = wrong_if_shared
    found, odd = benchmark.measure(runner, pairs=6, clock="processor")
    assert 0 < found.low <= found.ratio <= found.high
    assert len(odd) == 1 and odd[0].startswith("classification/top1 is 0.28")
