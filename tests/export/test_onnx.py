"""One exported ONNX file of four tasks on one backbone, looked at from all sides.

It is written, and run, by the commands that the README shows.
"""

import dataclasses
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

import argus.export
from argus.api import Argus
from tests.docs.blocks import BLOCKS, ROOT
from tests.docs.reader import commands
from tests.export.small_model import write_model
from tests.in_process import InProcess
from tools.benchmarks import exported

SIZE = (64, 96)
(BLOCK,) = [block for block in BLOCKS if block.tested_by == "tests/export/test_onnx.py"]
EXPORT, EXAMPLE = commands(BLOCK.text)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A folder that stands for the repository, with a model of few layers."""
    root = tmp_path_factory.mktemp("clone")
    (root / "docs").symlink_to(ROOT / "docs")
    write_model(root / "work_dirs/demo/model")
    return root


@pytest.fixture(scope="module")
def model(clone):
    return Argus.from_pretrained(clone / "work_dirs/demo/model", device="cpu", dtype="fp32")


@pytest.fixture(scope="module")
def report(clone):
    """Of the README's command, with all tasks and another size."""
    line = " ".join(EXPORT)
    for old, new in (("--tasks depth semantic", "--tasks all"), ("--size 128 128", "--size 64 96")):
        assert old in line
        line = line.replace(old, new)
    export_model, made = argus.export.export_model, []

    def keep(*args, **options):
        made.append(export_model(*args, **options))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argus.export, "export_model", keep)
        assert InProcess(patch, clone).call(line.split()) == 0
    (report,) = made
    return dataclasses.replace(report, files=tuple(clone / file for file in report.files))


@pytest.fixture(scope="module")
def session(report):
    return onnxruntime.InferenceSession(str(report.files[0]), providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(3)
    coarse = [rng.integers(0, 256, (8, 12, 3), np.uint8) for _ in range(3)]
    return np.stack([np.asarray(Image.fromarray(c).resize(SIZE[::-1])) for c in coarse])


def run(session, pictures):
    names = [output.name for output in session.get_outputs()]
    inputs = {"images": np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))}
    return dict(zip(names, session.run(names, inputs), strict=True))


def test_export__answers_are_those_of_the_library(model, session, pictures):
    found = run(session, pictures)
    for row, expected in enumerate(model.predict(list(pictures), size=64, score_threshold=0.0)):
        np.testing.assert_allclose(found["depth"][row, 0], expected["depth"].metres, atol=1e-4)
        assert (found["semantic"][row] != expected["semantic"].labels).mean() < 1e-3
        np.testing.assert_allclose(
            found["classification"][row], expected["classification"].probabilities, atol=1e-5
        )
        instances = expected["instance"]
        np.testing.assert_allclose(found["instance_scores"][row], instances.scores, atol=1e-4)
        best = slice(0, 3)
        np.testing.assert_array_equal(found["instance_labels"][row, best], instances.labels[best])
        np.testing.assert_allclose(
            found["instance_boxes"][row, best], instances.boxes[best], atol=1e-2
        )
        assert (found["instance_masks"][row, best] != instances.masks[best]).mean() < 1e-3
    # Not constants: the comparison would be empty.
    assert found["depth"].std() > 1e-3 and len(np.unique(found["semantic"])) > 1
    assert 0 < found["instance_masks"][:, :3].mean() < 1


def test_export__batch_of_any_size(session, pictures):
    whole = run(session, pictures)
    for row in range(len(pictures)):
        alone = run(session, pictures[row : row + 1])
        for name in ("depth", "classification", "instance_scores"):
            np.testing.assert_allclose(alone[name][0], whole[name][row], atol=1e-4)


