"""Loss weights by hand from gradients that are known, and the config that has them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from argus.analysis.calibrated_config import check_path, write_calibrated
from argus.analysis.calibration import calibrate, calibration_table
from argus.analysis.gradients import GradientReport, compare_tasks, measure_gradients
from argus.analysis.loaded_model import load_model
from argus.engine.config_files.reading import read_config_file
from argus.errors import ConfigError, DataError
from tests.toy import toy_config
from tools.analysis import calibrate as tool

# Weighted gradients of two batches; norms of boxes 5 and 15, of depth 2 and 2, of kind 1 and 3.
BATCHES = [
    dict(depth=[0.0, 2.0], boxes=[3.0, 4.0], kind=[1.0, 0.0]),
    dict(depth=[0.0, 2.0], boxes=[9.0, 12.0], kind=[3.0, 0.0]),
]
WEIGHTS = dict(boxes=0.5, depth=4.0, kind=1.0)
RATIOS = dict(boxes=1.0, depth=0.5, kind=0.25)


def report_of(batches: list[dict[str, list[float]]]) -> GradientReport:
    gradients = [{task: torch.tensor(g) for task, g in batch.items()} for batch in batches]
    return compare_tasks(gradients, num_parameters=2)


def test_calibrate__weights_by_hand() -> None:
    found = calibrate(report_of(BATCHES), WEIGHTS, RATIOS)
    assert list(found) == ["boxes", "depth", "kind"]
    assert {name: task.norm for name, task in found.items()} == dict(boxes=20, depth=0.5, kind=2)
    assert {name: task.spread for name, task in found.items()} == dict(boxes=10, depth=0, kind=1)
    # "boxes" keeps its weight and so pulls with 20 * 0.5 = 10; the others 0.5 and 0.25 times that.
    assert {name: task.new for name, task in found.items()} == dict(boxes=0.5, depth=10, kind=1.25)


def test_calibrate__another_reference_scales_all_weights_alike() -> None:
    found = calibrate(report_of(BATCHES), WEIGHTS, RATIOS, reference="kind")
    # It pulls with 2, for a ratio of 0.25: a ratio of 1 is a pull of 8.
    assert {name: task.new for name, task in found.items()} == dict(boxes=0.4, depth=8, kind=1)


def test_calibrate__at_the_new_weights_nothing_changes() -> None:
    first = calibrate(report_of(BATCHES), WEIGHTS, RATIOS)
    again = [
        {name: [first[name].new / WEIGHTS[name] * x for x in g] for name, g in batch.items()}
        for batch in BATCHES
    ]
    second = calibrate(report_of(again), {n: t.new for n, t in first.items()}, RATIOS)
    for name, task in second.items():
        assert task.new == pytest.approx(first[name].new, rel=1e-6)


@pytest.mark.parametrize("value", [0.0, float("inf")])
def test_calibrate__norm_of_zero_or_infinity_is_one_sentence(value: float) -> None:
    report = report_of(BATCHES)
    report.norms[:, report.tasks.index("depth")] = value
    with pytest.raises(DataError, match=f"task 'depth' has a gradient of norm {value:g} on"):
        calibrate(report, WEIGHTS, RATIOS)


def test_calibrate__ratio_and_reference_have_to_make_sense() -> None:
    report = report_of(BATCHES)
    with pytest.raises(ConfigError, match="ratio of task 'kind': expected a number above 0"):
        calibrate(report, WEIGHTS, RATIOS | dict(kind=0.0))
    with pytest.raises(ConfigError, match="expected one of boxes, depth, kind, found 'pose'"):
        calibrate(report, WEIGHTS, RATIOS, reference="pose")


def test_table__says_norms_weights_and_cosines() -> None:
    report = report_of(BATCHES)
    lines = calibration_table(calibrate(report, WEIGHTS, RATIOS), report).splitlines()
    assert lines[1].split() == ["boxes", "20", "10", "1", "0.5", "0.5"]
    # (3, 4) to (0, 2) is 0.8, to (1, 0) 0.6, in both batches.
    assert lines[-3].split() == ["boxes", "0.80", "+-", "0.00", "0.60", "+-", "0.00"]


LAZY = """
from torch.optim import AdamW
optim = dict(type=AdamW)
tasks = dict(one=dict(loss_weight=1.0, lr_mult=2.0), two=dict(lr_mult=3.0))
"""
PLAIN = LAZY.replace("from torch.optim import AdamW\n", "").replace("AdamW", "'AdamW'")


@pytest.mark.parametrize("text", [LAZY, PLAIN])
def test_config__runs_by_itself_from_another_folder(tmp_path: Path, text: str) -> None:
    base, out = tmp_path / "base.py", tmp_path / "made/new.py"
    base.write_text(text)
    out.parent.mkdir()
    check_path(base, out)
    command = ["tool", '"\n"""', *["option"] * 20]
    write_calibrated(base, out, dict(one=0.25), command=command, remark="a\nb")
    text = out.read_text()
    assert '\n# tool \'"\\n"""\' option' in text and "option\n#\n# a\n# b\n" in text
    assert max(map(len, text.splitlines())) < 100
    tasks = read_config_file(str(out)).tasks
    assert tasks.one == dict(loss_weight=0.25, lr_mult=2.0) and tasks.two == dict(lr_mult=3.0)
    with pytest.raises(ConfigError, match="is there already"):
        check_path(base, out)


def test_config__names_that_cannot_be_imported_are_told_before_the_work(tmp_path: Path) -> None:
    base = tmp_path / "a-b.py"
    base.write_text(LAZY)
    with pytest.raises(ConfigError, match=r"--out .*imports .*no name of a module"):
        check_path(base, tmp_path / "new.py")
    with pytest.raises(ConfigError, match=r"ends in \.py"):
        check_path(base, tmp_path / "new.json")


def test_measure__more_batches_begin_with_those_of_fewer(tmp_path: Path) -> None:
    reports = []
    for count in (2, 3):
        torch.manual_seed(0)
        config = Config(toy_config(tmp_path, randomness=dict(seed=5)))
        reports.append(measure_gradients(load_model(config, None), num_batches=count))
    assert np.array_equal(reports[0].norms, reports[1].norms[:2])


def test_tool__writes_the_weights_that_it_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "toy.py"
    Config(toy_config(tmp_path)).dump(config)
    command = [str(config), "--batches", "2", "--ratio", "classification=2", "--seed", "3"]
    assert tool.main(command) == 0
    printed = capsys.readouterr().out
    row = next(line for line in printed.splitlines() if line.startswith("semantic"))
    _, norm, _, ratio, old, new = row.split()
    tasks = read_config_file(str(tmp_path / "toy_calibrated.py")).tasks
    assert tasks.semantic.loss_weight == float(new) and (old, ratio) == ("1", "0.5")
    reference = next(line for line in printed.splitlines() if line.startswith("classification"))
    expected = 0.25 * float(reference.split()[1]) / float(norm)
    assert float(new) == pytest.approx(expected, rel=2e-3)
    assert tasks.classification.loss_weight == 1.0
    written = (tmp_path / "toy_calibrated.py").read_text().replace("\n#", "")  # a long path wraps
    assert f" argus calibrate {config} --batches 2 " in " ".join(written.split())
    with pytest.raises(ConfigError, match="is there already"):
        tool.main(command)
