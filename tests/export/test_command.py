"""``argus export``: what reaches ``export_model``, and what is printed."""

from pathlib import Path

import pytest

import argus.export
from argus.commands.export import parse_tolerances
from argus.commands.main import main
from argus.errors import ConfigError
from argus.export import ExportReport


@pytest.fixture
def calls(monkeypatch):
    made = []

    def export_model(*args, **options):
        made.append((args, options))
        differences = {"a.onnx": {"depth": {"max m": 0.25}}}
        limits = {"depth": {"max m": 0.5}}
        return ExportReport((Path("a.onnx"),), differences, limits, {"boxes": "it is a test"})

    monkeypatch.setattr(argus.export, "export_model", export_model)
    return made


def test_export__arguments_arrive(calls, capsys):
    words = "export M --tasks depth,semantic normals --out a.onnx --size 64 96 --size 32 32"
    words += " --dtype fp16 --fixed-batch --trust one --opset 20 --images x y"
    with pytest.raises(SystemExit) as status:
        main([*words.split(), "--tolerance", "depth:max m=0.5"])
    assert status.value.code == 0
    ((args, options),) = calls
    assert args == ("M", ["depth", "semantic", "normals"], Path("a.onnx"))
    assert options == dict(
        format="onnx",
        sizes=[(64, 96), (32, 32)],
        dtype="fp16",
        opset=20,
        images=["x", "y"],
        dynamic_batch=False,
        tolerances={"depth": {"max m": 0.5}},
        input_dtype="uint8",
        trust=["one"],
    )
    printed = capsys.readouterr()
    assert printed.out == "a.onnx\n"
    assert "| a.onnx | depth | max m | 0.25 | 0.5 |" in printed.err
    assert "left out: boxes: it is a test" in printed.err


def test_export__defaults(calls):
    with pytest.raises(SystemExit):
        main(["export", "M"])
    ((args, options),) = calls
    assert args == ("M", "all", Path("exported"))
    assert options["sizes"] == [(512, 512)] and options["dynamic_batch"]


@pytest.mark.parametrize("word", ["depth=1", "depth:max m", "depth:max m=x", ":a=1", "a:b=-1"])
def test_parse_tolerances__other_forms_are_refused(word):
    with pytest.raises(ConfigError, match="expected TASK:MEASURE=VALUE"):
        parse_tolerances([word])
