"""Two processes do what one would: gradients, evaluation, resume, and the launch scripts."""

import json
from pathlib import Path

import pytest
import torch

from argus.engine.gradient_schedule import SCHEDULES
from tests.engine.balanced_trainings import BALANCED, STEPS
from tests.engine.test_gradient_schedule import gradients, max_relative_difference, toy_model
from tests.engine.toy_detection import detection_model
from tests.engine.two_processes import (
    LABELLED,
    TOGETHER,
    UNLABELLED,
    WHOLE,
    checkpoint_of,
    detection_gradients,
    evaluate,
    evaluate_shared,
    own_batches,
    run_two_processes,
    shared_batch,
    train,
    train_by_command,
    with_bad_samples,
    with_batch_size,
)
from tests.evaluation.metrics.all_metrics import measure
from tests.tools.test_start import start
from tests.toy import toy_tasks, write_config

ROOT = Path(__file__).parents[2]
# float32 sums in another order: the halves are summed first.
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the two processes wrote."""
    return tmp_path_factory.mktemp("pair")


@pytest.fixture(scope="module")
def pair(folder: Path) -> list[dict]:
    """Results of all scenarios, by rank."""
    return run_two_processes(folder)


def without_wrapper(found: dict) -> dict:
    """Parameter names as in the bare model."""
    return {name.removeprefix("module."): value for name, value in found.items()}


def test_census__is_the_first_processes_and_ends_all(pair: list[dict]) -> None:
    assert [part["census"]["counted"] for part in pair] == [6, 0]
    first, second = (part["census"]["messages"] for part in pair)
    assert first == second and len(first) == 1 and first[0].startswith("void: ")


def test_first_process__its_result_and_its_failure_reach_all(pair: list[dict]) -> None:
    assert [part["first"]["rank"] for part in pair] == [7, 7]
    texts = [part["first"]["text"] for part in pair]
    assert texts == ["KeyError: 'nowhere'", "RuntimeError: process 0 failed: KeyError: 'nowhere'"]


@pytest.mark.parametrize("kind", SCHEDULES)
@pytest.mark.parametrize("accumulate", [1, 2])
def test_gradients__two_halves_are_one_whole(pair: list[dict], kind: str, accumulate: int) -> None:
    batches = [own_batches(indices) for indices in WHOLE[accumulate]]
    whole = gradients(toy_model(), batches, kind)
    for rank in range(2):
        found = without_wrapper(pair[rank]["gradients"][kind, accumulate])
        assert max_relative_difference(found, whole) < TOLERANCE


@pytest.mark.parametrize("kind", SCHEDULES)
@pytest.mark.parametrize("accumulate", [1, 2])
def test_gradients__each_is_reduced_once_beside_the_last_backward_pass(
    pair: list[dict], kind: str, accumulate: int
) -> None:
    for rank in range(2):
        events = pair[rank]["reductions"][kind, accumulate]
        trained = [name for name, p in toy_model().named_parameters() if p.requires_grad]
        assert sorted(set(events) - {"end", "all-reduce"}) == sorted(trained)
        passes = accumulate * (2 if kind == "sequential" else 1)
        counts = [events.count("end"), events.count("all-reduce")]
        assert counts == [passes, len(trained)] and sum(counts) + len(trained) == len(events)
        assert events[: passes - 1] == ["end"] * (passes - 1), "only the last pass sends any"
        last = len(events) - events[::-1].index("end")
        decoders = {name for name in trained if name.startswith("decoders.")}
        assert decoders <= {*events[:last]}, "they are under way before the backbone's are there"
    joint, found = (pair[0]["gradients"][name, accumulate] for name in ("joint", kind))
    assert max_relative_difference(found, joint) < 1e-6


@pytest.mark.parametrize("kind", SCHEDULES)
def test_gradients__are_the_same_bits_in_both_processes(pair: list[dict], kind: str) -> None:
    first, second = (pair[rank]["gradients"][kind, 2] for rank in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_missing_labels__count_as_zero_gradient(pair: list[dict], kind: str) -> None:
    halves = [
        gradients(toy_model(TOGETHER), [shared_batch(i)], kind) for i in (LABELLED, UNLABELLED)
    ]
    expected = {name: (value + halves[1].get(name, 0)) / 2 for name, value in halves[0].items()}
    for rank in range(2):
        found = without_wrapper(pair[rank]["missing_labels"][kind])
        assert max_relative_difference(found, expected) < TOLERANCE
    head = "decoders.semantic.decode_head.conv_seg.weight"
    torch.testing.assert_close(found[head], halves[0][head] / 2)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_missing_labels__in_no_process_leave_zeros(pair: list[dict], kind: str) -> None:
    found = without_wrapper(pair[0]["missing_labels"][kind, "nowhere"])
    for name, parameter in toy_model(TOGETHER).named_parameters():
        if name.startswith("decoders.semantic."):
            assert parameter.requires_grad and not found[name].any(), name
    assert found["decoders.classification.head.fc.weight"].any()


@pytest.mark.parametrize("kind", ["joint", "sequential"])
def test_mask_dino__one_process_without_its_labels(pair: list[dict], kind: str) -> None:
    # The loss is divided by the mean number of instances, so that the halves give the whole.
    whole = detection_gradients(detection_model(), LABELLED + UNLABELLED, kind)
    for rank in range(2):
        found = without_wrapper(pair[rank]["mask_dino"][kind])
        assert max_relative_difference(found, whole) < TOLERANCE


@pytest.mark.parametrize("kind", ["joint", "sequential"])
def test_mask_dino__training_with_labels_missing_on_one_process(
    pair: list[dict], kind: str
) -> None:
    first, second = (pair[rank]["mask_dino"][kind, "training"] for rank in range(2))
    missing = [[step["instance"] == 0 for step in part["losses"]] for part in (first, second)]
    assert any(a != b for a, b in zip(*missing, strict=True)), "one has labels, the other has none"
    for name, value in first["weights"].items():
        assert torch.equal(value, second["weights"][name]), name


def test_bad_samples__are_counted_over_all_processes(pair: list[dict], tmp_path: Path) -> None:
    _, alone = train(tmp_path, **with_bad_samples(4))
    expected = alone.train_loop.dataloader.state_dict()
    assert expected["classification"]["num_bad"] > 6
    saved = torch.load(tmp_path / "iter_4.pth", weights_only=True)["training"]["bad_samples"]
    for rank in range(2):
        found = pair[rank]["bad_samples"]
        assert found["whole"] == found["resumed"] == expected
        assert found["saved"] == saved


def test_stop_request__of_one_process_stops_both_after_the_same_step(pair: list[dict]) -> None:
    for rank in range(2):
        found = pair[rank]["stopped"]
        assert len(found["first"]) == 3
        assert found["first"] + found["second"] == pair[rank]["resume"]["whole"]
    assert "iter_3.pth" in pair[0]["stopped"]["saved"]


def test_stop_request__of_one_process_ends_the_validation_of_both_at_the_same_batch(
    pair: list[dict],
) -> None:
    first, second = (pair[rank]["stopped_in_validation"] for rank in range(2))
    assert first == second
    assert first["step"] == 1 and 0 < len(first["batches"]) <= 22, "of a hundred"


def test_bad_step__of_one_process_is_taken_by_none(pair: list[dict]) -> None:
    first, second = (pair[rank]["bad_step"] for rank in range(2))
    # Those of the three steps that were taken.
    assert len(first["losses"]) == len(second["losses"]) == 3
    assert all(torch.equal(first["weights"][n], second["weights"][n]) for n in first["weights"])
    # The process with the fault is the one whose batch is named, and all say the same.
    assert first["message"] == second["message"]
    assert "the first was step 2 (semantic, gradient norm)" in first["message"]
    assert "bad_steps/step_000002_rank1.json" in first["message"]


def test_frozen_backbone__trains_the_decoders_alone(pair: list[dict]) -> None:
    whole = gradients(toy_model(), [own_batches(WHOLE[1][0])], "joint")
    found = without_wrapper(pair[1]["frozen_backbone"])
    expected = {name: value for name, value in whole.items() if name.startswith("decoders.")}
    assert max_relative_difference(found, expected) < TOLERANCE


def test_mean_over_ranks__of_the_processes_that_have_a_value(pair: list[dict]) -> None:
    for rank in range(2):
        assert pair[rank]["means"] == {"everywhere": 0.5, "only_0": 5.0, "only_1": 5.0}


@pytest.mark.parametrize("length", [9, 1], ids=["not_divisible", "fewer_than_processes"])
def test_evaluation__equals_that_of_one_process(
    pair: list[dict], tmp_path: Path, length: int
) -> None:
    alone = evaluate(tmp_path, length=length)
    assert set(alone) >= {"semantic/mIoU", "classification/top1"}
    for rank in range(2):
        assert {k: str(v) for k, v in pair[rank]["evaluation"][length].items()} == {
            k: str(v) for k, v in alone.items()
        }


def test_evaluation__with_shared_passes_equals_that_of_one_process(
    pair: list[dict], tmp_path: Path
) -> None:
    alone = evaluate_shared(tmp_path)
    assert set(alone) >= {"semantic/mIoU", "classification/top1"}
    assert [part["shared_evaluation"] for part in pair] == [alone] * 2


def test_metrics__equal_those_of_one_process(pair: list[dict]) -> None:
    alone = measure()
    assert len(alone) == 7
    for rank in range(2):
        for metric, values in alone.items():
            found = pair[rank]["metrics"][metric]
            assert found.keys() == values.keys()
            # Sums in another order.
            assert found == pytest.approx(values, rel=1e-12, nan_ok=True), metric


def test_resume__two_processes_go_on_with_the_same_losses(pair: list[dict]) -> None:
    for rank in range(2):
        assert pair[rank]["resume"]["parts"] == pair[rank]["resume"]["whole"]
    assert pair[0]["resume"]["whole"] != pair[1]["resume"]["whole"], "each has its own samples"


def test_training__two_processes_follow_one_with_the_whole_batch(
    pair: list[dict], tmp_path: Path
) -> None:
    alone, _ = train(tmp_path, tasks=with_batch_size(4), train_cfg=dict(max_iters=4))
    halves = zip(*(pair[rank]["whole_training"] for rank in range(2)), strict=True)
    for whole, (first, second) in zip(alone, halves, strict=True):
        mean = {name: (first[name] + second[name]) / 2 for name in first}
        assert mean == pytest.approx(whole, rel=1e-4)


@pytest.mark.parametrize("name", BALANCED)
def test_balancing__two_processes_weigh_alike_follow_one_and_resume(
    pair: list[dict], tmp_path: Path, name: str
) -> None:
    first, second = (found["balancing"][name] for found in pair)
    assert first["losses"] == first["parts"] and second["losses"] == second["parts"]
    assert first["factors"] == second["factors"] and len(first["factors"]) == STEPS
    (state,) = {*first["states"], *second["states"]}
    assert bool(state) == ("balancing" in BALANCED[name])
    for parameter, value in first["weights"].items():
        for other in (second["weights"], first["resumed_weights"], second["resumed_weights"]):
            assert torch.equal(value, other[parameter]), parameter
    options = {**BALANCED[name], "tasks": with_batch_size(4)}
    losses, runner = train(tmp_path, **options)
    assert [set(step) for step in losses] == [set(step) for step in first["losses"]]
    for one, two in zip(runner.train_loop.noted, first["factors"], strict=True):
        assert two == pytest.approx(one, rel=1e-2)
    if state:
        assert len({*map(str, first["factors"])}) > STEPS / 4, "the balancer did next to nothing"
    for parameter, value in runner.raw_model.named_parameters():
        torch.testing.assert_close(first["weights"][parameter], value.detach(), rtol=0, atol=2e-4)


@pytest.mark.parametrize("schedule", ["joint", "sequential"])
def test_shared_stream__labels_missing_on_one_process_train_on(
    pair: list[dict], schedule: str
) -> None:
    first, second = (pair[rank]["shared_stream"][schedule] for rank in range(2))
    missing = [
        losses["semantic"] == 0
        for rank in pair
        for losses in rank["shared_stream"][schedule]["losses"]
    ]
    assert any(missing) and not all(missing)
    for name, value in first["weights"].items():
        assert torch.equal(value, second["weights"][name]), name


def test_console__only_rank_0_prints(pair: list[dict]) -> None:
    first, second = (pair[rank]["shared_stream"]["joint"]["console"] for rank in range(2))
    assert "8/8  eta" in first
    assert second == ""


@pytest.mark.parametrize("schedule", ["joint", "sequential"])
def test_only_evaluated__task_does_not_stop_training(pair: list[dict], schedule: str) -> None:
    for rank in range(2):
        losses = pair[rank]["only_evaluated"][schedule]
        assert [set(step) for step in losses] == [{"semantic"}] * 2


def test_buffers__of_trained_modules_are_averaged(pair: list[dict]) -> None:
    for rank in range(2):
        found = pair[rank]["buffers"]
        assert found["0.running_mean"].tolist() == [0.5, 0.5]
        assert found["1.running_mean"].tolist() == [rank, rank], "frozen"
        assert found["0.num_batches_tracked"] == 0


def test_command__tests_in_two_processes_and_writes_the_numbers(
    pair: list[dict], folder: Path
) -> None:
    results = json.loads((folder / "tested/results.json").read_text())
    assert results == evaluate(folder / "alone", length=9, load_from=checkpoint_of(folder))


def test_launch_scripts__unexpected_exception_shows_its_traceback_alone_then_resume(
    tmp_path: Path,
) -> None:
    """Rank 0, which waits for the one that fails, and the loader processes say nothing.

    The script is called from another folder, and Argus is not installed.
    """
    failing = write_config(
        tmp_path / "failing.py",
        tasks=toy_tasks(workers=1),
        custom_imports=dict(imports=["tests.toy", "tests.engine.failing"]),
        custom_hooks=[dict(type="FailingHook", ranks=[1])],
    )
    command = (ROOT / "tools/dist_train.sh", failing.name, 2, "--work-dir", "out")
    done = start(tmp_path, *command, timeout=300)
    assert done.returncode == 1
    assert done.stderr.count("Traceback (most recent call last)") == 1
    assert "[rank 1] Traceback" in done.stderr and "KeyError: 'a defect'" in done.stderr
    assert "exitcode  : 1 " in done.stderr, "the launcher's summary stays"
    assert "exitcode  : -6" not in done.stderr
    assert "2/4  eta" in done.stdout and "OneDL" not in done.stdout + done.stderr

    mended = write_config(tmp_path / "toy.py")
    # The command lines of the script: tests/tools/test_dist_scripts.py.
    first, second = train_by_command(tmp_path, mended, "--work-dir", tmp_path / "out", "--resume")
    assert first.count("resumed") == 1 and "3/4  eta" in first
    assert "2/4  eta" not in first and second == ""
    assert (tmp_path / "out/last_checkpoint").read_text().endswith("iter_4.pth")