def test_export__one_backbone_and_no_fragile_operators(model, report):
    whole = onnx.load(report.files[0])
    graph = whole.graph
    operators = {node.op_type for node in graph.node}
    assert not operators & {"GridSample", "NonZero", "Loop", "If"}
    values = onnx.shape_inference.infer_shapes(whole).graph.value_info
    dimensions = {len(value.type.tensor_type.shape.dim) for value in values}
    assert max(dimensions) == 6, "OpenVINO broadcasts no seven dimensions"
    # Linear layers are stored transposed, so weights are recognised by their sorted numbers.
    stored = Counter(
        np.sort(onnx.numpy_helper.to_array(one), axis=None).tobytes()
        for one in graph.initializer
        if one.data_type == onnx.TensorProto.FLOAT
    )
    state = model.model.backbone.state_dict()
    weights = {name: value for name, value in state.items() if value.numel() >= 64}
    times = {n: stored[np.sort(v.numpy(), axis=None).tobytes()] for n, v in weights.items()}
    assert max(times.values()) == 1, "a weight of the backbone is there twice"
    # The position table is there interpolated, the level embedding row by row.
    assert {n for n, count in times.items() if not count} == {"vit.pos_embed", "level_embed"}


def test_export__eight_bits_are_those_of_the_blocks(model, tmp_path):
    choices = dict(dtype="int8", sizes=[(32, 32)])
    found = argus.export.export_model(model, ["classification"], tmp_path, **choices)
    graph = onnx.load(found.files[0]).graph
    counts = Counter(node.op_type for node in graph.node)
    assert (
        counts["MatMulInteger"] == 4
    )  # of one block: query, key and value; output; two of the MLP
    stored = [one for one in graph.initializer if one.data_type == onnx.TensorProto.INT8]
    weights = sorted(int(np.prod(one.dims)) for one in stored if len(one.dims) == 2)
    assert weights == sorted([24 * 72, 24 * 24, 24 * 96, 96 * 24])
    (loss,) = found.differences["argus_32x32.onnx"]["classification"].values()
    assert 0 < loss < 0.05


def test_export__metadata_round_trip(report, session):
    (path,) = report.files
    assert {file.name for file in path.parent.iterdir()} == {"argus.onnx", "argus.json"}
    about = json.loads(session.get_modelmeta().custom_metadata_map["argus"])
    assert about == json.loads(path.with_suffix(".json").read_text())
    assert about["check"]["differences"] == report.differences["argus.onnx"]
    assert set(about["tasks"]) == {"depth", "semantic", "classification", "instance"}
    assert about["tasks"]["semantic"]["classes"] == ["red", "green", "blue"]
    assert about["input"]["axes"] == ["batch", 3, *SIZE] == session.get_inputs()[0].shape
    for output, described in zip(session.get_outputs(), about["outputs"], strict=True):
        assert output.name == described["name"]
        assert output.shape == described["axes"]
    assert "metres" in about["outputs"][0]["meaning"]
    assert len(about["model"]["sha256"]) == 64
    assert "argus.onnx | depth | max m" in report.table


def test_benchmark__compares_the_file_with_the_network(report, clone, capsys):
    (path,) = report.files
    exported.main([str(clone / "work_dirs/demo/model"), str(path), "--batch", "2"])
    _, head, _, *rows = [line for line in capsys.readouterr().out.splitlines() if line]
    columns = [cell.strip() for cell in head.strip("|").split("|")]
    table = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    found = dict(zip(columns, table[0], strict=True))
    assert [row[0] for row in table] == list(exported.RUNTIMES)
    assert found["pictures"] == "2" and 0 < float(found["ratio"]) < 100
    assert float(found["difference"]) < 1e-3


def test_example__gives_the_pictures_of_the_library(model, report, clone, pictures):
    python, script, file, picture, out = EXAMPLE
    assert python == "python" and clone / file == report.files[0]
    Image.fromarray(pictures[0]).save(clone / "photo.png")  # without the losses of a JPEG
    command = [sys.executable, script, file, str(Path(picture).with_suffix(".png")), out]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    expected = model.predict(pictures[0], size=64)
    about = json.loads(report.files[0].with_suffix(".json").read_text())
    palette = np.array(about["tasks"]["semantic"]["palette"], np.uint8)
    painted = np.asarray(Image.open(clone / out / "semantic.png"))
    assert (painted != palette[expected["semantic"].labels]).any(-1).mean() < 1e-3
    depth = np.asarray(Image.open(clone / out / "depth.png")).astype(float)
    np.testing.assert_allclose(depth / 1000, expected["depth"].metres, atol=2e-3)
    name, _, share = expected["classification"].top(1)[0]
    assert f"classification: {name} ({share:.1%})" in done.stdout
    assert (clone / out / "instance.png").is_file()
