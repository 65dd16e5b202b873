"""What is read of the files of lmms-eval."""

import json
from pathlib import Path
from typing import Any

import pytest

from argus.errors import ConfigError, DataError
from argus.mtv.evaluation.vqa import Options, run
from tests.mtv.evaluation.colours import ColourEncoder

MMVP = {"alias": "mmvp", "mmvp_accuracy,none": 0.6, "mmvp_pair_accuracy,none": 0.3}
REAL = {"exact_match,flexible-extract": 0.5, "exact_match_stderr,flexible-extract": 0.01}


def write(
    folder: Path, name: str = "20261130_results.json", *, asked: int = 300, **results: Any
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = dict(results=results, configs={})
    content["n-samples"] = dict(mmvp=dict(original=300, effective=asked))
    (folder / name).write_text(json.dumps(content))


def cv(value: float) -> dict[str, Any]:
    return {"cv_bench_acc,none": value, "alias": "cv"}


def test_mean__is_that_of_three_sets(tmp_path: Path) -> None:
    write(tmp_path / "logs/model", mmvp=MMVP, cv_bench_2d=cv(0.4), cv_bench_3d=cv(0.6))
    write(tmp_path / "logs/model", "results_2.json", realworldqa=REAL)
    expected = dict(mean=130 / 3, mmvp=30.0, cv_bench=50.0, realworldqa=50.0)
    assert run(ColourEncoder(), tmp_path, Options()) == pytest.approx(expected)
    found = run(ColourEncoder(), tmp_path, Options(mmvp="single"))
    assert found["mmvp"] == 60.0 and found["mean"] == pytest.approx(160 / 3)
    # A folder of a model's name is the model's; without one of the sets there is no mean.
    write(tmp_path / "mine", mmvp=MMVP, cv_bench=cv(0.2))
    assert run(ColourEncoder("mine"), tmp_path, Options()) == dict(mmvp=30.0, cv_bench=20.0)


def test_mistakes__are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected one of pair, single, found 'x'"):
        run(ColourEncoder(), tmp_path, Options(mmvp="x"))
    write(tmp_path, mme=dict(score=1))
    with pytest.raises(DataError, match="expected results of lmms-eval on mmvp, .* found mme"):
        run(ColourEncoder(), tmp_path, Options())
    write(tmp_path, mmvp=MMVP)
    write(tmp_path, "other_results.json", mmvp=MMVP | {"mmvp_accuracy,none": 0.7})
    with pytest.raises(DataError, match="another result of mmvp"):
        run(ColourEncoder(), tmp_path, Options())
    write(tmp_path, "other_results.json", mmvp=MMVP, asked=8)
    with pytest.raises(DataError, match="mmvp was asked 8 of 300 questions"):
        run(ColourEncoder(), tmp_path, Options())
    (tmp_path / "other_results.json").write_text("[]")
    with pytest.raises(DataError, match="expected an object 'results'"):
        run(ColourEncoder(), tmp_path, Options())
    write(tmp_path, "other_results.json", realworldqa={"exact_match,none": 0.5})
    with pytest.raises(DataError, match=r"expected 'exact_match,flexible-extract' in \[0, 1\]"):
        run(ColourEncoder(), tmp_path, Options())
