"""Formats, data types, mistakes, and that a wrong file is never left behind."""

import re

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensor

from argus.api import Argus
from argus.errors import ConfigError, ExportError
from argus.export import export_model, options
from argus.export.check import above
from argus.models.backbones.interaction import cell_centres
from tests.export.small_model import write_model

SIZE = (64, 96)


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    folder = write_model(tmp_path_factory.mktemp("toy"), "semantic", "classification", toy=True)
    return Argus.from_pretrained(folder, device="cpu", dtype="fp32", trust=["tests"])


def test_export__too_large_a_difference_leaves_no_file(toy, tmp_path):
    with pytest.raises(ExportError, match=r"classification: max .*at most -1") as error:
        export_model(
            toy,
            ["classification"],
            tmp_path / "out",
            sizes=[(32, 32)],
            format="torch",  # the check is the same, the translation is not needed
            tolerances={"classification": {"max": -1.0}},
        )
    assert "Nothing was written" in str(error.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_above__not_a_number_is_above_everything():
    assert above({"depth": {"max m": float("nan")}}, {"depth": {"max m": 1.0}})
    assert not above({"depth": {"max m": 1.0}}, {"depth": {"max m": 1.0}})


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_export__torch_format(toy, tmp_path, dtype):
    choices = dict(format="torch", dtype=dtype, sizes=[SIZE, (32, 32)])
    report = export_model(toy, "all", tmp_path, **choices)
    assert [file.name for file in report.files] == ["argus_64x96.pt2", "argus_32x32.pt2"]
    extra = {"argus.json": ""}
    program = torch.export.load(report.files[0], extra_files=extra)
    images = torch.randint(0, 256, (3, 3, *SIZE), dtype=torch.uint8)
    labels, probabilities = program.module()(images)
    assert labels.shape == (3, *SIZE) and labels.dtype == torch.uint8
    torch.testing.assert_close(probabilities.sum(-1), torch.ones(3))
    assert '"argus-export-1"' in extra["argus.json"]


@pytest.mark.parametrize("dtype", ["fp16", "bf16"])
def test_export__sixteen_bits_in_onnx(toy, tmp_path, dtype):
    import onnx

    report = export_model(toy, "all", tmp_path / "small.onnx", dtype=dtype, sizes=[SIZE])
    weights = onnx.load(report.files[0]).graph.initializer
    code = {"fp16": onnx.TensorProto.FLOAT16, "bf16": onnx.TensorProto.BFLOAT16}[dtype]
    large = [one for one in weights if np.prod(one.dims) >= 1024]
    assert large and {one.data_type for one in large} == {code}


def test_export__eight_bits_need_the_blocks_of_a_vit(toy, tmp_path):
    with pytest.raises(ExportError, match="for the blocks of a ViT, and the backbone has none"):
        export_model(toy, ["classification"], tmp_path, dtype="int8", sizes=[(32, 32)])


def test_export__one_picture_at_a_time_from_floats(toy, tmp_path):
    import onnxruntime

    choices = dict(dynamic_batch=False, input_dtype="float32", sizes=[(32, 32)])
    report = export_model(toy, ["classification"], tmp_path, **choices)
    (source,) = onnxruntime.InferenceSession(str(report.files[0])).get_inputs()
    assert source.shape == [1, 3, 32, 32] and source.type == "tensor(float)"


def test_export__caches_hold_no_tensors_without_values(toy, tmp_path):
    export_model(toy, ["classification"], tmp_path, sizes=[(32, 32)], format="torch")
    assert not isinstance(cell_centres(((2, 2),), torch.device("cpu")), FakeTensor)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(tasks=["depht"]), "unknown task 'depht'"),
        (dict(sizes=[(100, 64)]), r"multiples of 32 pixels, found \(100, 64\); \(96, 64\) is near"),
        (dict(sizes=[]), "sizes is empty"),
        (dict(format="tflite"), "format: expected one of"),
        (dict(dtype="int4"), "dtype: expected one of"),
        (dict(dtype="int8", format="torch"), "'int8' is for format 'onnx'"),
        (dict(opset=17), "18 or newer, found 17"),
        (dict(out="x.pt2"), "has the suffix .onnx"),
        (dict(tolerances={"depth": {}}), "no task 'depth' is exported"),
        (dict(tolerances={"semantic": {"max": 1}}), re.escape("unknown measures ['max']")),
    ],
)
def test_export__mistakes_are_named(toy, tmp_path, change, message):
    out = tmp_path / change.pop("out", "out")
    arguments = dict(tasks=["semantic"], sizes=[(32, 32)]) | change
    with pytest.raises(ConfigError, match=message):
        export_model(toy, arguments.pop("tasks"), out, **arguments)
    assert not out.exists() or not list(out.iterdir())


def test_options__name_the_extra_that_is_missing(monkeypatch):
    monkeypatch.setattr(options, "NEEDED", {"onnx": ("onnx", "no_such_package"), "torch": ()})
    with pytest.raises(ConfigError, match=r"needs the packages no_such_package.*\[export\]"):
        options.ExportOptions()
    assert options.ExportOptions(format="torch").suffix == ".pt2"


def test_export__tasks_that_normalise_differently(tmp_path):
    folder = write_model(tmp_path / "model", "semantic", "classification", toy=True)
    model = Argus.from_pretrained(folder, device="cpu", dtype="fp32", trust=["tests"])
    model.model.decoder("classification").data_preprocessor.mean += 1
    with pytest.raises(ConfigError, match="'semantic' and 'classification' normalise"):
        export_model(model, "all", tmp_path / "out", sizes=[(32, 32)])
