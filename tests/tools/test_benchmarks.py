"""The benchmarks at toy size: every section runs, and what fails is reported."""

import json
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from scipy.stats import binom

from argus.models.multitask import MultitaskModel
from tools.benchmarks import attention, deform_attention, operations, run, synthetic, timing
from tools.benchmarks.configs import build_model, stage1_config
from tools.benchmarks.report import (
    Case,
    Result,
    Settings,
    as_dict,
    relative_error,
    to_markdown,
)

DOCS = Path(__file__).parents[2] / "docs/benchmarks.md"
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def quick_run(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Exit status, report and page of a quick run of everything."""
    out = tmp_path_factory.mktemp("benchmarks")
    status = run.main(["--quick", "--device", "cpu", "--out", str(out)])
    return SimpleNamespace(
        status=status,
        report=json.loads((out / "benchmarks.json").read_text()),
        page=(out / "benchmarks.md").read_text(),
    )


def broken(settings: Settings) -> Iterator[Case]:
    """A case out of its limit, one that raises, one that is well, and then the section breaks."""
    out_of_limit = Result()
    out_of_limit.check("error", 0.5, 1e-3)
    yield Case("inexact", lambda: out_of_limit)
    yield Case("raises", partial(int, "no number"))
    yield Case("well", partial(Result, {"forward_ms": 1.0}))
    raise RuntimeError("out of cases")


def test_quick_run__passes(quick_run: SimpleNamespace) -> None:
    assert quick_run.status == 0, quick_run.page
    assert quick_run.report["ok"]


def test_quick_run__no_section_takes_most_of_the_time(quick_run: SimpleNamespace) -> None:
    # One without a quick form takes minutes. Shares: processors differ, and may have other work.
    seconds = {name: of["seconds"] for name, of in quick_run.report["sections"].items()}
    assert max(seconds.values()) < 0.5 * sum(seconds.values()), seconds


def test_quick_run__has_all_sections_with_numbers(quick_run: SimpleNamespace) -> None:
    sections = quick_run.report["sections"]
    assert list(sections) == list(run.SECTIONS)
    for name, section in sections.items():
        assert section["failures"] == []
        rows = [row for row in section["rows"].values() if not row["note"]]
        assert rows, name
        assert all(value is not None for row in rows for value in row["values"].values())
        assert all(row["values"] for row in rows)


def test_quick_run__checks_something_in_every_section_but_seven(quick_run: SimpleNamespace) -> None:
    checked = {
        name
        for name, section in quick_run.report["sections"].items()
        for row in section["rows"].values()
        for column, limit in row["limits"].items()
        if row["values"][column] <= limit
    }
    measured = {
        "decoders",
        "step_guard",
        "waits",
        "precision",
        "loading",
        "pipelines",
        "operations",
    }
    assert checked == set(run.SECTIONS) - measured


def test_waits__one_for_the_matching_and_one_for_the_look(quick_run: SimpleNamespace) -> None:
    rows = quick_run.report["sections"]["waits"]["rows"]
    ours = {case: row["values"]["ours"] for case, row in rows.items()}
    assert {case for case, count in ours.items() if count} == {
        "instance alone",
        "norm, look and update",
    }
    assert set(ours.values()) == {0, 1}


def test_operations__are_two_for_a_product_and_its_sum() -> None:
    query = torch.randn(2, 3, 5, 8, requires_grad=True)  # pictures, heads, tokens, channels
    weight, kernel = torch.randn(7, 8), torch.randn(4, 3, 3, 3)
    with operations.counter() as counter:
        attended = torch.nn.functional.scaled_dot_product_attention(query, query, query)
        torch.nn.functional.linear(attended, weight)
        torch.nn.functional.conv2d(torch.randn(1, 3, 6, 6), kernel)
    scores, products = 2 * 3 * 5 * 5 * 8, 2 * 3 * 5 * 7 * 8
    assert counter.get_total_flops() == 2 * (2 * scores + products + 4 * 4 * 4 * 27)
    with operations.counter() as counter:
        attended.sum().backward()
    # Scores once more, then the gradients of values, weights, queries and keys.
    assert counter.get_total_flops() == 2 * 5 * scores


def test_quick_run__names_device_and_backends(quick_run: SimpleNamespace) -> None:
    line = quick_run.report["environment_line"]
    assert "CPU" in line and f"torch {torch.__version__}" in line
    assert "attention: sdpa" in line and "deformable attention: torch" in line
    assert line in quick_run.page


def test_page__has_a_row_per_case(quick_run: SimpleNamespace) -> None:
    for name, section in quick_run.report["sections"].items():
        table = quick_run.page.split(f"## {name}\n")[1].split("\n## ")[0]
        rows = [line for line in table.splitlines() if line.startswith("| ")][2:]
        assert [row.split("|")[1].strip() for row in rows] == list(section["rows"])
        assert len({len(row) for row in rows}) == 1


def section_of(page: str, name: str) -> str:
    """What the page says of a section."""
    return re.split(r"\n##+ ", page.split(f"### `{name}`\n")[1])[0]


def test_docs__explain_every_section_and_column(quick_run: SimpleNamespace) -> None:
    page = DOCS.read_text()
    for name, section in quick_run.report["sections"].items():
        explained = section_of(page, name)
        columns = {column for row in section["rows"].values() for column in row["values"]}
        missing = {c for c in columns if f"`{c}`" not in explained}
        assert not missing, name


def test_docs__state_the_limits_that_are_checked(quick_run: SimpleNamespace) -> None:
    page = DOCS.read_text()
    for name, section in quick_run.report["sections"].items():
        explained = section_of(page, name)
        stated = {float(number) for number in re.findall(r"\b\de-\d\b", explained)}
        checked = {limit for row in section["rows"].values() for limit in row["limits"].values()}
        assert stated == checked, name


def test_failures__are_reported_and_do_not_stop_the_rest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(attention, "cases", broken)
    monkeypatch.setattr(
        deform_attention, "cases", lambda settings: [Case("fine", partial(Result, {"x_ms": 2.0}))]
    )
    arguments = ["--quick", "--device", "cpu", "--out", str(tmp_path)]
    status = run.main([*arguments, "--only", "attention", "deform_attention"])
    report = json.loads((tmp_path / "benchmarks.json").read_text())
    failed, well = report["sections"]["attention"], report["sections"]["deform_attention"]

    assert status == 1
    assert not report["ok"]
    assert list(failed["rows"]) == ["inexact", "raises", "well"]
    assert [bool(row["errors"]) for row in failed["rows"].values()] == [True, True, False]
    assert failed["failures"][0] == "inexact: error is 5.00e-01, expected at most 1e-03"
    assert failed["failures"][1].startswith("raises: ValueError: invalid literal")
    assert failed["failures"][2] == "RuntimeError: out of cases"
    assert well["failures"] == [] and well["rows"]["fine"]["values"] == {"x_ms": 2.0}
    printed = capsys.readouterr().out
    assert printed.count("FAILED") == 5  # three texts, two rows
    assert "3 failures." in printed


@pytest.mark.parametrize(
    ("module", "function"),
    [(attention, "scaled_dot_product"), (deform_attention, "ms_deform_attn")],
)
def test_checks__notice_an_operator_that_is_off_by_a_twentieth(
    module: ModuleType, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct = getattr(module, function)
    monkeypatch.setattr(module, function, lambda *args, **kwargs: 1.05 * correct(*args, **kwargs))
    for case in module.cases(Settings(CPU, quick=True)):
        result = case.run()
        assert result.note or result.errors, case.name


def test_only__runs_what_it_names(tmp_path: Path) -> None:
    out = ["--out", str(tmp_path)]
    assert run.main(["--quick", "--device", "cpu", "--only", "attention", *out]) == 0
    assert list(json.loads((tmp_path / "benchmarks.json").read_text())["sections"]) == ["attention"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "atention", "--quick"], "invalid choice: 'atention'"),
        (["--device", "cpu"], "Use --quick"),
    ],
)
def test_arguments__that_cannot_work_are_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run.parse_args(arguments)
    assert message in capsys.readouterr().err


def test_check__takes_no_nan() -> None:
    result = Result()
    result.check("error", float("nan"), 1.0)
    assert len(result.errors) == 1


def test_relative_error__is_over_the_largest_value() -> None:
    assert relative_error(torch.tensor([1.0, -4.5]), torch.tensor([1.0, -5.0])) == pytest.approx(
        0.1
    )


def test_infinity__is_shown_and_written_as_json() -> None:
    result = Result()
    result.check("error", float("inf"), 1e-3)
    section = dict(rows={"bad": as_dict(result)}, failures=["bad"])
    report = dict(environment_line="here", quick=False, sections={"one": section})
    assert "nan (max 1e-03)" in to_markdown(report)
    assert "Infinity" not in json.dumps(report)


def test_measure__gives_the_median_of_the_runs_after_warm_up() -> None:
    pauses = iter([0.2, 0.01, 0.02, 0.15])  # a slow first run, and an outlier
    found = timing.measure(lambda: time.sleep(next(pauses)), CPU, repeats=3, warmup=1)
    assert 20 <= found.milliseconds < 150
    assert next(pauses, None) is None
    assert found.peak_gb == {} and found.added_mb == {}


def test_measure__waits_for_the_gpu_before_it_reads_the_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[str] = []

    class FakeEvent:
        def __init__(self, enable_timing: bool) -> None:
            assert enable_timing

        def record(self) -> None:
            calls.append("record")

        def elapsed_time(self, end: "FakeEvent") -> float:
            calls.append("read")
            return 3.0

    answers = dict(memory_allocated=100, max_memory_allocated=400, reset_peak_memory_stats=None)
    answers |= dict(synchronize=None)

    def fake(name: str, answer: int | None) -> None:
        monkeypatch.setattr(torch.cuda, name, lambda device: (calls.append(name), answer)[1])

    for name, answer in answers.items():
        fake(name, answer)
    monkeypatch.setattr(torch.cuda, "Event", FakeEvent)
    work = partial(calls.append, "work")
    found = timing.measure(work, torch.device("cuda", 0), repeats=2, warmup=1)
    before = ["work", "synchronize", "memory_allocated", "reset_peak_memory_stats"]
    runs = ["record", "work", "record"] * 2
    assert calls == [*before, *runs, "synchronize", "read", "read", "max_memory_allocated"]
    assert found == timing.Timing(3.0, peak_bytes=400, held_bytes=100)


def test_compare__takes_turns_and_gives_the_median_of_the_ratios(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[str] = []
    # By turn: the warm-up, then pairs in which the machine is slower and slower.
    turns = iter(
        [90.0, 90.0, *(3.0, 2.0), *(4.0, 6.0), *(12.0, 8.0), *(64.0, 80.0), *(99.0, 9.0)]
        + [20.0, 28.0]
    )

    def timed(work: Callable[[], None], clock: Callable[[], float]) -> float:
        work()
        return next(turns)

    monkeypatch.setattr(timing, "_host_milliseconds", timed)
    first, second = partial(calls.append, "first"), partial(calls.append, "second")
    found = timing.compare(first, second, CPU, pairs=6, runs=1)
    pair = ["first", "second"]
    assert calls == pair + (pair + pair[::-1]) * 3
    # First over second: 3 / 2, 6 / 4, 12 / 8, 80 / 64, 99 / 9, 28 / 20.
    assert found.ratio == 1.5 and (found.low, found.high) == (1.25, 11.0)
    assert (found.first_ms, found.second_ms) == (20.0, 8.5)


@pytest.mark.parametrize("number", [6, 7, 20, 30, 101])
def test_interval__misses_the_median_in_at_most_a_twentieth(number: int) -> None:
    outside = timing._num_outside(number)
    assert 2 * binom.cdf(outside, number, 0.5) <= 0.05 < 2 * binom.cdf(outside + 1, number, 0.5)


def test_compare__finds_three_percent_under_noise_that_is_larger() -> None:
    """A machine that others use: every pair is slowed by up to twice, every turn by a twentieth."""
    rng = np.random.default_rng(0)
    clock, calls = [0.0], []
    slow = [1.0]

    def work(cost: float) -> None:
        if len(calls) % 2 == 0:
            slow[0] = rng.uniform(1, 2)
        calls.append(cost)
        clock[0] += slow[0] * cost * rng.normal(1, 0.05)

    guarded, plain = partial(work, 1.03), partial(work, 1.0)
    compare = partial(timing.compare, device=CPU, pairs=400, runs=1, clock=lambda: clock[0])
    found = compare(guarded, plain)
    assert 1.0 < found.low < 1.03 < found.high < 1.06
    same = compare(plain, plain)
    assert same.low < 1.0 < same.high


def test_timing__converts_bytes() -> None:
    found = timing.Timing(1.0, peak_bytes=3_000_000_000, held_bytes=1_000_000_000)
    assert found.peak_gb == {"peak_gb": 3.0}
    assert found.added_mb == {"added_mb": 2000.0}


def test_deform_attention__locations_keep_off_the_borders_of_cells() -> None:
    settings = Settings(CPU, quick=True)
    levels = [(8, 8), (4, 4), (2, 2)]
    shape = deform_attention.shapes(quick=True)[0]
    (_, locations, weights), _ = deform_attention._inputs(settings, shape, levels, torch.float32)
    sizes = torch.tensor([[w, h] for h, w in levels])[:, None]
    cells = locations.detach() * sizes - 0.5
    distance = (cells - cells.round()).abs()
    assert distance.min() > 0.9 * deform_attention.MARGIN
    assert cells.min() < 0 and (cells < sizes).all()
    assert torch.allclose(weights.sum((-1, -2)), torch.ones(()))


def test_deform_attention__shapes_are_those_of_the_backbone() -> None:
    injector, extractor = deform_attention.shapes(quick=False)[:2]
    queries = sum((injector.size // stride) ** 2 for stride in injector.query_strides)
    assert (injector.name, queries) == ("injector 1024", 4096)
    queries = sum((extractor.size // stride) ** 2 for stride in extractor.query_strides)
    assert (extractor.name, queries) == ("extractor 1024", 21_504)


@pytest.fixture(scope="module")
def toy() -> tuple[ConfigDict, MultitaskModel]:
    config = stage1_config(quick=True)
    return config, build_model(config, CPU)


def test_config__is_the_full_one_with_random_weights() -> None:
    config = stage1_config(quick=False)
    assert config.backbone.vit.weights == "random"
    assert config.backbone.vit.arch == "base" and config.backbone.freeze_vit
    assert config.train_cfg.max_iters == 300_000
    assert set(config.tasks) == {"instance", "keypoints", "semantic", "classification"}


def test_batches__give_every_task_a_loss(toy: tuple[ConfigDict, MultitaskModel]) -> None:
    config, model = toy
    batches = synthetic.batches(config, model, quick=True)
    losses, _ = model(batches, seeds=dict.fromkeys(batches, 0))
    assert set(losses) == set(config.tasks)
    assert all(0 < loss < float("inf") for loss in losses.values())


def test_batches__boxes_are_those_of_the_masks(toy: tuple[ConfigDict, MultitaskModel]) -> None:
    config, model = toy
    sample = synthetic.batches(config, model, quick=True)["instance"]["data_samples"][0]
    instances = sample.gt_instances
    assert len(instances) == synthetic.NUM_INSTANCES
    assert torch.equal(instances.masks.get_bboxes("hbox").tensor, instances.bboxes)


def test_feature_maps__are_those_of_the_backbone(toy: tuple[ConfigDict, MultitaskModel]) -> None:
    _, model = toy
    expected = model.features(torch.zeros(2, 3, 64, 96))
    found = synthetic.feature_maps(model, 2, (64, 96))
    assert [level.shape for level in found] == [level.shape for level in expected]


@pytest.mark.gpu
def test_quick_run__passes_on_a_gpu(tmp_path: Path) -> None:
    assert run.main(["--quick", "--device", "cuda", "--out", str(tmp_path)]) == 0
    rows = json.loads((tmp_path / "benchmarks.json").read_text())["sections"]["stage1_step"]["rows"]
    assert rows["all tasks, joint"]["values"]["peak_gb"] > 0
