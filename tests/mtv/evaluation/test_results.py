"""The file and the table of results, and the command that fills them."""

import json
import math
from pathlib import Path

import pytest

from argus.errors import ConfigError, DataError
from argus.mtv.evaluation.protocols import find_evaluation
from argus.mtv.evaluation.results import entry, merge, read_results, table
from argus.mtv.evaluation.runs import find_roots, named_source
from argus.mtv.evaluation.zero_shot import Options
from tests.mtv.evaluation.colours import ColourEncoder, paint
from tools.mtv.evaluate import main

ZERO_SHOT = find_evaluation("zero_shot")


def one(name: str, top1: float, **options: object) -> dict:
    return entry(
        ColourEncoder(name),
        f"folder/{name}",
        ZERO_SHOT,
        Path("data"),
        Options(**options),
        dict(top1=top1),
        seconds=1.0,
    )


def test_file__takes_results_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.json"
    merge(path, [one("a", 1.0)])
    merge(path, [one("b", 2.0), one("a", 3.0, templates="openai_7")])
    found = merge(path, [one("a", 4.0)])  # again, in its place
    assert [(item["model"], item["metrics"]["top1"]) for item in found] == [
        *(("a", 4.0), ("b", 2.0), ("a", 3.0)),
    ]
    assert read_results(path) == found
    assert found[0]["preparation"].startswith("whole picture to 4 x 4, nearest (Pillow)")
    assert found[0]["versions"]["transformers"] and found[0]["options"]["split"] == "val"
    merge(path, [one("a", math.nan)])
    assert "NaN" not in path.read_text() and math.isnan(read_results(path)[0]["metrics"]["top1"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "is no record of evaluations"),
        ('{"format": "argus-mtv-evaluation-1", "results": 3}', "is no record of an evaluation"),
        ('{"format": "argus-mtv-evaluation-1", "results": [{"model": 1}]}', r"results\[0\] is no"),
    ],
)
def test_file__that_is_another_is_left_as_it_is(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        merge(path, [one("a", 1.0)])
    assert path.read_text() == content


def test_table__has_models_and_paper_side_by_side() -> None:
    entries = [one("a", 12.34), one("b", 5.0), one("b", 6.0, templates="openai_7", batch_size=1)]
    lines = table(entries, [ZERO_SHOT]).splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:4]]
    assert rows[0] == ["", "a", "b", *(f"paper: {row}" for row in ZERO_SHOT.paper)]
    assert rows[2] == ["Zero-shot classification: top-1, %", "12.3", "5.0", "69.5", "75.2", "76.2"]
    assert rows[3][0] == "Zero-shot classification (templates=openai_7): top-1, %"
    assert rows[3][1:3] == ["-", "6.0"]
    assert sum(line.startswith("- a: whole picture to 4 x 4") for line in lines) == 1
    two = table([one("a", 1.0), one("a", 2.0) | dict(source="other")], [ZERO_SHOT])
    assert "a (folder/a)" in two and "a (other)" in two


def test_roots__are_the_usual_ones_or_those_that_are_said(tmp_path: Path) -> None:
    assert find_roots([ZERO_SHOT], [f"zero_shot={tmp_path}"]) == {"zero_shot": tmp_path}
    with pytest.raises(DataError, match="no folder '/nowhere'. Expected in it: val/<class>"):
        find_roots([ZERO_SHOT], ["zero_shot=/nowhere"])
    with pytest.raises(ConfigError, match="--data navi=x: expected one of zero_shot"):
        find_roots([ZERO_SHOT], ["navi=x"])
    assert named_source("a=b/c=d") == ("a", "b/c=d")
    assert named_source("timm:vit") == (None, "timm:vit")


def test_command__measures_and_prints(
    folders: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, colour in (("red", (255, 0, 0)), ("blue", (0, 0, 255))):
        paint(tmp_path / "data" / name / "1.png", *colour)
    (tmp_path / "sentences.txt").write_text("a {} ball")
    out = tmp_path / "results.json"
    words = ["--on", "zero_shot", "--data", f"zero_shot={tmp_path / 'data'}", "--device", "cpu"]
    words += ["--option", f"templates={tmp_path / 'sentences.txt'}", "--out", str(out)]
    main([f"tiny={folders['clip']}", str(folders["dinov2"]), *words])
    printed = capsys.readouterr()
    assert "not measured by zero_shot: dinov2 has no text encoder" in printed.err
    assert "tiny: short side to 32, centre crop 32 x 32, bicubic (Pillow)" in printed.err
    assert "paper: MTV-B/16 100M" in printed.out and "What the paper leaves open:" in printed.out
    (found,) = json.loads(out.read_text())["results"]
    assert found["model"] == "tiny" and found["metrics"]["top1"] in (0.0, 50.0, 100.0)
    main(["--out", str(out)])  # the table alone
    assert "| tiny |" in capsys.readouterr().out.replace("  ", "")
    with pytest.raises(SystemExit):
        main([str(folders["dinov2"]), *words[:-1], str(tmp_path / "other.json")])
    assert "nothing was measured: the models lack what" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--on", "zero_shot"])
    assert "expected models and --on" in capsys.readouterr().err
